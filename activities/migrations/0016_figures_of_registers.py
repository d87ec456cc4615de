"""What a register said of a figure when it was filed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0015_imports_thrown_away"),
        ("branches", "0007_places_by_name"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="measure",
            name="derived_measure_names_its_revision",
        ),
        migrations.AddField(
            model_name="measure",
            name="register_value",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=18, null=True, verbose_name="value in the register"),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("source", "derived"), _negated=True),
                    models.Q(("qualifier", "exact"), ("register_revision__isnull", False), ("register_value", models.F("value"))),
                    _connector="OR",
                ),
                name="derived_measure_is_the_registers",
                violation_error_message="A figure from a register is the register's, with its revision.",
            ),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("register_revision", None), ("register_value", None)),
                    models.Q(
                        ("register_revision__gte", 0), ("register_revision__isnull", False), ("register_value__gte", 0), ("register_value__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="register_value_has_a_revision",
                violation_error_message="What a register said has a revision, and is not negative.",
            ),
        ),
        migrations.AddConstraint(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("source", "tally"), _negated=True), ("register_value", None), _connector="OR"),
                name="tally_has_no_register",
                violation_error_message="A count without records has no register.",
            ),
        ),
    ]
