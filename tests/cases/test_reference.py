"""The catalogue comes from `fixtures/`: loaded again it changes only what differs, and what has figures keeps its meaning."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from activities.models import Metric, Unit
from portal.management.commands.load_reference import load_metrics
from tests.cases.expected import METRICS, read_csv


def test_every_row_of_the_fixtures_is_there_in_its_order(catalogue: None) -> None:
    assert list(Metric.objects.order_by("position").values_list("code", flat=True)) == list(METRICS)
    assert set(Unit.objects.values_list("code", flat=True)) == read_csv("units.csv").keys()


def test_names_are_updated(catalogue: None) -> None:
    Metric.objects.filter(code="vehicles").update(name_zh="旧名", position=50)
    Unit.objects.filter(code="kg").update(aliases=[])

    call_command("load_reference", verbosity=0)

    metric = Metric.objects.get(code="vehicles")
    assert (metric.name_zh, metric.position) == ("车辆登记", 0)
    assert Unit.objects.get(code="kg").aliases == ["千克"]


def test_a_metric_in_use_keeps_its_meaning(published: None) -> None:
    row = METRICS["survey_valid"] | {"over_time": "latest"}

    with pytest.raises(CommandError, match="survey_valid: "):
        load_metrics([row])


def test_a_metric_without_figures_may_change_its_meaning(catalogue: None) -> None:
    row: dict[str, Any] = METRICS["survey_valid"] | {"over_time": "latest"}

    assert load_metrics([row]) == 1
