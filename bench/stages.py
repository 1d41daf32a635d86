"""Where the time between POST and WebSocket goes, read from the records' own times afterwards: it costs nothing."""

import time
from collections import defaultdict
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer

from services.cli.installation import Installation
from services.contracts.events import Answered, decode_contacts
from services.contracts.names import Names
from services.runtime import kafka
from services.runtime.settings import CommonSettings


class Told(NamedTuple):
    """An Answered that a socket has seen: the nth of its queue, when it was posted and seen (perf_counter)."""

    queue: str
    nth: int
    contact: str
    posted: float
    seen: float


async def take_apart(installation: Installation, told: list[Told]) -> dict[str, list[float]]:
    """Milliseconds of each stage, in order: the sum of the three is the whole.

    Ingest stamps a record when it hands it to its producer, metrics a record of tiles likewise.
    """
    settings = CommonSettings.model_validate(
        {"KAFKA_BOOTSTRAP_SERVERS": installation.addresses["KAFKA_BOOTSTRAP_SERVERS"]}
    )
    names = Names(installation.settings.namespace)
    to_wall = time.time() - time.perf_counter()
    sent = await _sent(settings, names)
    published = await _published(settings, names, {one.queue for one in told})
    stages: dict[str, list[float]] = {"POST to record": [], "record to tile": [], "tile to socket": []}
    for one in told:
        recorded, tile_at = sent[one.contact], published[one.queue][one.nth]
        stages["POST to record"].append(recorded - (one.posted + to_wall) * 1000)
        stages["record to tile"].append(tile_at - recorded)
        stages["tile to socket"].append((one.seen + to_wall) * 1000 - tile_at)
    return stages


async def _sent(settings: CommonSettings, names: Names) -> dict[str, float]:
    sent = {}
    for stamp, value in await _records(settings, names.contacts.name):
        for event in decode_contacts(value):
            if isinstance(event, Answered):
                sent[event.contact] = stamp
    return sent


async def _published(settings: CommonSettings, names: Names, queues: set[str]) -> dict[str, list[float]]:
    """Queue → when the tile was published that counted the nth Answered."""
    published: defaultdict[str, list[float]] = defaultdict(list)
    for stamp, value in await _records(settings, names.tiles.name):
        for tile in msgspec.json.decode(value):
            if tile["kind"] == "tile" and tile["id"] in queues:
                known = published[tile["id"]]
                known += [stamp] * (tile["rolling"]["20"]["answered"] - len(known))
    return published


async def _records(settings: CommonSettings, topic: str) -> list[tuple[float, bytes]]:
    reader: AIOKafkaConsumer = kafka.reader(settings, topic)
    await reader.start()
    try:
        places = list(reader.assignment())
        ends = await reader.end_offsets(places)
        found = []
        while waiting := [place for place in places if await reader.position(place) < ends[place]]:
            for records in (await reader.getmany(*waiting, timeout_ms=1000)).values():
                found += [(float(record.timestamp), record.value) for record in records if record.value]
    finally:
        await reader.stop()
    return found
