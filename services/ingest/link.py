"""The connection to Kafka that does not give up: it waits, says so, and goes on where it stopped."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError

from services.ingest import telemetry
from services.runtime import kafka
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
QUIET_AFTER_S = 3.0
LOOK_EVERY_S = 0.5
GIVE_UP_AFTER_S = 60.0
SAY_AGAIN_AFTER_S = 30.0

_AWAY = (KafkaError, OSError, TimeoutError, AssertionError)
"""What the client raises while brokers come and go; aiokafka asserts on a connection that closes under it."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Record:
    """A record to be sent. Without a partition the key decides."""

    topic: str
    value: bytes
    key: bytes | None = None
    partition: int | None = None


class Link:
    """One producer, made again whenever the broker was lost."""

    def __init__(self, settings: CommonSettings, feed: str) -> None:
        self._settings = settings
        self._feed = feed
        self._producer: AIOKafkaProducer | None = None
        self._drops = 0
        self._connecting = asyncio.Lock()
        self._pause_s = FIRST_PAUSE_S
        self._away_since: float | None = None
        self._said_at = 0.0
        self._log = get_logger()

    @property
    def away(self) -> bool:
        """Whether the broker can't be reached, as far as is known."""
        return self._away_since is not None

    @property
    def connected(self) -> bool:
        """Whether a connection has been made and not lost."""
        return self._producer is not None and not self.away

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has; waits for the broker if it must."""

        async def ask() -> int:
            return len(await (await self._connect()).partitions_for(topic))

        return await self.insist(ask)

    async def probe(self) -> None:
        """Return when the broker answers; until then it counts as away."""

        async def ask() -> None:
            producer = await self._connect()
            if not await producer.client.force_metadata_update():
                raise KafkaConnectionError("no broker answers")

        await self.insist(ask)

    async def deliver(self, records: Sequence[Record]) -> None:
        """Return when Kafka has acknowledged every record, in order within a partition; try for ever.

        After a failure everything of that partition from the failed record on is sent again, so the log may carry
        records twice, but never a later one without the earlier.
        """
        remaining = list(records)

        async def attempt() -> None:
            nonlocal remaining
            remaining, error = await self._send(remaining)
            if error is not None:
                telemetry.RESENT.labels(self._feed).inc(len(remaining))
                raise error

        while remaining:
            await self.insist(attempt)

    async def insist(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do something that needs the broker, again and again until it is there."""
        while True:
            task = asyncio.ensure_future(work())
            try:
                await self._watch(task)
                answer = task.result()
            except _AWAY as error:
                self._say_away(str(error) or type(error).__name__)
                await self._drop()
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
            else:
                self._say_back()
                return answer
            finally:
                if not task.done():
                    task.cancel()

    async def _watch(self, task: "asyncio.Future[Answer]") -> None:
        """Wait for an attempt; say so when it takes long.

        Raises:
            KafkaConnectionError: somebody else found the connection dead and dropped it (a producer that was closed
                leaves what it had not sent unanswered for ever), or nothing has come for a minute.
        """
        began, drops = time.monotonic(), self._drops
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK_EVERY_S)
            waited = time.monotonic() - began
            if task.done():
                return
            if self._drops != drops:
                raise KafkaConnectionError("the connection was dropped")
            if waited > GIVE_UP_AFTER_S:
                raise KafkaConnectionError(f"no answer for {GIVE_UP_AFTER_S:.0f} s")
            if waited > QUIET_AFTER_S:
                self._say_away("no answer")

    async def close(self) -> None:
        """Close the connection; nothing may be under way."""
        await self._drop()

    async def _connect(self) -> AIOKafkaProducer:
        async with self._connecting:
            return await self._connected()

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            await asyncio.wait_for(kafka.ensure_topics(self._settings), 15)
            producer = kafka.producer(self._settings)
            try:
                await asyncio.wait_for(producer.start(), 15)
            except BaseException:
                await _abort(producer)
                raise
            self._producer = producer
        return self._producer

    async def _send(self, records: list[Record]) -> tuple[list[Record], BaseException | None]:
        """What has to be sent again, and why."""
        producer = await self._connect()
        futures = [await producer.send(r.topic, r.value, key=r.key, partition=r.partition) for r in records]
        results: list[Any] = await asyncio.gather(*futures, return_exceptions=True)
        broken: set[tuple[str, int | None]] = set()
        again: list[Record] = []
        error: BaseException | None = None
        for record, result in zip(records, results, strict=True):
            if isinstance(result, BaseException):
                broken.add((record.topic, record.partition))
                error = error or result
            if (record.topic, record.partition) in broken:
                again.append(record)
        return again, error

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            self._drops += 1
            await _abort(producer)

    def _say_away(self, why: str) -> None:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            telemetry.BROKER_AWAY.labels(self._feed).set(1)
        elif now - self._said_at < SAY_AGAIN_AFTER_S:
            return
        self._said_at = now
        self._log.warning(
            "Kafka can't be reached, waiting for it; nothing is lost",
            feed=self._feed,
            address=self._settings.kafka_bootstrap_servers,
            why=why,
            for_s=round(now - self._away_since),
        )

    def _say_back(self) -> None:
        self._pause_s = FIRST_PAUSE_S
        if self._away_since is not None:
            self._log.info("Kafka is there again", feed=self._feed, after_s=round(time.monotonic() - self._away_since))
            self._away_since = None
            telemetry.BROKER_AWAY.labels(self._feed).set(0)


async def _abort(producer: AIOKafkaProducer) -> None:
    """Close a producer without waiting for a broker that may never answer."""
    with suppress(Exception):
        await asyncio.wait_for(producer.stop(), 2)
    # stop() gives up in the middle when it is cancelled, and would leave its tasks and sockets behind.
    with suppress(Exception):
        await producer._sender.close()  # noqa: SLF001  # aiokafka has no public way to close without flushing
    with suppress(Exception):
        await producer.client.close()
