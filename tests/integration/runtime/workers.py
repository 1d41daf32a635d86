"""Counting workers as processes, what they are fed and what they made of it."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import httpx
import msgspec
from aiokafka.structs import TopicPartition

from services.cli.ports import free_ports
from services.contracts.names import Topic
from services.runtime import kafka
from services.runtime.changelog import changelog_topic
from services.runtime.redis import client
from services.runtime.settings import CommonSettings
from tests import warm, web
from tests.integration.runtime.counting import decode_count

encode = msgspec.msgpack.Encoder().encode


def free_port() -> int:
    (port,) = free_ports(1)  # none of those that an outgoing connection may take in between
    return port


class Worker:
    """One process of `counting`, started again as a launcher would."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        self.log = log
        self._environment = os.environ | {"FLOORWATCH_COUNTING_PORT": str(self.port)} | environment
        self.process = self._spawn()

    def _spawn(self) -> warm.Process:
        with self.log.open("ab") as log:
            return warm.Process("tests.integration.runtime.counting", env=self._environment, errors=log)

    def kill_and_start(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process = self._spawn()

    def keep_alive(self) -> int | None:
        """Start it again if it ended by itself; answers with its exit code then."""
        code = self.process.poll()
        if code is not None:
            self.process = self._spawn()
        return code

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ready(self) -> dict[str, str] | None:
        """None when ready, else the reasons."""
        try:
            answer = web.get(f"http://127.0.0.1:{self.port}/ready", timeout=2).json()
        except httpx.HTTPError as error:
            return {"http": repr(error)}
        return None if answer["ready"] else answer["reasons"]

    async def wait_until_ready(self, within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while reasons := await asyncio.to_thread(self.ready):
            assert time.monotonic() < deadline, (reasons, self.log.read_text())
            await asyncio.sleep(0.2)

    def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=10)

    def cleared_away(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


class Feed:
    """Sends batches of [key, amount] and remembers what the totals must be."""

    def __init__(self, settings: CommonSettings, topics: list[Topic], seed: int) -> None:
        self.settings = settings
        self.topics = topics
        self.expected: Counter[tuple[str, str]] = Counter()
        self._random = random.Random(seed)
        self._producer = kafka.producer(settings)

    async def start(self) -> None:
        await kafka.ensure_topics(self.settings)
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    async def send(self, records: int, events: int = 50, pause_s: float = 0.0) -> None:
        for _ in range(records):
            topic = self._random.choice(self.topics).name
            partition = self._random.randrange(self.settings.partitions)
            batch = [(f"{partition}-{self._random.randrange(12)}", self._random.randrange(1, 9)) for _ in range(events)]
            await (await self._producer.send(topic, encode(batch), partition=partition))
            for key, amount in batch:
                self.expected[topic, key] += amount
            await asyncio.sleep(pause_s)

    async def send_batch(self, batch: list[tuple[str, int]], topic: int = 0, partition: int = 0) -> None:
        await self._producer.send_and_wait(self.topics[topic].name, encode(batch), partition=partition)

    async def send_raw(self, value: bytes | None, partition: int = 0) -> None:
        await self._producer.send_and_wait(self.topics[0].name, value, b"key", partition=partition)

    async def wait_until_applied(self, *workers: Worker, within_s: float = 90) -> None:
        """Until `progress` has reached the end of the log."""
        redis, deadline = client(self.settings), time.monotonic() + within_s
        ends = await self._ends()
        while True:
            for worker in workers:
                worker.keep_alive()
            done = await redis.hgetall(self.settings.names.progress_key)
            behind = {place: end for place, end in ends.items() if int(done.get(place.encode(), -1)) < end - 1}
            if not behind:
                break
            assert time.monotonic() < deadline, (behind, done, [worker.log.read_text() for worker in workers])
            await asyncio.sleep(0.2)
        await redis.aclose()

    async def _ends(self) -> dict[str, int]:
        reader = kafka.reader(self.settings)
        await reader.start()
        places = [TopicPartition(t.name, p) for t in self.topics for p in range(self.settings.partitions)]
        ends = await reader.end_offsets(places)
        await reader.stop()
        return {f"{place.topic}|{place.partition}": end for place, end in ends.items() if end}


async def read_log(settings: CommonSettings, topic: str) -> list[tuple[bytes, bytes | None]]:
    """All records of a topic, each partition in its order."""
    reader = kafka.reader(settings, topic)
    await reader.start()
    records = []
    ends = await reader.end_offsets(list(reader.assignment()))
    waiting = {tp for tp, end in ends.items() if end}
    while waiting:
        for tp, found in (await reader.getmany(timeout_ms=500)).items():
            records += [(record.key, record.value) for record in found]
            if found[-1].offset >= ends[tp] - 1:
                waiting.discard(tp)
    await reader.stop()
    return records


async def stored_totals(settings: CommonSettings) -> dict[tuple[str, str], int]:
    """Totals by (topic, key) as a recovery would find them: the highest offset of each key."""
    best: dict[bytes, tuple[int, int]] = {}
    for key, value in await read_log(settings, changelog_topic(f"{settings.namespace}-counting", 1).name):
        if value is None:
            best.pop(key, None)
            continue
        count = decode_count(value)
        best[key] = max(best.get(key, (-1, 0)), (count.offset, count.total))
    return {name_of(key[2:]): total for key, (_, total) in best.items()}


async def published_totals(settings: CommonSettings) -> dict[tuple[str, str], int]:
    """Totals by (topic, key) as a reader of the compacted output topic would find them: the last of each key."""
    last = dict(await read_log(settings, settings.names.intervals.name))
    return {name_of(key): int(value or b"0") for key, value in last.items()}


def name_of(key: bytes) -> tuple[str, str]:
    topic, _, name = key.decode().partition("|")
    return topic, name
