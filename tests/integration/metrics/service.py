"""The metrics service as a process, and what it leaves in Kafka and Redis."""

import asyncio
import contextlib
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import redis
from aiokafka import TopicPartition

from services.cli.ports import free_ports
from services.contracts.agents import AgentDay, AgentTile
from services.contracts.events import AnyEvent, Heartbeat, encode_batch, key_of
from services.contracts.metrics import FeedClock, Interval, IvrInterval, Tile, interval_adapter
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import warm


class Service:
    """One worker."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        (self.port,) = free_ports(1)
        self._environment = os.environ | environment | {"FLOORWATCH_METRICS_PORT": str(self.port)}
        self._log = log
        self.process = self._start()

    def _start(self) -> warm.Process:
        with self._log.open("ab") as log:
            return warm.Process("services.metrics", env=self._environment, output=log, errors=log)

    def wait_until_ready(self) -> None:
        wait_for(self._ready, f"metrics is not ready: {self._log.read_text()[-3000:]}")

    def _ready(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        self.process = self._start()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


@contextlib.contextmanager
def running(environment: dict[str, str], log: Path) -> Iterator[Service]:
    service = Service(environment, log)
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.kill()


def wait_for(condition, why: str, timeout_s: float = 90) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, why
        time.sleep(0.1)


class Log:
    """Writes to Kafka as ingest does."""

    def __init__(self, settings: CommonSettings) -> None:
        self._settings = settings

    async def __aenter__(self) -> Self:
        await kafka.ensure_topics(self._settings)
        self._producer = kafka.producer(self._settings)
        await self._producer.start()
        self.ends: dict[tuple[str, int], int] = {}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def send(self, topic: str, partition: int, value: bytes, key: bytes | None = None) -> None:
        sent = await self._producer.send_and_wait(topic, value, key, partition)
        self.ends[topic, partition] = sent.offset

    async def events(self, topic: str, events: Sequence[AnyEvent]) -> None:
        """One record for each partition that has some."""
        by_partition: dict[int, list[AnyEvent]] = {}
        for event in events:
            partition = kafka.partition_of(key_of(event), self._settings.partitions)
            by_partition.setdefault(partition, []).append(event)
        for partition, batch in by_partition.items():
            await self.send(topic, partition, encode_batch(batch))

    async def heartbeat(self, topic: str, heartbeat: Heartbeat) -> None:
        await self.heartbeats(topic, [heartbeat])

    async def heartbeats(self, topic: str, heartbeats: Sequence[Heartbeat]) -> None:
        """To every partition, in one record each."""
        for partition in range(self._settings.partitions):
            await self.send(topic, partition, encode_batch(heartbeats))

    async def describe(self, *records) -> None:
        for record in records:
            key = f"{record.kind}|{record.id}".encode()
            await self._producer.send_and_wait(
                self._settings.names.topology.name, record.model_dump_json().encode(), key
            )


class Shown:
    """What Redis shows."""

    def __init__(self, settings: CommonSettings) -> None:
        self.names = settings.names
        self.client = redis.Redis.from_url(settings.redis_url)

    def _hash(self, key: str) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = self.client.hgetall(key)  # type: ignore[assignment]  # the client answers bytes
        return found

    def tiles(self) -> dict[str, Tile]:
        found = self._hash(self.names.tiles_key)
        return {name.decode(): Tile.model_validate_json(value) for name, value in found.items()}

    def feeds(self) -> dict[str, FeedClock]:
        found = self._hash(self.names.feeds_key)
        return {name.decode(): FeedClock.model_validate_json(value) for name, value in found.items()}

    def agents(self) -> dict[str, AgentTile]:
        found = self._hash(self.names.agents_key)
        return {name.decode(): AgentTile.model_validate_json(value) for name, value in found.items()}

    def agent_days(self, date: str) -> dict[str, AgentDay]:
        found = self._hash(self.names.agent_days_key(date))
        return {name.decode(): AgentDay.model_validate_json(value) for name, value in found.items()}

    def day(self, scope: str, date: str) -> dict[int, Interval | IvrInterval]:
        found = self._hash(self.names.day_key(scope, date))
        return {int(start): interval_adapter.validate_json(value) for start, value in found.items()}

    def has_applied(self, ends: dict[tuple[str, int], int]) -> bool:
        progress = self._hash(self.names.progress_key)
        return all(int(progress.get(f"{topic}|{p}".encode(), -1)) >= end for (topic, p), end in ends.items())

    def is_filled(self, partitions: int = 4) -> bool:
        return all(self.client.exists(self.names.filled_key("metrics", p)) for p in range(partitions))

    def everything(self) -> dict[bytes, dict[bytes, bytes]]:
        keys = [self.names.tiles_key, self.names.feeds_key, self.names.topology_key, self.names.progress_key]
        found: Any = self.client.scan_iter(f"{self.names.namespace}:day:*")
        days = sorted(key.decode() for key in found)
        return {key.encode(): self._hash(key) for key in keys + days}


async def applied(shown: Shown, ends: dict[tuple[str, int], int]) -> None:
    deadline = time.monotonic() + 90
    while not shown.has_applied(ends):
        assert time.monotonic() < deadline, (ends, shown.client.hgetall(shown.names.progress_key))
        await asyncio.sleep(0.1)


async def read_topic(settings: CommonSettings, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    """Every record of a topic, (key, value), partition by partition."""
    reader = kafka.reader(settings, topic)
    await reader.start()
    try:
        ends: dict[TopicPartition, int] = await reader.end_offsets(list(reader.assignment()))
        found: list[tuple[bytes | None, bytes | None]] = []
        while any([await reader.position(tp) < end for tp, end in ends.items()]):
            for records in (await reader.getmany(timeout_ms=500)).values():
                found += [(record.key, record.value) for record in records]
        return found
    finally:
        await reader.stop()


async def published_half_hours(settings: CommonSettings) -> dict[tuple[str, int], Interval | IvrInterval]:
    newest = {key: value for key, value in await read_topic(settings, settings.names.intervals.name) if value}
    found = [
        interval_adapter.validate_json(value)
        for value in newest.values()
        if json.loads(value)["kind"] in ("interval", "ivr_interval")
    ]
    return {(interval.scope, interval.start): interval for interval in found}
