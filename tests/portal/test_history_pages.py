"""The auditor reads the history of rows, all that happened to an object or was done by an account, and the seals."""

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from branches.access import Role
from branches.models import Branch, Region
from members.models import OfficerTerm, Person
from portal.accounts.models import Grant, User
from portal.foundation import audit
from portal.foundation.acting import acting
from portal.foundation.models import AuditEntry, DaySeal, RowChange
from tests.factories import give, make_user
from tests.personas import MARCH_6, City, Clock

CHANGES, EXPORT, DAYS = "/audit/changes/", "/audit/changes/export.csv", "/audit/days/"


def page(user: User, address: str, **query: str) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    response = client.get(address, query)
    assert response.status_code == 200
    return response.getvalue().decode()


@pytest.fixture
def renamed(branch: Branch, organiser: User) -> Branch:
    """A branch that was renamed by a page."""
    with acting("web", who=organiser.pk):
        Branch.objects.filter(pk=branch.pk).update(name="新名临时党支部")
        audit.record(organiser, "branch.changed", branch, fields=["name"])
    return branch


def test_a_change_is_read_with_before_and_after_in_the_words_of_its_field(auditor: User, renamed: Branch) -> None:
    html = page(auditor, CHANGES, table="branches_branch", operation="U")
    assert f"<del>{renamed.name}</del>" in html
    assert "<ins>新名临时党支部</ins>" in html
    assert "<dt>name</dt>" in html
    assert "on a page" in html


def test_a_field_of_json_is_counted_and_unfolds_and_days_are_told_as_days(auditor: User, organiser: User, branch: Branch) -> None:
    with acting("job:ending.pack", who=organiser.pk):
        Branch.objects.filter(pk=branch.pk).update(external_ids={"plan": None, "held": {"days": 0}})
        OfficerTerm.objects.filter(branch=branch).update(during=DateRange(date(2020, 2, 1), date(2020, 3, 7)))
    html = page(auditor, CHANGES, table="branches_branch", operation="U")
    assert "<summary>2 entries</summary>" in html
    assert "&quot;plan&quot;: null" in html
    assert "by a job: an archive pack is made" in html
    assert "<ins>1 February 2020 to 6 March 2020</ins>" in page(auditor, CHANGES, table="members_officerterm", operation="U")


def test_a_table_between_two_others_is_called_by_the_field_that_it_serves(auditor: User, branch: Branch) -> None:
    with acting("command:tidy"):
        branch.covers.set(Region.objects.order_by("pk"))
    html = page(auditor, CHANGES, table="branches_branch_covers")
    assert "Branch: " in html
    assert "<code>tidy</code>" in html
    assert "branch-region" not in html


def test_changes_are_found_by_person_kind_request_and_day(auditor: User, organiser: User, renamed: Branch) -> None:
    line = RowChange.objects.get(table="branches_branch", operation="U")
    today = timezone.localdate(line.at)
    for query in ({"person": "organ"}, {"request": str(line.request_id)}, {"first": today.isoformat(), "last": today.isoformat(), "table": "branches_branch"}):
        assert "新名临时党支部" in page(auditor, CHANGES, **query)
    for query in ({"person": "nobody"}, {"operation": "D"}, {"last": (today - timedelta(days=1)).isoformat()}, {"request": "not an identifier"}):
        assert "新名临时党支部" not in page(auditor, CHANGES, **query)


def test_an_object_and_an_account_have_their_whole_story_events_and_changes_together(auditor: User, organiser: User, renamed: Branch) -> None:
    for address in (reverse("portal:audit_object", args=[renamed.public_id]), reverse("portal:audit_person", args=[organiser.public_id])):
        html = page(auditor, address)
        assert 'data-action="branch.changed"' in html
        assert html.index('data-action="branch.changed"') < html.index('data-operation="U" data-table="branches_branch"')
    told = AuditEntry.objects.filter(action="audit.read").order_by("pk").values_list("details", flat=True)
    assert list(told) == [{"shown": str(renamed.public_id)}, {"user": str(organiser.public_id)}]


