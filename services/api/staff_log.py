"""Reading the log for the days of a team's agents: what they did (agents topic), and were meant to do (schedules).

Where a day begins on the log is found by halving: a record says by its events and heartbeats how late it is. What was
read is kept for the next question, which reads on from there: an answer takes about a second, however long the log is.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from msgspec import MsgspecError

from services.api.domain.agent_log import AgentLog
from services.api.log import AT_ONCE, reading
from services.contracts.events import AgentEvent, decode_agents
from services.runtime import kafka
from services.runtime.settings import CommonSettings

WHOLE_S = 20.0
READ_FOR_S = 1.0
"""One answer reads so long; what is missing then is said, and the next answer goes on."""
LEAD_MS = 12 * 3600 * 1000
"""So long before a day it is read from: who is signed in at its beginning was told of then at the latest."""
LATE_MS = 3600 * 1000
"""Events come late by so much, or are read no more."""
KEPT = 16
"""Days of teams of which is kept what was read."""
FETCH_BYTES = 256 * 1024
WAIT_MS = 20
RECORDS_AT_ONCE = 20
NEAR = 64
"""So many records before the beginning are read rather than halved any further."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose day is asked for: agents of a site, the local day and its bounds (epoch ms)."""

    site: str
    agents: frozenset[str]
    date: str
    start: int
    end: int


@dataclass(slots=True)
class _Kept:
    """What was read for a question, and where to go on: (topic, partition) → offset."""

    log: AgentLog
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)


class StaffLog:
    """Reads the topics of agents and schedules. At most `AT_ONCE` at a time; others wait."""

    def __init__(self, settings: CommonSettings, *, silent_ms: int) -> None:
        self._settings, self._silent_ms = settings, silent_ms
        self._kept: OrderedDict[Wanted, _Kept] = OrderedDict()
        self._room = asyncio.Semaphore(AT_ONCE)

    def partition_of(self, agent: str) -> int:
        """The partition that an agent's events and plans come on."""
        return kafka.partition_of(agent, self._settings.partitions)

    async def read(self, wanted: Wanted) -> tuple[AgentLog, str | None]:
        """What the log tells of these agents up to now, and why it is not all of it (None: it is).

        Raises:
            LogAwayError: Kafka does not answer.
        """
        kept = self._kept.get(wanted)
        if kept is None:
            kept = self._kept[wanted] = _Kept(AgentLog(wanted.site, wanted.agents, silent_ms=self._silent_ms))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(wanted)
        names = self._settings.names
        topics = (names.schedules.name, names.agents.name)  # plans first: without them nothing can be judged
        async with (
            kept.busy,
            self._room,
            reading(
                consumer := kafka.reader(self._settings, fetch_bytes=FETCH_BYTES, wait_ms=WAIT_MS),
                *topics,
                within_s=WHOLE_S,
            ) as places,
        ):
            if not any(place.topic == names.agents.name for place in places):
                return kept.log, "there is no log of agents yet"
            partitions = {self.partition_of(agent) for agent in wanted.agents}
            until = asyncio.get_running_loop().time() + READ_FOR_S
            whole = True
            for place in places:
                if place.partition in partitions:
                    whole = await self._read_on(consumer, place, wanted, kept, until) and whole
            return kept.log, None if whole else "the log is long: what was done last is still being read; ask again"

    async def _read_on(
        self, consumer: AIOKafkaConsumer, place: TopicPartition, wanted: Wanted, kept: _Kept, until: float
    ) -> bool:
        """Read a partition on from where it was left. False: time was up before its end."""
        consumer.assign([place])
        is_plans = place.topic == self._settings.names.schedules.name
        end = (await consumer.end_offsets([place]))[place]
        if place not in kept.positions:
            first = (await consumer.beginning_offsets([place]))[place]
            kept.positions[place] = first if is_plans else await _first_at(consumer, place, wanted, first, end)
        position = min(kept.positions[place], end)
        consumer.seek(place, position)
        over = max(wanted.end, kept.log.planned_to(wanted.date))
        loop = asyncio.get_running_loop()
        while (position := await consumer.position(place)) < end:
            if loop.time() > until:
                kept.positions[place] = position
                return False
            found = await consumer.getmany(place, timeout_ms=500, max_records=RECORDS_AT_ONCE)
            for record in found.get(place, ()):
                if is_plans:
                    kept.log.plan(record.offset, (record.key or b"").decode("utf-8", "replace"), record.value or b"")
                else:
                    events = _events_of(record)
                    if _is_over(events, wanted.site, over):
                        kept.positions[place] = record.offset
                        return True
                    kept.log.hear(place.partition, record.offset, events)
            await asyncio.sleep(0)  # let sockets be served in between
        kept.positions[place] = position
        return True


def _is_over(events: list[AgentEvent], site: str, end: int) -> bool:
    """Whether a record is of a time so long after the end of a day that nothing of the day comes any more."""
    mine = [event.at for event in events if event.site == site]
    return bool(mine) and min(mine) >= end + LATE_MS


def _events_of(record: "ConsumerRecord[bytes, bytes]") -> list[AgentEvent]:
    try:
        return decode_agents(record.value or b"\x90")
    except MsgspecError:
        return []  # metrics made it a dead letter


async def _first_at(consumer: AIOKafkaConsumer, place: TopicPartition, wanted: Wanted, low: int, high: int) -> int:
    """An offset of [low, high] before which nothing belongs to a day or leads to it; a few records early at most."""
    while high - low > NEAR:
        middle = (low + high) // 2
        at = await _time_at(consumer, place, wanted.site, middle)
        if at is not None and at < wanted.start - LEAD_MS:
            low = middle
        else:
            high = middle
    return low


async def _time_at(consumer: AIOKafkaConsumer, place: TopicPartition, site: str, offset: int) -> int | None:
    """The site's time on the log from an offset on; None: the next records say nothing of the site."""
    consumer.seek(place, offset)
    for record in (await consumer.getmany(place, timeout_ms=500, max_records=RECORDS_AT_ONCE)).get(place, ()):
        times = [event.at for event in _events_of(record) if event.site == site]
        if times:
            return max(times)
    return None
