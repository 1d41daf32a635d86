"""Writing to the log: one producer of this process, connected when it is first needed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.contracts.names import Topic
from services.runtime import kafka
from services.runtime.settings import CommonSettings

DELIVER_WITHIN_S = 4.0
DELIVER_ALL_WITHIN_S = 30.0
AWAY = (KafkaError, OSError, TimeoutError, AssertionError)
"""What the client raises while brokers come and go; aiokafka asserts on a connection that closes under it."""


class LogAwayError(Exception):
    """Kafka does not answer. A record that it did not confirm may be on the log: the same again must be safe."""


class Entry(NamedTuple):
    """A record of many. `of`: whose hash decides the partition, where the key's does not."""

    key: str
    value: bytes | None
    of: str | None = None


class Pen:
    """Writes to some topics, which it makes where they are missing."""

    def __init__(self, settings: CommonSettings, topics: Sequence[Topic]) -> None:
        self._settings = settings
        self._topics = topics
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    async def write(self, topic: Topic, value: bytes | None, *, key: str | None = None) -> None:
        """Put a record on the log and wait until Kafka has it.

        Raises:
            LogAwayError: Kafka does not take it.
        """
        try:
            async with asyncio.timeout(DELIVER_WITHIN_S):
                producer = await self._connected()
                await producer.send_and_wait(topic.name, value, key=None if key is None else key.encode())
        except AWAY as error:
            # What it still holds would come as a surprise minutes later: whoever asked was told to ask again.
            await self.close()
            raise LogAwayError(str(error) or "no answer") from error

    async def write_all(self, topic: Topic, entries: Sequence[Entry]) -> None:
        """Put many records on the log and wait until Kafka has them all.

        Raises:
            LogAwayError: Kafka does not take them, or not all of them.
        """
        try:
            async with asyncio.timeout(DELIVER_ALL_WITHIN_S):
                producer = await self._connected()
                partitions = len(await producer.partitions_for(topic.name))
                sent = [
                    await producer.send(
                        topic.name,
                        entry.value,
                        key=entry.key.encode(),
                        partition=None if entry.of is None else kafka.partition_of(entry.of, partitions),
                    )
                    for entry in entries
                ]
                await asyncio.gather(*sent)
        except AWAY as error:
            await self.close()
            raise LogAwayError(str(error) or "no answer") from error

    async def close(self) -> None:
        """Let go of Kafka."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _abort(producer)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._producer is None:
                await kafka.ensure_topics(self._settings, self._topics)
                producer = kafka.producer(self._settings)
                try:
                    await producer.start()
                except BaseException:
                    await _abort(producer)
                    raise
                self._producer = producer
            return self._producer


async def _abort(producer: AIOKafkaProducer) -> None:
    """Close a producer without waiting for a broker that may never answer."""
    with suppress(Exception):
        await asyncio.wait_for(producer.stop(), 1)
    # stop() gives up in the middle when it is cancelled, and would leave its tasks and sockets behind.
    with suppress(Exception):
        await producer._sender.close()  # noqa: SLF001  # aiokafka has no public way to close without flushing
    with suppress(Exception):
        await producer.client.close()
