"""The schema is OpenAPI 3.1, and its examples are true."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from activities.api import examples
from branches.models import Branch
from members.api.examples import PERSON_ID
from members.models import Person
from portal.accounts.models import User
from portal.api.views import drawn_schema
from tests.api.conftest import Caller
from tests.factories import make_person
from tests.personas import City

Call = Callable[..., Caller]
METHODS = ("get", "post", "delete")
WORDS = ("summary", "description")


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema in English, as JSON."""
    drawn: dict[str, Any] = json.loads(json.dumps(drawn_schema("en"), default=str))
    return drawn


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method} {path}", item[method]


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if "requestBody" in operation:
        yield "request", operation["requestBody"]["content"]["application/json"]
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            yield status, content


def test_it_is_valid_and_open(schema: dict[str, Any], db: None) -> None:
    assert schema["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(schema).validate()
    answer = Client().get("/api/v1/schema/")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")


def test_the_generator_warns_of_nothing(tmp_path: Any) -> None:
    call_command("spectacular", fail_on_warn=True, validate=True, file=str(tmp_path / "schema.yml"))


def test_every_operation_has_words_examples_and_its_problems(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        assert all(operation.get(word) for word in WORDS), name
        for where, content in contents(operation):
            assert content.get("examples"), f"{name} {where}"
        if "/problems/" not in name:
            assert {"401", "403", "406", "429", "500"} <= operation["responses"].keys(), name
        if "{" in name:
            assert "404" in operation["responses"], name
        if name.startswith("GET ") and "/problems/" not in name:
            assert {"404", "422"} <= operation["responses"].keys(), name
        if "requestBody" in operation:
            assert {"400", "404", "409", "413", "415", "422"} <= operation["responses"].keys(), name


def test_every_example_is_what_the_schema_says(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        for where, content in contents(operation):
            whole = {**content["schema"], "components": schema["components"]}
            for example in content["examples"].values():
                faults = [f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(whole).iter_errors(example["value"])]
                assert not faults, f"{name} {where}: {faults}"


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("path", "sent"), [("reports/", examples.FILE_DAILY), ("reports/", examples.FILE_ENTRIES), ("period-reports/", examples.FILE_PERIOD)])
def test_every_example_of_filing_files(
    call: Call, schema: dict[str, Any], path: str, sent: dict[str, Any], branch: Branch, organiser: User, city: City
) -> None:
    Branch.objects.filter(pk=branch.pk).update(public_id=sent["branch"])
    Person.objects.filter(pk=make_person("示例党员", city.company, branch).pk).update(public_id=PERSON_ID)
    answer = call(organiser).post(path, sent)
    assert answer.status_code == 201, answer.content.decode()
    stored = schema["paths"][f"/api/v1/{path}"]["post"]["responses"]["201"]["content"]["application/json"]["schema"]
    Draft202012Validator({**stored, "components": schema["components"]}).validate(answer.json())


@pytest.mark.usefixtures("clock", "branch")
def test_what_is_read_is_what_the_schema_says(call: Call, schema: dict[str, Any], official: User, organiser: User, city: City) -> None:
    branch = Branch.objects.get()
    Branch.objects.update(public_id=examples.FILE_DAILY["branch"])
    call(organiser).post("reports/", examples.FILE_DAILY)
    call(organiser).post("period-reports/", examples.FILE_PERIOD)
    assert branch
    span = {"region": str(city.north.public_id), "from": "2020-03-01", "to": "2020-03-06"}
    asked = {"totals/": span, "totals/records/": span, "derived-figures/": {"branch": examples.FILE_DAILY["branch"], "business_date": "2020-03-06"}}
    for path, item in schema["paths"].items():
        if "get" not in item or "{" in path:
            continue
        address = path.removeprefix("/api/v1/")
        answer = call(official).get(address, asked.get(address))
        assert answer.status_code == 200, path
        (content,) = item["get"]["responses"]["200"]["content"].values()
        said = {**content["schema"], "components": schema["components"]}
        shown = [json.loads(line) for line in answer.getvalue().splitlines()] if answer.streaming else [answer.json()]
        faults = [f"{fault.json_path}: {fault.message}" for each in shown for fault in Draft202012Validator(said).iter_errors(each)]
        assert not faults, f"{path}: {faults}"


def test_the_documentation_is_open_and_loads_nothing_from_elsewhere(db: None) -> None:
    answer = Client().get("/api/v1/docs/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "://" not in page
    assert "<style" not in page
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";") if " " in part.strip())
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
