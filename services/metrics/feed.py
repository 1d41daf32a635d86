"""What metrics reads from the log beside its stream: the topology, and its own half-hours to fill Redis again."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.metrics.domain.agent_shard import PublishedDay
from services.metrics.domain.callers import PublishedRepeats
from services.metrics.domain.keeper import Published
from services.metrics.domain.shard import PublishedHalfHour
from services.runtime import kafka
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings

log = get_logger()


class _Place(msgspec.Struct):
    kind: str
    date: str
    scope: str = ""
    start: int = 0
    agent: str = ""


_decode_place = msgspec.json.Decoder(_Place).decode


class TopologyFeed:
    """The topology topic, read to its end and then followed."""

    def __init__(self, settings: CommonSettings, learn: Callable[[str, bytes | None], None]) -> None:
        """Hand each record's key and value to `learn`; ValueError means that it can't be used."""
        self._settings = settings
        self._learn = learn
        self._reader: AIOKafkaConsumer | None = None

    async def read_to_end(self) -> None:
        """Take in what is there now."""
        reader = self._reader = kafka.reader(self._settings, self._settings.names.topology.name)
        await reader.start()
        ends = {tp: end for tp, end in (await reader.end_offsets(list(reader.assignment()))).items() if end > 0}
        while any([await reader.position(tp) < end for tp, end in ends.items()]):
            await self._take()

    async def follow(self, changed: Callable[[dict[str, bytes | None]], Awaitable[None]]) -> None:
        """Take in what comes, for ever, and tell each batch of it."""
        assert self._reader is not None, "read_to_end() comes first"
        try:
            while True:
                if batch := await self._take():
                    await changed(batch)
        finally:
            await self._reader.stop()

    async def _take(self) -> dict[str, bytes | None]:
        assert self._reader is not None
        taken: dict[str, bytes | None] = {}
        for records in (await self._reader.getmany(timeout_ms=1000)).values():
            for record in records:
                key = (record.key or b"").decode("utf-8", "replace")
                try:
                    self._learn(key, record.value)
                except ValueError as error:
                    log.warning("a topology record can't be used, the old one stays", key=key, error=str(error))
                else:
                    taken[key] = record.value
        return taken


async def ends_of_half_hours(settings: CommonSettings, partitions: Iterable[int]) -> dict[int, int]:
    """Partition of the intervals topic → the offset after its last record."""
    reader = kafka.reader(settings)
    await reader.start()
    try:
        tps = [TopicPartition(settings.names.intervals.name, partition) for partition in partitions]
        return {tp.partition: end for tp, end in (await reader.end_offsets(tps)).items()}
    finally:
        await reader.stop()


@asynccontextmanager
async def half_hours_since(
    settings: CommonSettings, partition: int, offset: int
) -> AsyncIterator[tuple[int, AsyncIterator[list[Published]]]]:
    """A partition's published half-hours and agents' days from `offset` on.

    Yields:
        the offset after the last record there is now, and the records up to it, in batches.
    """
    tp = TopicPartition(settings.names.intervals.name, partition)
    reader = kafka.reader(settings)
    await reader.start()
    try:
        reader.assign([tp])
        end = (await reader.end_offsets([tp]))[tp]
        reader.seek(tp, max(min(offset, end), (await reader.beginning_offsets([tp]))[tp]))
        yield end, _batches(reader, tp, end)
    finally:
        await reader.stop()


async def _batches(reader: AIOKafkaConsumer, tp: TopicPartition, end: int) -> AsyncIterator[list[Published]]:
    while await reader.position(tp) < end:
        records = (await reader.getmany(tp, timeout_ms=1000, max_records=2000)).get(tp, [])
        yield [_published(record.value) for record in records if record.value]


def _published(value: bytes) -> Published:
    place = _decode_place(value)
    if place.kind == "agent_day":
        return PublishedDay(place.agent, place.date, value)
    if place.kind == "repeats":
        return PublishedRepeats(place.scope, place.date, place.start, value)
    return PublishedHalfHour(place.scope, place.date, place.start, value)
