"""OpenAPI fuzzed with Schemathesis against the API on real Kafka and Redis: no 5xx, no answer outside what is documented."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, get_args
from unittest import SkipTest

import pytest
import requests
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

from services.contracts.people import KeyScope
from tests import web
from tests.behaviour.api import walk
from tests.behaviour.api.conftest import Api, running_api, until
from tests.behaviour.api.people import SECRET, by_link
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
MOST = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
OPEN = {"/live", "/ready", "/telemetry", "/v1/build", "/v1/sign-in", "/v1/devices", "/v1/devices/claim"}
"""Asked before anybody is signed in."""


@dataclass
class Fuzzed:
    """An API with rows of everything, what it says of itself, and the key of an administrator."""

    api: Api
    key: str
    operations: list[Any]
    wrong: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    session: requests.Session = field(default_factory=requests.Session)

    def ask_all(self, headers: dict[str, str], most: dict[GenerationMode, int]) -> int:
        """Ask every operation whatever its description allows and (negative) does not allow; how many were asked."""
        asked = 0
        for operation in self.operations:
            for mode, examples in most.items():
                try:
                    self._fuzz(operation, mode, examples, headers)
                except (Unsatisfiable, SkipTest):
                    continue  # nothing can be wrong with a request that has no parameters
                except (FailureGroup, Failure, AssertionError) as failure:
                    each = failure.exceptions if isinstance(failure, FailureGroup) else (failure,)
                    self.wrong += [f"{operation.label}: {one}" for one in each]
                asked += 1
        return asked

    def _fuzz(self, operation: Any, mode: GenerationMode, examples: int, headers: dict[str, str]) -> None:
        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples, derandomize=True, deadline=None, database=None, report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate),
        )  # fmt: skip
        def ask(case: Any) -> None:
            answer = case.call(base_url=self.api.url, headers=headers, session=self.session, timeout=60)
            self.statuses.add(answer.status_code)
            case.validate_response(answer, checks=CHECKS)
            if not headers and operation.path not in OPEN:
                assert answer.status_code in {401, 422}, f"{answer.status_code} to who is not signed in"

        ask()


@pytest.fixture(scope="module")
def fuzzed(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    folder = tmp_path_factory.mktemp("api")
    variables = {"FLOORWATCH_SECRET": SECRET, "FLOORWATCH_ANSWER_WITHIN_S": "0.02"}
    with running_api(parts, folder, FLOORWATCH_REQUESTS_PER_MINUTE="1000000", **variables) as (api, floor):
        document = _described_while_others_are_answered(api)
        asyncio.run(log_contacts(parts, floor))
        walk.write(floor)
        walk.write_past(floor)
        floor.mark_filled()
        admin = by_link(api, floor)
        until(lambda: admin.get("/v1/moves/m-near").status_code == 200)
        rights = {"name": "fuzz", "role": "administrator", "scopes": get_args(KeyScope)}
        key = admin.do("POST", "/v1/keys", rights, status=201)["secret"]
        found = list(schemathesis.openapi.from_dict(document).get_all_operations())
        assert all(isinstance(each, Ok) for each in found)
        yield Fuzzed(api, key, [each.ok() for each in found if isinstance(each, Ok)])


def _described_while_others_are_answered(api: Api) -> Any:
    """The document is made when it is asked for; who asks for something else meanwhile does not wait for it."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(web.get, f"{api.url}/openapi.json", timeout=60)
        for _ in range(2):
            assert api.get("/live").json() == {"live": True}
        assert not asked.done()
        return asked.result().json()


def test_an_administrator_is_answered_as_openapi_says_whatever_they_ask(fuzzed: Fuzzed):
    asked = fuzzed.ask_all({"X-API-Key": fuzzed.key}, MOST)
    assert not fuzzed.wrong, "\n".join(fuzzed.wrong)
    assert asked > len(fuzzed.operations), "most operations can be asked both ways"
    assert fuzzed.statuses >= {200, 202, 404, 422}


def test_who_is_not_signed_in_is_told_so_whatever_they_ask(fuzzed: Fuzzed):
    fuzzed.wrong.clear()
    fuzzed.ask_all({}, {GenerationMode.POSITIVE: 1})
    assert not fuzzed.wrong, "\n".join(fuzzed.wrong)
