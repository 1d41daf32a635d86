"""What metrics reads from the log beside its stream: its own half-hours, to fill Redis again."""

from collections.abc import AsyncIterator, Iterable
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
