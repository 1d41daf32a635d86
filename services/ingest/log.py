"""Reading back from compacted topics: positions and topology."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.runtime import kafka
from services.runtime.settings import CommonSettings

_SPANS = (200, 20_000)
"""A position is nearly always among the newest records; the whole topic is read only if it is not."""


async def newest(settings: CommonSettings, topic: str, key: bytes) -> bytes | None:
    """Newest value of `key` on a compacted topic, or None."""
    for span in (*_SPANS, None):
        found, whole = await _read(settings, topic, span)
        if key in found:
            return found[key]
        if whole:
            break
    return None


async def newest_of_all(settings: CommonSettings, topic: str) -> dict[bytes, bytes]:
    """Newest value of every key of a compacted topic."""
    found, _ = await _read(settings, topic, None)
    return {key: value for key, value in found.items() if value is not None}


async def _read(settings: CommonSettings, topic: str, span: int | None) -> tuple[dict[bytes, bytes | None], bool]:
    """The last `span` offsets of each partition (None: all), and whether that was the whole topic."""
    reader = kafka.reader(settings, topic)
    await reader.start()
    try:
        assigned = list(reader.assignment())
        begins: dict[TopicPartition, int] = await reader.beginning_offsets(assigned)
        ends: dict[TopicPartition, int] = await reader.end_offsets(assigned)
        starts = {tp: begins[tp] if span is None else max(begins[tp], ends[tp] - span) for tp in assigned}
        for tp, start in starts.items():
            reader.seek(tp, start)
        return await _drain(reader, ends), starts == begins
    finally:
        await reader.stop()


async def _drain(reader: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> dict[bytes, bytes | None]:
    found: dict[bytes, bytes | None] = {}
    # By position, not by the last record seen: compaction leaves gaps.
    while any([await reader.position(tp) < end for tp, end in ends.items()]):
        for records in (await reader.getmany(timeout_ms=500)).values():
            found.update((record.key, record.value) for record in records)
    return found
