"""Reading the log again: the records behind a number. The only part of the API that knows Kafka."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import MsgspecError

from services.contracts.events import ContactEvent, decode_contacts
from services.runtime import kafka
from services.runtime.settings import CommonSettings

AT_ONCE = 2
PATIENCE_S = 10.0
RECORDS_AT_ONCE = 200


class LogAwayError(Exception):
    """Kafka does not answer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `incomplete`: why not everything that was asked for."""

    partition: int
    first_offset: int
    records: int
    incomplete: str | None


class Evidence:
    """Reads stretches of the contacts topic. At most `AT_ONCE` at a time; others wait."""

    def __init__(self, settings: CommonSettings, *, most_bytes: int) -> None:
        self._settings = settings
        self._most_bytes = most_bytes
        self._room = asyncio.Semaphore(AT_ONCE)

    async def read(self, queue: str, first: int, last: int, feed: Callable[[int, list[ContactEvent]], None]) -> Reading:
        """Feed every record of a queue's partition from offset `first` (−1: the oldest) to `last`, both included.

        Raises:
            LogAwayError: Kafka does not answer.
        """
        async with self._room:
            try:
                async with asyncio.timeout(PATIENCE_S * 6):
                    return await self._read(queue, first, last, feed)
            except (KafkaError, OSError, TimeoutError) as error:
                raise LogAwayError(str(error) or type(error).__name__) from error

    async def _read(
        self, queue: str, first: int, last: int, feed: Callable[[int, list[ContactEvent]], None]
    ) -> Reading:
        topic = self._settings.names.contacts.name
        consumer = kafka.reader(self._settings)
        await asyncio.wait_for(consumer.start(), PATIENCE_S)
        try:
            cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001  # a reader of no topic knows of none
            partitions = cluster.partitions_for_topic(topic)
            if not partitions:
                return Reading(0, max(first, 0), 0, "there is no log of contacts yet")
            place = TopicPartition(topic, kafka.partition_of(queue, len(partitions)))
            consumer.assign([place])
            oldest = (await consumer.beginning_offsets([place]))[place]
            end = (await consumer.end_offsets([place]))[place]
            begin = max(first, oldest)
            incomplete = (
                None if oldest <= max(first, 0) or first > last else "the log no longer holds the oldest of its events"
            )
            consumer.seek(place, begin)
            records, cut = await self._feed(consumer, place, min(last, end - 1), feed)
            if last >= end:
                incomplete = "the log ends before the number does: it was started anew"
            return Reading(place.partition, begin, records, cut or incomplete)
        finally:
            await consumer.stop()

    async def _feed(
        self,
        consumer: AIOKafkaConsumer,
        place: TopicPartition,
        last: int,
        feed: Callable[[int, list[ContactEvent]], None],
    ) -> tuple[int, str | None]:
        records = size = 0
        while await consumer.position(place) <= last:
            for record in (await consumer.getmany(place, timeout_ms=500, max_records=RECORDS_AT_ONCE)).get(place, ()):
                if record.offset > last:
                    return records, None
                records += 1
                size += len(record.value or b"")
                if size > self._most_bytes:
                    return records, f"more than {self._most_bytes // 1_000_000} MB of the log would have to be read"
                try:
                    events = decode_contacts(record.value or b"\x90")
                except MsgspecError:
                    continue  # metrics made it a dead letter
                feed(record.offset, events)
            await asyncio.sleep(0)  # let sockets be served in between
        return records, None
