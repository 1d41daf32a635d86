"""Fixtures for everyone: real parts, started once a run, and an environment of one's own on them."""

import functools
import itertools
import os
import sys
import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
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
TRACED_EXAMPLES = 30
"""So many of a law: the rest takes the same branches."""
UNTRACED = {"test_bank_files.py", "test_bank_known_answers.py", "test_model.py", "test_steady_state.py"}
"""Long runs: shorter tests take the same branches."""
ELSEWHERE = {HERE / "integration", HERE / "behaviour" / "api"}
"""Here what is tested runs in other processes; tracing would only slow down what asks them."""


@contextmanager
def tracing(*, is_on: bool) -> Iterator[None]:
    """Nothing inside is traced unless it `is_on`. (Pausing pytest-cov leaves the first of a worker's two tracers on.)"""
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    if not is_on:
        sys.settrace(None)
        threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        threading.settrace(of_threads)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tests are traced where that may find a branch."""
    with tracing(is_on=item.path.name not in UNTRACED and ELSEWHERE.isdisjoint(item.path.parents)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Of a law only the first examples are traced."""
    law = getattr(getattr(item, "obj", None), "hypothesis", None)
    if law is None or sys.gettrace() is None:
        yield
        return
    test, examples = law.inner_test, itertools.count()

    @functools.wraps(test)
    def example(*args: Any, **kwargs: Any) -> Any:
        with tracing(is_on=next(examples) < TRACED_EXAMPLES):
            return test(*args, **kwargs)

    law.inner_test = example
    try:
        yield
    finally:
        law.inner_test = test


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
