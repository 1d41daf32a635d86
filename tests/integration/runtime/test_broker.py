"""The broker is killed, comes back, or never does. A broker of our own, since others use the shared one."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from services.cli.parts.kafka import kafka
from services.cli.ports import free_ports
from services.cli.supervisor import Supervisor
from services.runtime.settings import CommonSettings
from tests.integration.runtime.conftest import StartWorker
from tests.integration.runtime.workers import Feed, stored_totals

pytestmark = pytest.mark.timeout(240)


class Broker:
    """One that the launcher's supervisor starts again whenever it is gone."""

    def __init__(self, folder: Path) -> None:
        self.port, controller_port = free_ports(2)
        self._supervisor = Supervisor(folder / "log", say=print)
        self._supervisor.start(kafka(folder / "kafka", port=self.port, controller_port=controller_port), stage=0)

    def kill(self) -> None:
        psutil.Process(self._supervisor.child("kafka").pid).kill()

    def stop(self) -> None:
        self._supervisor.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def environment(environment: dict[str, str], broker: Broker) -> dict[str, str]:
    return environment | {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{broker.port}"}


async def test_killed_twice_under_load_and_nothing_is_lost(
    settings: CommonSettings, feed: Feed, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker()
    await worker.wait_until_ready()
    feeding = asyncio.create_task(feed.send(1500, pause_s=0.01))
    for _ in range(2):
        await asyncio.sleep(3)
        broker.kill()
        await asyncio.sleep(12)
    await feeding
    await feed.wait_until_applied(worker)
    await worker.wait_until_ready()
    assert worker.end() == 0

    assert await stored_totals(settings) == feed.expected


async def test_without_a_broker_it_is_not_ready_and_stops_in_time(
    feed: Feed, start_worker: StartWorker, broker: Broker
) -> None:
    worker = start_worker()
    await worker.wait_until_ready()
    await feed.send(20)
    broker.stop()

    deadline = time.monotonic() + 30
    while "broker" not in (await asyncio.to_thread(worker.ready) or {}):
        assert time.monotonic() < deadline, worker.log.read_text()
        await asyncio.sleep(0.2)

    assert worker.end() == 0
