"""Fixtures for everyone: real parts, started once a run, and an environment of one's own on them."""

import functools
import itertools
import os
import uuid
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
import pytest

from services.cli.installation import Installation, on_free_ports
from services.runtime.settings import CommonSettings
from tests.parts import Parts, running_parts

HERE = Path(__file__).parent
SHARED = "FLOORWATCH_TEST_PARTS"

# The machines are shared: how long an example takes there says nothing of the code.
hypothesis.settings.register_profile("shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("shared")

# Tracing branches makes a test take two to three times as long.
TRACED_EXAMPLES = 20
"""So many of a law: the rest takes the same branches."""
UNTRACED = {"test_bank_files.py", "test_bank_known_answers.py", "test_model.py", "test_steady_state.py"}
"""Long runs: shorter tests take the same branches."""
ELSEWHERE = {HERE / "integration", HERE / "behaviour" / "api"}
"""What these test runs in other processes; tracing only slows down what asks them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage pauses (pytest-cov) where it would find nothing new."""
    for item in items:
        if item.path.name in UNTRACED or not ELSEWHERE.isdisjoint(item.path.parents):
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Of a law only the first examples are traced."""
    coverage = getattr(item.config.pluginmanager.get_plugin("_cov"), "cov_controller", None)
    law = getattr(getattr(item, "obj", None), "hypothesis", None)
    if law is None or coverage is None or not coverage.started:
        yield
        return
    test, examples = law.inner_test, itertools.count()

    @functools.wraps(test)
    def example(*args: Any, **kwargs: Any) -> Any:
        if next(examples) == TRACED_EXAMPLES:
            coverage.pause()
        return test(*args, **kwargs)

    law.inner_test = example
    try:
        yield
    finally:
        law.inner_test = test
        if not coverage.started:
            coverage.resume()


def pytest_configure(config: pytest.Config) -> None:
    """Where several processes share the tests (-n), start the parts here, once for all of them."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        started = ExitStack()
        config.add_cleanup(started.close)
        folder = Path(started.enter_context(TemporaryDirectory(prefix="floorwatch-tests-")))
        running = started.enter_context(running_parts(folder))
        os.environ[SHARED] = f"{running.kafka_bootstrap_servers} {running.redis_url}"


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Addresses of a real Kafka and a real Redis server."""
    if shared := os.environ.get(SHARED):
        yield Parts(*shared.split())
        return
    with running_parts(tmp_path_factory.mktemp("parts")) as running:
        yield running


@pytest.fixture
def environment(parts: Parts, tmp_path: Path) -> dict[str, str]:
    """Variables for a service process: the parts' addresses, a fresh namespace and a state folder."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": parts.kafka_bootstrap_servers,
        "REDIS_URL": parts.redis_url,
        "FLOORWATCH_NAMESPACE": f"test-{uuid.uuid4().hex[:12]}",
        "FLOORWATCH_STATE_DIR": str(tmp_path),
    }


@pytest.fixture
def settings(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> CommonSettings:
    """Settings read from `environment`, which is also this process's own; topics are not yet created."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return CommonSettings()


@pytest.fixture(scope="session")
def installation(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The four services as processes on the real parts, in a namespace of their own; started once a run.

    Whoever needs state that nobody else has touched uses sites of its own.
    """
    settings = on_free_ports(
        tmp_path_factory.mktemp("installation"),
        KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers,
        REDIS_URL=parts.redis_url,
        namespace=f"test-{uuid.uuid4().hex[:12]}",
    )
    with Installation(settings) as running:
        yield running
