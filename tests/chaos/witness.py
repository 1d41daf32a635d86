"""Reads the event topics beside the services, so that what Redis shows can be compared with the log at any moment."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from services.contracts.events import (
    Abandoned,
    Answered,
    AnyEvent,
    Conferenced,
    Ended,
    FlowedOut,
    Heartbeat,
    Held,
    IvrEntered,
    IvrExited,
    IvrInputFailed,
    IvrNodeVisited,
    LegEvent,
    Offered,
    Ringing,
    StaffEvent,
    Transferred,
    VisitEvent,
    decode_agents,
    decode_contacts,
    decode_ivr,
    key_of,
)
from services.contracts.schedules import AdherenceException, DaySchedule, schedule_adapter
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.chaos.staff import name_of
from tests.oracle.floor import Call
from tests.oracle.ivr import Walk

ASK_EVERY_S = 0.25


@dataclass
class Told:
    """What one partition of one topic has told so far.

    Attributes:
        by_scope: queue, flow or agent → (offset, event), in the order of the log.
        beats: heartbeats, in the order of the log.
        clocks: site → (offset, latest moment told up to there), where it moved.
    """

    by_scope: defaultdict[str, list[tuple[int, AnyEvent]]] = field(default_factory=lambda: defaultdict(list))
    beats: list[Heartbeat] = field(default_factory=list)
    clocks: defaultdict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, offset: int, event: AnyEvent) -> None:
        """The next event."""
        if isinstance(event, Heartbeat):
            self.beats.append(event)
            self._reach(event.site, offset, event.at)
            return
        scope = key_of(event)
        self.by_scope[scope].append((offset, event))
        self._reach(event.site if isinstance(event, StaffEvent) else scope.partition("/")[0], offset, event.at)

    def clock(self, site: str, upto: int) -> int:
        """The site's clock after the record at `upto`."""
        return max((at for offset, at in self.clocks[site] if offset <= upto), default=-1)

    def events(self, scope: str, upto: int) -> list[AnyEvent]:
        """Of a queue or flow, up to and with an offset."""
        return [event for offset, event in self.by_scope[scope] if offset <= upto]

    def _reach(self, site: str, offset: int, at: int) -> None:
        moves = self.clocks[site]
        if not moves or at > moves[-1][1]:
            moves.append((offset, at))


class Ends(NamedTuple):
    """Where the log ended at a moment (monotonic seconds): (topic, partition) → offset of its last record."""

    at: float
    last: dict[tuple[str, int], int]


class Witness:
    """A reader of its own, that goes on when the broker comes back."""

    def __init__(self, settings: CommonSettings) -> None:
        names = settings.names
        self.contacts, self.ivr, self.tiles = names.contacts.name, names.ivr.name, names.tiles.name
        self.agents, self.schedules = names.agents.name, names.schedules.name
        self.plans: defaultdict[int, list[DaySchedule | AdherenceException]] = defaultdict(list)
        self.told: defaultdict[tuple[str, int], Told] = defaultdict(Told)
        self.seen: set[str] = set()
        self._settings = settings
        self._read: dict[str, Callable[[bytes], Sequence[AnyEvent]]] = {
            self.contacts: decode_contacts,
            self.ivr: decode_ivr,
            self.agents: decode_agents,
        }
        self._ends: list[Ends] = []
        self._reached: dict[tuple[str, int], int] = {}

    async def run(self) -> None:
        """Read for ever."""
        reader = kafka.reader(self._settings, *self._read, self.schedules)
        await reader.start()
        tiles = TopicPartition(self.tiles, 0)
        places = [*reader.assignment(), tiles]
        asked_at = 0.0
        try:
            while True:
                with suppress(KafkaError, TimeoutError):
                    for tp, records in (await reader.getmany(timeout_ms=100)).items():
                        for record in records:
                            self._take(tp, record.offset, record.value)
                    if time.monotonic() - asked_at >= ASK_EVERY_S:
                        asked_at = time.monotonic()
                        ends = await asyncio.wait_for(reader.end_offsets(places), 2)
                        self._ends = self._ends[-100:]
                        last = {(tp.topic, tp.partition): end - 1 for tp, end in ends.items()}
                        self._ends.append(Ends(asked_at, last))
        finally:
            await reader.stop()

    def ends(self, aged_s: float) -> Ends | None:
        """The last offset of each partition, `tiles` among them, `aged_s` ago; None if the broker has not told lately."""
        now = time.monotonic()
        if not self._ends or now - self._ends[-1].at > 2 * ASK_EVERY_S + 1:
            return None
        aged = [ends for ends in self._ends if ends.at <= now - aged_s]
        return aged[-1] if aged else None

    async def caught_up(self, *, begun: float) -> None:
        """Wait until everything is read that was on the log at `begun` (monotonic)."""
        while True:
            await asyncio.sleep(0.05)
            if self._ends and self._ends[-1].at > begun:
                ends = self._ends[-1].last
                if all(self._reached.get(place, -1) >= end for place, end in ends.items() if place[0] != self.tiles):
                    return

    def _take(self, tp: TopicPartition, offset: int, value: bytes) -> None:
        place = (tp.topic, tp.partition)
        self._reached[place] = offset
        if tp.topic == self.schedules:
            plan = schedule_adapter.validate_json(value)
            self.plans[tp.partition].append(plan)
            self.seen.add(name_of(plan))
            return
        for event in self._read[tp.topic](value):
            self.told[place].take(offset, event)
            if not isinstance(event, Heartbeat):
                self.seen.add(event.event_id)


