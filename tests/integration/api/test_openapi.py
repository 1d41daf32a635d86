"""OpenAPI fuzzed with Schemathesis against the API on real Kafka and Redis: no 500, no answer outside the schema."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.behaviour.api import walk
from tests.behaviour.api.conftest import Api, running_api, until
from tests.behaviour.api.test_roles import log_contacts
from tests.parts import Parts

pytestmark = pytest.mark.timeout(600)
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def fuzzed(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API with rows of everything. Nobody signs in, so that everything may be done."""
    folder = tmp_path_factory.mktemp("api")
    with running_api(parts, folder, FLOORWATCH_ANSWER_WITHIN_S="0.02") as (api, floor):
        asyncio.run(log_contacts(parts, floor))
        walk.write(floor)
        walk.write_past(floor)
        until(lambda: api.get("/v1/moves/m-near").status_code == 200)
        until(lambda: api.get("/v1/accounts").status_code == 200)
        yield api


@pytest.fixture(scope="module")
def described(fuzzed: Api) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=12, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_is_answered_as_openapi_says(case: Any):
    case.call_and_validate(checks=CHECKS)
