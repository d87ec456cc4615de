"""The sentence for what PostgreSQL refused.

Constraints carry theirs (`violation_error_message`); rules kept by triggers have it in `rules` of the app's config.
"""

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg2.errors import DeadlockDetected


def constraint_of(error: IntegrityError) -> str:
    """Return the name of the constraint that `error` broke, or an empty string."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


def is_deadlock(error: OperationalError) -> bool:
    """Whether PostgreSQL refused a statement to end a circle of waits: the same may be tried again.

    Two rows of which only one may be stand in such a circle when they come in the same moment: each waits for the other to give up.
    """
    return isinstance(error.__cause__, DeadlockDetected)


def sentence_for(constraint: str) -> str | Promise:
    """Return the sentence for a constraint's name; a general one when it has none."""
    for config in apps.get_app_configs():
        rules: dict[str, str | Promise] = getattr(config, "rules", {})
        if constraint in rules:
            return rules[constraint]
        for model in config.get_models():
            for rule in model._meta.constraints:
                own = rule.violation_error_message
                # Django's own default only repeats the constraint's name.
                if rule.name == constraint and own and own is not rule.default_violation_error_message:
                    return own
    return _("These data contradict each other.")


def as_validation_error(error: IntegrityError) -> ValidationError:
    """Return the refusal as a validation error whose code is the constraint's name."""
    constraint = constraint_of(error)
    return ValidationError(str(sentence_for(constraint)), code=constraint or "integrity")
