"""What the metrics service has published: how far it has come, and the newest version of every interval."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.contracts.metrics import Interval, IvrInterval, interval_adapter
from services.runtime import kafka, redis
from services.runtime.settings import CommonSettings


class StalledError(RuntimeError):
    """The metrics service stopped making progress."""


async def log_ends(settings: CommonSettings) -> dict[TopicPartition, int]:
    """Offset of the newest record of each partition that metrics reads, where there is one."""
    async with _reading(settings, settings.names.contacts.name, settings.names.ivr.name) as reader:
        return await _ends(reader)


async def uncounted(settings: CommonSettings) -> int:
    """How many events metrics has put among the dead letters so far: they came in well, but could not be counted."""
    letters = await _newest(settings, settings.names.dead_letters.name)
    return sum(key.startswith(b"metrics|") for key in letters)


async def wait_until_applied(
    settings: CommonSettings,
    ends: dict[TopicPartition, int],
    on_progress: Callable[[int, int], None],
    *,
    stalled_after_s: float = 120.0,
) -> None:
    """Wait until everything up to `ends` is counted and published.

    Args:
        settings: where Redis is.
        ends: from `log_ends`.
        on_progress: called with (records applied, records in all) whenever the first has changed.
        stalled_after_s: give up after so long without any progress.

    Raises:
        StalledError: metrics has not moved for `stalled_after_s` seconds.
    """
    total = sum(end + 1 for end in ends.values())
    last, quiet_s = -1, 0.0
    async with aclosing(redis.client(settings)) as client:
        while True:
            published = await client.hgetall(settings.names.progress_key)
            done = {tp: int(published.get(f"{tp.topic}|{tp.partition}".encode(), -1)) for tp in ends}
            if all(done[tp] >= end for tp, end in ends.items()):
                on_progress(total, total)
                return
            applied = sum(min(done[tp], end) + 1 for tp, end in ends.items())
            quiet_s = 0.0 if applied != last else quiet_s + 0.2
            if quiet_s > stalled_after_s:
                raise StalledError(f"metrics stands at {applied:,} of {total:,} records for {stalled_after_s:.0f} s")
            if applied != last:
                on_progress(applied, total)
            last = applied
            await asyncio.sleep(0.2)


async def read_intervals(settings: CommonSettings) -> list[Interval | IvrInterval]:
    """The newest version of every interval on the log; repeat calls and agents' days stand there as well."""
    newest = await _newest(settings, settings.names.intervals.name)
    return [
        interval_adapter.validate_json(value)
        for value in newest.values()
        if json.loads(value)["kind"] in ("interval", "ivr_interval")
    ]


@asynccontextmanager
async def _reading(settings: CommonSettings, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    reader = kafka.reader(settings, *topics)
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def _ends(reader: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    ends: dict[TopicPartition, int] = await reader.end_offsets(list(reader.assignment()))
    return {tp: end - 1 for tp, end in ends.items() if end > 0}


async def _newest(settings: CommonSettings, topic: str) -> dict[bytes, bytes]:
    """Newest value of each key that is on a topic now."""
    newest: dict[bytes, bytes | None] = {}
    async with _reading(settings, topic) as reader:
        remaining = await _ends(reader)
        while remaining:
            for tp, records in (await reader.getmany(timeout_ms=500)).items():
                newest.update((record.key, record.value) for record in records)
                if tp in remaining and records[-1].offset >= remaining[tp]:
                    del remaining[tp]
    return {key: value for key, value in newest.items() if value is not None}
