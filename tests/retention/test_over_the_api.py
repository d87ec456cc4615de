"""Certificates and declarations: page, API and document say the same, to whoever may read them."""

import csv
import json
from html import unescape
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import clock
from portal.retention.management.commands.kept_doc import document
from portal.retention.models import Certificate
from portal.retention.services.certifying import certify
from tests.factories import make_user
from tests.personas import City

pytestmark = pytest.mark.usefixtures("clock")
LIST = "/api/v1/destruction-certificates/"


@pytest.fixture
def certificates(branch: Branch, city: City) -> list[Certificate]:
    """One about a branch, one about a place, one about nothing of either."""
    due: dict[str, Any] = {"run": uuid4(), "before": clock.today()}
    return [
        certify(rule=Certificate.Rule.BRANCH, counts={"activities.Need.phone": 2}, rows=[("activities.Need", uuid4()) for _ in range(2)], branch=branch, **due),
        certify(rule=Certificate.Rule.SITE, counts={"activities.ContactVisit.found": 1}, rows=[("activities.ContactVisit", uuid4())], region=city.south, **due),
        certify(rule=Certificate.Rule.ROW, counts={"foundation.Attachment.name": 1}, rows=[("foundation.Attachment", uuid4())], **due),
    ]


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize(
    ("role", "where", "count"), [(Role.AUDITOR, None, 3), (Role.SECURITY, None, 3), (Role.OFFICIAL, "north", 1), (Role.OFFICIAL, "south", 1)]
)
def test_page_api_and_file_tell_a_reader_of_the_same_certificates(
    certificates: list[Certificate], city: City, role: Role, where: str | None, count: int
) -> None:
    client = signed_in(make_user("reader", (role, getattr(city, where) if where else None)))

    told = client.get(LIST).json()["results"]
    listed = client.get(reverse("retention:certificate_list")).context["page"].items
    filed = list(csv.reader(StringIO(b"".join(client.get(reverse("retention:certificate_export", args=["csv"]))).decode("utf-8-sig"))))[1:]

    assert len(told) == count
    seen = sorted((one["public_id"], one["rows"], one["sha256"]) for one in told)
    assert seen == sorted((str(one.public_id), one.rows, one.sha256) for one in listed)
    assert seen == sorted((line[0], int(line[5]), line[7]) for line in filed)
    assert {one["public_id"]: one["values"] for one in told} == {line[0]: json.loads(line[6]) for line in filed}


def test_a_certificate_of_the_api_is_what_its_hash_was_taken_of(certificates: list[Certificate], auditor: User) -> None:
    client = signed_in(auditor)
    for certificate in certificates:
        told = client.get(f"{LIST}{certificate.public_id}/").json()
        stated = certificate.content
        assert {name: told[name] for name in ("before", "made_at", "rows", "rows_sha256", "rule", "run", "values", "sha256")} == {
            **{name: stated[name] for name in ("before", "made_at", "rows", "rows_sha256", "rule", "run", "values")},
            "sha256": certificate.digest(),
        }
        assert ((told["branch"] or {}).get("public_id"), (told["region"] or {}).get("public_id")) == (stated["branch"], stated["place"])


def test_certificates_are_filtered_by_rule_and_branch(certificates: list[Certificate], auditor: User, branch: Branch) -> None:
    client = signed_in(auditor)
    assert [one["rule"] for one in client.get(LIST, {"rule": "row"}).json()["results"]] == ["row"]
    assert [one["rule"] for one in client.get(LIST, {"branch": str(branch.public_id)}).json()["results"]] == ["branch"]
    assert client.get(LIST, {"branch": str(uuid4())}).status_code == 422


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_page_api_and_document_declare_the_same(db: None, organiser: User, language: str) -> None:
    organiser.language = language
    organiser.save()
    client = signed_in(organiser)
    told = client.get("/api/v1/kept/", headers={"accept-language": language}).json()["results"]
    page = unescape(client.get(reverse("retention:kept"), headers={"accept-language": language}).content.decode())
    assert page.count('<th scope="row">') == len(told) > 20
    for one in told:
        assert f'<th scope="row">{one["called"]} <span class="unit">{one["of"]}</span></th>' in page
        assert all(one[name] in page for name in ("purpose", "ground", "period", "then", "because"))
    if language == "en":
        with translation.override("en"):
            written = document()
        lines = [f"| {one['called']} | {one['of']} | {one['purpose']} | {one['ground']}" for one in told]
        assert all(line in written for line in lines)
        assert len([line for line in written.splitlines() if line.startswith("| ") and not line.startswith("| what |")]) == len(told)
