"""Freezing a figure: what is quoted upward stays as it was read, whatever is filed, corrected or returned afterwards."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from activities.figures import Qualifier
from activities.models import FrozenFigure, Metric
from activities.rollups.completeness import completeness
from activities.rollups.scope import Scope, Span
from activities.rollups.totals import totals
from branches import access
from branches.access import Act
from portal.foundation import audit, clock
from portal.foundation.errors import Forbidden

if TYPE_CHECKING:
    from portal.accounts.models import User


def freeze(*, actor: "User", scope: Scope, span: Span, metric: Metric, purpose: str) -> FrozenFigure:
    """Keep a figure as it is now, with who, when, what for, and how many of the reports due on the last day were in.

    Raises:
        Forbidden: `actor` may not freeze figures of this scope.
        ValidationError: `purpose` is empty or too long.
    """
    if not access.can_over(actor, Act.FREEZE, scope.object):
        raise Forbidden(_("You may not freeze this figure."))
    said = purpose.strip()
    if not said:
        raise ValidationError({"purpose": _("Say what the figure is frozen for.")})
    if len(said) > (longest := FrozenFigure._meta.get_field("purpose").max_length or 0):
        raise ValidationError({"purpose": _("At most %(count)d characters.") % {"count": longest}})
    # Inside somebody's transaction its own isolation has to do.
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            # Figure, completeness and what was seen are of one snapshot.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT foundation_snapshot(), foundation_transaction()")
        snapshot, own = cursor.fetchone()
        total = totals(scope, span, [metric]).get(metric.code)
        full = completeness(scope, span.last)
        figure = FrozenFigure(metric=metric, first_day=span.first, last_day=span.last, purpose=said, due=full.due, reported=full.reported)
        setattr(figure, scope.kind, scope.object)
        figure.value, figure.count, figure.inexact = (total.value, total.count, total.inexact) if total else (None, 0, 0)
        figure.qualifier = total.qualifier if total else Qualifier.EXACT
        # After reading: whatever was seen had been filed by then.
        figure.frozen_by, figure.frozen_at, figure.snapshot, figure.written_in = actor, clock.now(), snapshot, own
        figure.save(force_insert=True)
        days = {"first": span.first.isoformat(), "last": span.last.isoformat()}
        audit.record(actor, "figure.frozen", figure, kind=scope.kind, scope_id=str(scope.public_id), metric=metric.code, **days)
    return figure
