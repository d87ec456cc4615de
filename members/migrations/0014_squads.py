"""Kinds, tasks and leaders of squads, the grids that they cover; pioneer posts and who claims them."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0007_places_by_name"),
        ("members", "0013_hand_over_changes"),
    ]

    operations = [
        migrations.CreateModel(
            name="PioneerClaim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="from, until")),
                ("seat", models.PositiveSmallIntegerField(default=1, verbose_name="place of the post")),
                ("post_places", models.PositiveSmallIntegerField(editable=False, null=True, verbose_name="places of the post")),
                ("post_during", django.contrib.postgres.fields.ranges.DateRangeField(editable=False, null=True, verbose_name="time of the post")),
                ("membership_during", django.contrib.postgres.fields.ranges.DateRangeField(editable=False, null=True, verbose_name="time of the membership")),
            ],
            options={
                "verbose_name": "claim of a post",
                "verbose_name_plural": "claims of posts",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False)), name="pioneer_claim_for_a_time", violation_error_message="The end is before the start."
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PioneerPost",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=100, verbose_name="source")),
                ("key", models.CharField(blank=True, default="", editable=False, max_length=200, verbose_name="key at the source")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("duty", models.CharField(max_length=200, verbose_name="duty")),
                ("places", models.PositiveSmallIntegerField(default=1, verbose_name="members at a time")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="from, until")),
                ("branch_life", django.contrib.postgres.fields.ranges.DateRangeField(editable=False, null=True, verbose_name="life of the branch")),
            ],
            options={
                "verbose_name": "pioneer post",
                "verbose_name_plural": "pioneer posts",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True),
                        fields=("source", "key"),
                        name="pioneer_post_once_per_source",
                        violation_error_message="This source has an object with this key already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False)), name="pioneer_post_for_a_time", violation_error_message="The end is before the start."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("places__gte", 1), ("places__lte", 20)),
                        name="pioneer_post_for_one_to_twenty",
                        violation_error_message="A post is for between 1 and 20 members at a time.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SquadGrid",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="from, until")),
                ("squad_during", django.contrib.postgres.fields.ranges.DateRangeField(editable=False, null=True, verbose_name="time of the squad")),
            ],
            options={
                "verbose_name": "grid of a squad",
                "verbose_name_plural": "grids of squads",
            },
        ),
        migrations.AddField(
            model_name="squad",
            name="branch_life",
            field=django.contrib.postgres.fields.ranges.DateRangeField(editable=False, null=True, verbose_name="life of the branch"),
        ),
        migrations.AddField(
            model_name="squad",
            name="kind",
            field=models.CharField(
                choices=[("shock", "shock team"), ("task_force", "task force"), ("patrol", "patrol team"), ("work_team", "work team")],
                default="work_team",
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="squad",
            name="task",
            field=models.CharField(blank=True, max_length=200, verbose_name="task"),
        ),
        migrations.AddField(
            model_name="squadmember",
            name="branch",
            field=models.ForeignKey(
                editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"
            ),
        ),
        migrations.AddField(
            model_name="squadmember",
            name="leads",
            field=models.BooleanField(default=False, verbose_name="leads the squad"),
        ),
        migrations.AddField(
            model_name="squadmember",
            name="membership",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="squads",
                to="members.membership",
                verbose_name="membership",
            ),
        ),
        migrations.AddField(
            model_name="squadmember",
            name="membership_during",
            field=django.contrib.postgres.fields.ranges.DateRangeField(editable=False, null=True, verbose_name="time of the membership"),
        ),
        migrations.AddField(
            model_name="squadmember",
            name="squad_during",
            field=django.contrib.postgres.fields.ranges.DateRangeField(editable=False, null=True, verbose_name="time of the squad"),
        ),
        migrations.AddConstraint(
            model_name="squad",
            constraint=models.UniqueConstraint(fields=("id", "branch", "during"), name="squad_id_branch_during"),
        ),
        migrations.AddConstraint(
            model_name="squadmember",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("leads", True)),
                expressions=[("squad", "="), ("during", "&&")],
                name="one_leader_of_a_squad_at_a_time",
                violation_error_message="The squad has a leader in that time already.",
            ),
        ),
        migrations.AddField(
            model_name="pioneerclaim",
            name="branch",
            field=models.ForeignKey(
                editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"
            ),
        ),
        migrations.AddField(
            model_name="pioneerclaim",
            name="membership",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pioneer_claims",
                to="members.membership",
                verbose_name="membership",
            ),
        ),
        migrations.AddField(
            model_name="pioneerclaim",
            name="person",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pioneer_claims", to="members.person", verbose_name="person"),
        ),
        migrations.AddField(
            model_name="pioneerpost",
            name="branch",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pioneer_posts", to="branches.branch", verbose_name="branch"),
        ),
        migrations.AddField(
            model_name="pioneerpost",
            name="region",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.region", verbose_name="place"
            ),
        ),
        migrations.AddField(
            model_name="pioneerclaim",
            name="post",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="members.pioneerpost", verbose_name="pioneer post"),
        ),
        migrations.AddField(
            model_name="squadgrid",
            name="branch",
            field=models.ForeignKey(
                editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"
            ),
        ),
        migrations.AddField(
            model_name="squadgrid",
            name="region",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="squads", to="branches.region", verbose_name="grid"),
        ),
        migrations.AddField(
            model_name="squadgrid",
            name="squad",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="grids", to="members.squad", verbose_name="squad"),
        ),
        migrations.AddConstraint(
            model_name="pioneerpost",
            constraint=models.UniqueConstraint(fields=("id", "branch", "places", "during"), name="pioneer_post_id_branch_places_during"),
        ),
        migrations.AddConstraint(
            model_name="pioneerpost",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("branch", "="), ("name", "="), ("during", "&&")],
                name="one_pioneer_post_of_a_name_at_a_time",
                violation_error_message="The branch has a pioneer post of this name in that time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pioneerpost",
            constraint=models.CheckConstraint(
                condition=models.Q(("branch_life", None), ("during__contained_by", models.F("branch_life")), _connector="OR"),
                name="pioneer_post_inside_the_branch_life",
                violation_error_message="The post must lie inside the life of the branch.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pioneerclaim",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("post", "="), ("seat", "="), ("during", "&&")],
                name="one_holder_of_a_place_at_a_time",
                violation_error_message="Somebody else holds this place of the post in that time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pioneerclaim",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("post", "="), ("person", "="), ("during", "&&")],
                name="post_claimed_once_at_a_time",
                violation_error_message="This member holds the post in that time already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pioneerclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("seat__gte", 1), models.Q(("post_places", None), ("seat__lte", models.F("post_places")), _connector="OR")),
                name="pioneer_claim_takes_a_place_of_the_post",
                violation_error_message="So many members hold the post, or held it. To have fewer, close it and open another.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pioneerclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("post_during", None), ("during__contained_by", models.F("post_during")), _connector="OR"),
                name="pioneer_claim_inside_the_post",
                violation_error_message="The post is not open in all that time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="pioneerclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("membership__isnull", False)),
                name="pioneer_claimant_is_in_the_branch",
                violation_error_message="Whoever holds a post is in its branch in all that time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="squadgrid",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False)), name="squad_grid_for_a_time", violation_error_message="The end is before the start."
            ),
        ),
        migrations.AddConstraint(
            model_name="squadgrid",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("squad", "="), ("region", "="), ("during", "&&")],
                name="squad_covers_a_grid_once_at_a_time",
                violation_error_message="The squad covers this grid in that time already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="squadgrid",
            constraint=models.CheckConstraint(
                condition=models.Q(("squad_during", None), ("during__contained_by", models.F("squad_during")), _connector="OR"),
                name="squad_grid_inside_the_squad",
                violation_error_message="A squad covers nothing before it begins or after it ends.",
            ),
        ),
    ]
