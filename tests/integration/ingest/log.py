"""What lies on Kafka, and the processes that bring it there."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from services.contracts.events import Heartbeat, decode_agents, decode_contacts, decode_ivr, key_of
from services.contracts.letters import DeadLetter
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import warm

DECODE: dict[str, Any] = {"contacts": decode_contacts, "ivr": decode_ivr, "agents": decode_agents}


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    key: bytes | None
    value: bytes
    at: int


def settings_of(environment: Mapping[str, str]) -> CommonSettings:
    return CommonSettings(
        KAFKA_BOOTSTRAP_SERVERS=environment["KAFKA_BOOTSTRAP_SERVERS"],
        namespace=environment["FLOORWATCH_NAMESPACE"],
    )


def records(settings: CommonSettings, *lanes: str) -> list[Record]:
    """Every record of some topics (names without the namespace), oldest first within a partition."""
    return asyncio.run(_records(settings, lanes))


async def _records(settings: CommonSettings, lanes: tuple[str, ...]) -> list[Record]:
    await kafka.ensure_topics(settings)
    prefix = f"{settings.namespace}."
    reader = kafka.reader(settings, *[prefix + lane for lane in lanes])
    await reader.start()
    found: list[Record] = []
    try:
        ends = await reader.end_offsets(list(reader.assignment()))
        while any([await reader.position(tp) < end for tp, end in ends.items()]):
            for batch in (await reader.getmany(timeout_ms=300)).values():
                found += [Record(r.topic.removeprefix(prefix), r.partition, r.key, r.value, r.timestamp) for r in batch]
    finally:
        await reader.stop()
    return found


def put(settings: CommonSettings, topic: str, key: str, value: str) -> None:
    """Write one record, as another service does."""

    async def write() -> None:
        async with kafka.producer(settings) as producer:
            await producer.send_and_wait(topic, value.encode(), key=key.encode())

    asyncio.run(write())


def events(settings: CommonSettings) -> list[tuple[str, int, Any]]:
    """(topic, partition, event) of all event topics, heartbeats included."""
    return [
        (record.topic, record.partition, event)
        for record in records(settings, *DECODE)
        for event in DECODE[record.topic](record.value)
    ]


def contact_ids(settings: CommonSettings) -> list[str]:
    return [event.event_id for _, _, event in events(settings) if not isinstance(event, Heartbeat)]


def letters(settings: CommonSettings) -> list[DeadLetter]:
    return [DeadLetter.model_validate_json(record.value) for record in records(settings, "dead-letters")]


def in_the_right_partition(settings: CommonSettings) -> bool:
    return all(
        partition == kafka.partition_of(key_of(event), settings.partitions)
        for _, partition, event in events(settings)
        if not isinstance(event, Heartbeat)
    )


@contextmanager
def ingest(environment: Mapping[str, str], *arguments: str) -> Iterator[warm.Process]:
    """`python -m services.ingest …`; killed at the end if it still runs."""
    process = warm.Process("services.ingest", *arguments, env={**os.environ, **environment}, is_piped=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def run(environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    """Run to the end; the last line of its progress."""
    with ingest(environment, *arguments, "--progress", "json") as process:
        *_, last = progress(process)
        return {**last, "code": process.wait(timeout=120)}


def progress(process: warm.Process) -> Iterator[dict[str, Any]]:
    """Its progress, line by line, as it comes."""
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)
