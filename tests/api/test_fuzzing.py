"""What nobody would send: the API holds to its own description whatever comes, for whoever asks. `make attack` sends far more of it, as every role."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from pytest_django import DjangoDbBlocker
from schemathesis.checks import CHECKS, not_a_server_error
from schemathesis.specs.openapi import checks

from portal.api.views import drawn_schema
from portal.wsgi import application
from tests.security.leaks import SCOPED, Stage, still_world

pytestmark = pytest.mark.django_db

EXAMPLES: Final = 3
# Those that look at one answer alone: the others send requests of their own, or need several of them.
CHECKED: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.allow_header_conformance,
]


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config) -> Iterator[Stage]:
    """One world for the whole module; its transaction outlives each request, as with the client of the other tests."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with still_world(django_db_blocker, pytestconfig) as found:
        yield found
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def operations() -> list[Any]:
    """Return what the API offers, as its description has it."""
    described = schemathesis.openapi.from_dict(drawn_schema("en"))
    described.app = application
    # The description is valid: another test says so.
    return [each.ok() for each in described.get_all_operations()]  # type: ignore[union-attr]


OPERATIONS: Final = operations()


@pytest.mark.parametrize("number", range(len(OPERATIONS)), ids=[f"{each.method} {each.path}" for each in OPERATIONS])
def test_whatever_is_sent_is_answered_as_described(number: int, stage: Stage) -> None:
    operation = OPERATIONS[number]
    # The roles take turns.
    role = SCOPED[number % len(SCOPED)].value
    asker = stage.askers[role, ("region", "unit", "branch")[number % 3]]
    headers = {"Authorization": f"Token {asker.token}"} if asker.token else {"Cookie": f"sessionid={asker.session}"}

    @seed(number)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        cache.clear()
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(response, checks=CHECKED)

    send()


def test_every_check_that_looks_at_one_answer_is_made() -> None:
    several = {"use_after_free", "ensure_resource_availability", "ignored_auth", "object_level_authorization"}
    # These ask of data that was made wrong, or right, on purpose.
    of_data = {"negative_data_rejection", "positive_data_acceptance", "missing_required_header"}
    assert {check.__name__ for check in CHECKED} | several | of_data == set(CHECKS.get_all_names())
