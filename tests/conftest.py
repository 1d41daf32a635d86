"""Fixtures for everyone: real parts, started once a run, and an environment of one's own on them."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.settings import CommonSettings
from tests.parts import Parts, running_parts


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """Addresses of a real Kafka and a real Redis server."""
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