def test_a_long_story_is_read_page_by_page_without_a_gap(auditor: User, organiser: User, branch: Branch) -> None:
    for number in range(130):
        with acting("web", who=organiser.pk):
            Branch.objects.filter(pk=branch.pk).update(name=f"第{number}次")
        audit.record(organiser, "branch.changed", branch)
    client = Client()
    client.force_login(auditor)
    address, seen = reverse("portal:audit_object", args=[branch.public_id]), []
    after = ""
    while True:
        context = client.get(address, {"after": after} if after else {}).context
        seen += [happened.event.row if happened.event else happened.change.row for happened in context["rows"]]
        after = context["page"].next
        if not after:
            break
    # The row was added as well, and completed by a trigger.
    assert len(seen) == AuditEntry.objects.filter(object_id=branch.public_id).count() + RowChange.objects.filter(object_id=branch.public_id).count()
    assert len({(type(row), row.pk) for row in seen}) == len(seen) > 260


def test_what_was_sensitive_is_in_no_page_and_no_export(auditor: User, organiser: User) -> None:
    with acting("web", who=organiser.pk):
        person = Person.objects.create(name="某某某", phone="13812345678")
    for address in (CHANGES, EXPORT, reverse("portal:audit_object", args=[person.public_id])):
        text = page(auditor, address)
        assert "13812345678" not in text
        assert "某某某" not in text
    assert "something (not kept)" in page(auditor, CHANGES, table="members_person")


def test_the_export_has_everything_as_it_is_kept_and_is_in_the_log(auditor: User, renamed: Branch) -> None:
    rows = list(csv.DictReader(StringIO(page(auditor, EXPORT, table="branches_branch", operation="U").removeprefix("\ufeff"))))
    assert rows[-1]["after"] == '{"name": "新名临时党支部"}'
    assert (rows[-1]["username"], rows[-1]["means"], rows[-1]["object"]) == ("organiser", "web", str(renamed.public_id))
    assert AuditEntry.objects.get(action="audit.exported").details["filters"] == {"table": "branches_branch", "operation": "U"}


def test_the_page_of_an_account_says_how_each_of_its_grants_ended(auditor: User, city: City, clock: Clock) -> None:
    holder = make_user("holder")
    february, seventh = date(2020, 2, 1), date(2020, 3, 7)
    # Today is the sixth. The day after the last one stands at the end of a range.
    ended = give(holder, Role.OFFICIAL, city.street, during=DateRange(february, MARCH_6))
    held = give(holder, Role.OFFICIAL, city.community, during=DateRange(february, seventh))
    later = give(holder, Role.OFFICIAL, city.north, during=DateRange(seventh, date(2020, 3, 8)))
    taken = give(holder, Role.REVIEWER, city.street, during=DateRange(february, seventh))
    Grant.objects.filter(pk=taken.pk).update(revoked_at=clock.now(), revoked_by=auditor)

    rows = page(auditor, reverse("portal:audit_person", args=[holder.public_id])).split("<tr>")

    for grant, words in ((ended, "ended with its last day"), (held, "in force"), (later, "begins later"), (taken, f"taken back by {auditor}")):
        (row,) = [row for row in rows if reverse("portal:audit_object", args=[grant.public_id]) in row]
        assert words in row
    assert not AuditEntry.objects.filter(action__startswith="grant.").exists()


def test_days_show_their_seals_and_lead_to_what_was_done_on_them(auditor: User) -> None:
    assert "No day is sealed yet" in page(auditor, DAYS)
    day = timezone.localdate() - timedelta(days=3)
    DaySeal.objects.create(day=day, entries=12, changes=3400, digest="ab" * 32, sealed_at=timezone.now())
    html = page(auditor, DAYS)
    assert "ab" * 32 in html
    assert f"?first={day}&amp;last={day}" in html
    assert "Nothing was sealed since" in html


@pytest.mark.parametrize("name", ["audit_changes", "audit_changes_export", "audit_days", "audit_object", "audit_person"])
@pytest.mark.parametrize("role", ["organiser", "official", "security", "system_keeper"])
def test_nobody_but_the_auditor_reads_the_history(role: str, name: str, branch: Branch, request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(role)
    arguments = {"audit_object": [branch.public_id], "audit_person": [user.public_id]}.get(name, [])
    client = Client()
    client.force_login(user)
    assert client.get(reverse(f"portal:{name}", args=arguments)).status_code == 403


def test_an_object_that_the_log_does_not_know_is_not_there(auditor: User) -> None:
    client = Client()
    client.force_login(auditor)
    assert client.get(reverse("portal:audit_object", args=["01a20398-25fc-7d15-a1f0-f24c900e2880"])).status_code == 404
