"""The broker is killed while events flow, and comes back: nothing is lost, nothing overtakes."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from services.cli.parts.kafka import kafka as kafka_part
from services.cli.ports import free_ports
from services.cli.supervisor import Supervisor
from services.contracts.events import Heartbeat, Offered, decode_contacts
from services.ingest.outlet import Outlet
from services.ingest.settings import IngestSettings
from services.runtime.kafka import partition_of
from tests import web
from tests.integration.ingest import log

EVENTS = 4_000


@pytest.fixture
def broker(tmp_path) -> Iterator[tuple[Supervisor, str]]:
    """A Kafka of this test's own, which its supervisor starts again when it dies."""
    port, controller = free_ports(2)
    supervisor = Supervisor(tmp_path / "log", say=print)
    try:
        supervisor.start(kafka_part(tmp_path / "kafka", port=port, controller_port=controller), stage=0)
        yield supervisor, f"127.0.0.1:{port}"
    finally:
        supervisor.stop()


def test_killed_in_the_middle_of_a_feed(broker, tmp_path, monkeypatch):
    supervisor, address = broker
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", address)
    monkeypatch.setenv("FLOORWATCH_NAMESPACE", "away")
    settings = IngestSettings(state_dir=tmp_path)
    was_away = asyncio.run(feed(settings, supervisor))
    assert was_away

    for partition in range(settings.partitions):
        batches = [decode_contacts(r.value) for r in log.records(settings, "contacts") if r.partition == partition]
        first_seen: dict[str, int] = {}
        covered = 0
        for event in (event for batch in batches for event in batch):
            if isinstance(event, Heartbeat):
                covered = max(covered, event.at)
            elif event.event_id not in first_seen:
                assert event.at > covered, "an event comes first after a heartbeat that covers it"
                first_seen[event.event_id] = event.at
        assert list(first_seen.values()) == sorted(first_seen.values())
        assert set(first_seen) == {
            f"e{n}" for n in range(EVENTS) if partition_of(f"s/q{n % 9}", settings.partitions) == partition
        }


def test_killed_while_acds_post(broker, tmp_path):
    supervisor, address = broker
    (port,) = free_ports(1)
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": address, "FLOORWATCH_NAMESPACE": "posts", "FLOORWATCH_STATE_DIR": str(tmp_path),
        "FLOORWATCH_INGEST_KEYS": "k", "FLOORWATCH_INGEST_PORT": str(port), "FLOORWATCH_INGEST_KAFKA_WAIT_S": "1",
    }  # fmt: skip
    refused = 0
    with log.ingest(environment), web.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        while not answers(client, "/ready"):
            time.sleep(0.1)
        for number in range(20):
            if number == 10:
                kill(supervisor)
            while (
                answer := client.post("/v1/events", headers={"X-API-Key": "k"}, json=posted(number))
            ).status_code != 200:
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) > 0
                refused += 1
                time.sleep(0.2)
        assert answers(client, "/ready")
    assert refused > 0
    assert set(log.contact_ids(log.settings_of(environment))) == {f"e{n}" for n in range(20)}


def answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.TransportError:
        return False


def posted(number: int) -> dict[str, str]:
    return {
        "type": "offered", "event_id": f"e{number}", "source": "acd", "occurred_at": "2026-01-01T10:00:00Z",
        "queue": "s/q", "contact": f"c{number}",
    }  # fmt: skip


def kill(supervisor: Supervisor) -> None:
    pid = supervisor.child("kafka").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


async def feed(settings: IngestSettings, supervisor: Supervisor) -> bool:
    """Send events and heartbeats, kill the broker in the middle; whether the outlet noticed."""
    noticed = False
    async with Outlet(settings, feed="f") as outlet:
        for begin in range(0, EVENTS, 40):
            await outlet.send([offered(n) for n in range(begin, begin + 40)], position={"next": begin + 40})
            await outlet.heartbeat("s", begin + 40, 1.0)
            if begin == EVENTS // 2:
                await outlet.flush()
                kill(supervisor)
            await asyncio.sleep(0.002)
        flushing = asyncio.create_task(outlet.flush())
        while not flushing.done():
            noticed = noticed or outlet.away
            await asyncio.sleep(0.05)
        await flushing
        assert outlet.connected
    async with Outlet(settings, feed="f") as outlet:
        assert await outlet.load_position() == {"next": EVENTS}
    return noticed


def offered(number: int) -> Offered:
    return Offered(f"e{number}", "f", number + 1, f"s/q{number % 9}", f"c{number}")
