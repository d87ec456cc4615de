"""Look up what was just added by its hash: in a list it is searched from the front, for every figure that holds, which a large import squares."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

before = import_module("activities.migrations.0010_steps_in_one_pass")


def replacing(statement: str) -> str:
    """Return a statement that makes a function, as one that makes it anew."""
    return statement.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


assert "<> ALL (added)" in before.SHIFT_LATEST and "= ANY (removed)" in before.SHIFT_LATEST  # noqa: S101, PT018 - the text of a migration never changes
HASHED = before.SHIFT_LATEST.replace("<> ALL (added)", "NOT IN (SELECT unnest(added))").replace("= ANY (removed)", "IN (SELECT unnest(removed))")


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0012_figures_in_one_pass")]

    operations: ClassVar = [migrations.RunSQL(replacing(HASHED), replacing(before.SHIFT_LATEST))]
