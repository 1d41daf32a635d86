"""Made-up floors: calls around an ordinary morning, a midnight, a change of the clocks; and their events in disorder."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from services.contracts.events import (
    Abandoned,
    Answered,
    Conferenced,
    ContactEvent,
    Ended,
    FlowedOut,
    Held,
    Offered,
    Ringing,
    Transferred,
)
from tests.oracle.floor import Call, Outcome
from tests.unit.metrics.desk import SALES, SERVICE

MINUTE = 60_000
HOUR = 60 * MINUTE


@dataclass(frozen=True)
class Place:
    timezone: str
    start: int


def place(timezone: str, local_time: str) -> Place:
    local = datetime.fromisoformat(local_time).replace(tzinfo=ZoneInfo(timezone))
    return Place(timezone, round(local.timestamp() * 1000))


PLACES = [
    place("Asia/Jerusalem", "1999-01-05T09:07"),
    place("Asia/Jerusalem", "1999-01-05T22:40"),  # over midnight
    place("Europe/Lisbon", "2026-03-29T00:10"),  # 01:00 → 02:00: a day of 46 half-hours
    place("Europe/Lisbon", "2026-10-25T00:10"),  # 02:00 → 01:00: 50
    place("America/Sao_Paulo", "2018-11-03T23:10"),  # midnight itself is skipped
    place("Asia/Kathmandu", "2026-05-05T23:20"),  # +05:45
    place("Africa/Monrovia", "1971-01-01T11:05"),  # −00:44:30: half-hours begin within a page
]

offsets = st.integers(0, 2 * HOUR)
waits = st.one_of(st.integers(0, 90_000), st.sampled_from([0, 4999, 5000, 19_999, 20_000, 20_001, 30_000]), offsets)
outcomes: st.SearchStrategy[Outcome | None] = st.sampled_from(["answered", "answered", "abandoned", "flowed_out", None])
reasons = st.sampled_from(["overflow", "callback", "voicemail", "timeout", "closed", "unanswered_ring"])
channels = st.sampled_from(["voice", "voice", "chat", "email", "task"])
proofs = st.lists(st.sampled_from(["held", "blind", "consulted", "conferenced"]), max_size=3)

RINGING, PROOFS = "ringing", {"held", "blind", "consulted", "conferenced"}


@st.composite
def calls(
    draw: st.DrawFn, start: int, *, queues: tuple[str, ...] = (SALES, SERVICE), several_channels: bool = False
) -> list[Call]:
    made = []
    for number in range(draw(st.integers(1, 14))):
        call = Call(draw(st.sampled_from(queues)), f"c{number}", start + draw(offsets))
        if several_channels and draw(st.booleans()):
            about = draw(st.sampled_from(["", "VIP"])), draw(st.sampled_from(["", "800"]))
            call = replace(call, channel=draw(channels), segment=about[0], dialled=about[1])
        call = draw(_fates(call))
        made.append(call)
    if draw(st.booleans()):  # the same caller comes back
        first = made[0]
        made.append(Call(first.queue, first.contact, first.offered_at + 1))
    return made


@st.composite
def _fates(draw: st.DrawFn, call: Call) -> Call:
    rings = draw(st.lists(st.integers(0, 2 * MINUTE), max_size=2))
    outcome: Outcome | None = draw(outcomes)
    if outcome is not None:
        call = replace(call, outcome=outcome, resolved_at=call.offered_at + draw(waits))
        rings = [ring for ring in rings if ring <= call.wait_ms]
    if outcome == "flowed_out":
        call = replace(call, reason=draw(reasons))
    marks = [(RINGING, call.offered_at + ring) for ring in rings]
    if outcome == "answered":
        assert call.resolved_at is not None
        marks += [(proof, call.resolved_at + draw(st.integers(0, MINUTE))) for proof in draw(proofs)]
        proven = [at for mark, at in marks if mark != RINGING]
        if draw(st.booleans()):
            hold_ms = draw(st.sampled_from([0, 0, 7000]))
            call = replace(
                call, talk_ms=draw(st.integers(0, HOUR)), hold_ms=hold_ms, wrap_up_ms=draw(st.integers(0, MINUTE))
            )
        if draw(st.booleans()) and (call.talk_ms is not None or proven):
            call = replace(call, inferred=True)
    return as_told(replace(call, marks=tuple(marks)), FOR_EVER)


FOR_EVER = 2**60


def as_told(call: Call, now: int) -> Call:
    """A call as it is known at a moment; an answer that nobody tells is known by what only an answered call does."""
    call = replace(call, marks=tuple(mark for mark in call.marks if mark[1] <= now))
    ended = call.ended_at is not None and call.ended_at <= now
    answered_at = call.resolved_at
    if call.inferred and not ended:
        answered_at = min((at for mark, at in call.marks if mark in PROOFS), default=None)
    if answered_at is None or answered_at > now:
        kept = ("queue", "contact", "offered_at", "channel", "segment", "dialled", "marks")
        return Call(**{name: getattr(call, name) for name in kept})
    if not ended:
        call = replace(call, talk_ms=None, hold_ms=0, wrap_up_ms=0)
    return replace(call, resolved_at=answered_at)


def events_of(call: Call) -> list[ContactEvent]:
    """What an ACD tells of a call, in its order."""
    name = f"{call.contact}@{call.offered_at}"
    about = (call.queue, call.contact)
    events: list[ContactEvent] = [
        Offered(
            f"{name}:o", "acd", call.offered_at, *about, call.channel, call.segment, "", call.dialled  # type: ignore[arg-type]
        )
    ]  # fmt: skip
    for number, (mark, at) in enumerate(call.marks):
        head = (f"{name}:{number}", "acd", at, *about, call.offered_at)
        if mark == RINGING:
            events.append(Ringing(*head))
        elif mark == "held":
            events.append(Held(*head))
        elif mark == "conferenced":
            events.append(Conferenced(*head))
        else:
            events.append(Transferred(*head, mark))  # type: ignore[arg-type]  # blind or consulted
    if call.resolved_at is None:
        return events
    head = (f"{name}:out", "acd", call.resolved_at, *about, call.offered_at)
    if call.outcome == "abandoned":
        events.append(Abandoned(*head))
    elif call.outcome == "flowed_out":
        events.append(FlowedOut(*head, call.reason))  # type: ignore[arg-type]
    elif not call.inferred:
        events.append(Answered(*head))
    if call.ended_at is not None and call.talk_ms is not None:
        head = (f"{name}:e", "acd", call.ended_at, *about, call.offered_at)
        events.append(Ended(*head, call.talk_ms, call.hold_ms, call.wrap_up_ms))
    return events


def in_time_order(made: list[Call]) -> list[ContactEvent]:
    return sorted((event for call in made for event in events_of(call)), key=lambda event: event.at)


@st.composite
def disorder(draw: st.DrawFn, events: list[ContactEvent]) -> list[list[ContactEvent]]:
    """The same events in any order, some of them repeated, in records of any size."""
    repeats = draw(st.lists(st.sampled_from(events), max_size=6))
    mixed = draw(st.permutations(events + repeats))
    records: list[list[ContactEvent]] = [[]]
    for event, cut in zip(mixed, draw(st.lists(st.booleans(), min_size=len(mixed), max_size=len(mixed))), strict=True):
        if cut:
            records.append([])
        records[-1].append(event)
    return records


def known_at(made: list[Call], now: int) -> list[Call]:
    """The floor as it is known at `now`: who has not come yet, waits or talks then."""
    return [as_told(call, now) for call in made if call.offered_at <= now]
