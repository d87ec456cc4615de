"""What tests begin with is what services and triggers make of it, and everything fires again afterwards."""

import pytest
from django.core.management import call_command
from django.db import transaction

from branches.models import Branch, Region
from members.models import OfficerTerm
from portal.foundation.models import RowChange
from tests.beginnings import built, stored
from tests.personas import Beginnings, City, make_city, make_led_branch

pytestmark = pytest.mark.django_db


def test_what_is_stored_again_is_what_is_built(beginnings: Beginnings) -> None:
    with transaction.atomic():
        call_command("load_reference", verbosity=0)
        city = make_city()
        make_led_branch(city.community, city.company, "望江社区临时党支部", "示例书记", "19900001234", "19900005678")
        make_led_branch(city.other_community, city.bureau, "临湖社区临时党支部", "另一书记", "19900004321", "19900008765")
        wanted = stored()
        transaction.set_rollback(True)

    for each in (beginnings.catalogue, beginnings.city, beginnings.branch, beginnings.other_branch):
        each.again()

    assert stored() == wanted
    assert {"branches_regionpath", "members_officerterm", "foundation_rowchange"} <= wanted.keys()


def test_the_objects_are_those_of_the_rows(city: City, branch: Branch, other_branch: Branch) -> None:
    assert {region.pk: region.name for region in Region.objects.all()} == {each["id"]: each["name"] for each in _rows_of(city) if "level" in each}
    assert [term.membership.branch for term in OfficerTerm.objects.order_by("pk")] == [branch, other_branch]
    assert branch.region == city.community


def _rows_of(city: City) -> list[dict[str, object]]:
    return [vars(each) for each in vars(city).values()]


def test_triggers_fire_again_afterwards(city: City) -> None:
    lines = RowChange.objects.count()
    Region.objects.filter(pk=city.street.pk).update(name="改名街道")
    assert RowChange.objects.count() == lines + 1


def test_a_beginning_that_changes_what_was_there_is_refused(city: City) -> None:
    with pytest.raises(AssertionError, match="was changed"):
        built(lambda: Region.objects.filter(pk=city.street.pk).update(name="改名街道"))
