"""OpenAPI fuzzed with Schemathesis against the API on real Kafka and Redis: no 500, no answer outside the schema."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest import SkipTest

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
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

MOST = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 5}


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


def fuzz(operation: Any, mode: GenerationMode, url: str) -> None:
    """Ask it whatever its description allows, or (negative) does not allow."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=MOST[mode], derandomize=True, deadline=None, database=None, report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate),
    )  # fmt: skip
    def ask(case: Any) -> None:
        case.call_and_validate(base_url=url, checks=CHECKS, timeout=60)

    ask()


def test_whatever_is_asked_is_answered_as_openapi_says(fuzzed: Api):
    document = schemathesis.openapi.from_dict(httpx.get(f"{fuzzed.url}/openapi.json", timeout=60).json())
    wrong, asked = [], 0
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        operation: Any = found.ok()
        for mode in GenerationMode:
            try:
                fuzz(operation, mode, fuzzed.url)
            except (Unsatisfiable, SkipTest):
                continue  # nothing can be wrong with a request that has no parameters
            except (FailureGroup, Failure) as failure:
                each = failure.exceptions if isinstance(failure, FailureGroup) else (failure,)
                wrong += [f"{operation.label}: {one}" for one in each]
            asked += 1
    assert not wrong, "\n".join(wrong)
    assert asked > len(walk.on_desk()), "most operations can be asked both ways"