def calls_in(events: Iterable[AnyEvent]) -> list[Call]:
    """The calls that events of one queue tell of, whatever their order; each of our calls has one outcome."""
    calls: dict[tuple[str, int], Call] = {}
    for event in events:
        if not isinstance(event, LegEvent):
            continue
        at = event.at if isinstance(event, Offered) else event.offered_at
        call = calls.get((event.contact, at)) or Call(event.queue, event.contact, at)
        match event:
            case Answered():
                call = replace(call, outcome="answered", resolved_at=event.at)
            case Abandoned():
                call = replace(call, outcome="abandoned", resolved_at=event.at)
            case FlowedOut():
                call = replace(call, outcome="flowed_out", resolved_at=event.at, reason=event.reason)
            case Ended():
                answered_at = event.at - event.talk_ms - event.hold_ms - event.wrap_up_ms
                call = replace(
                    call,
                    outcome="answered",
                    resolved_at=answered_at,
                    talk_ms=event.talk_ms,
                    hold_ms=event.hold_ms,
                    wrap_up_ms=event.wrap_up_ms,
                )
            case Offered():
                call = replace(call, channel=event.channel, segment=event.segment, dialled=event.dialled)
            case Ringing() | Held() | Transferred() | Conferenced():
                what = event.mode if isinstance(event, Transferred) else type(event).__name__.lower()
                call = replace(call, marks=tuple(sorted({*call.marks, (what, event.at)}, key=itemgetter(1))))
        calls[event.contact, at] = call
    return [_as_proved(call) for call in calls.values()]


def _as_proved(call: Call) -> Call:
    """Who was held was answered, even if neither the answer nor the end has been told yet."""
    proofs = [at for what, at in call.marks if what != "ringing"]
    if call.outcome is None and proofs:
        return replace(call, outcome="answered", resolved_at=min(proofs), inferred=True)
    return call


def visits_in(events: Iterable[AnyEvent]) -> list[Walk]:
    """The visits that events of one flow tell of."""
    visits: dict[tuple[str, int], Walk] = {}
    for event in events:
        if not isinstance(event, VisitEvent):
            continue
        at = event.at if isinstance(event, IvrEntered) else event.entered_at
        visit = visits.get((event.contact, at)) or Walk(event.flow, event.contact, at)
        match event:
            case IvrEntered():
                visit = replace(visit, segment=event.segment)
            case IvrNodeVisited():
                visit = replace(visit, nodes=tuple(sorted({*visit.nodes, (event.at, event.depth, event.node)})))
            case IvrInputFailed():
                visit = replace(visit, failed=tuple(sorted({*visit.failed, (event.at, event.node, event.fault)})))
            case IvrExited():
                visit = replace(visit, outcome=event.outcome, left_at=event.at, queue=event.queue)
        visits[event.contact, at] = visit
    return list(visits.values())
