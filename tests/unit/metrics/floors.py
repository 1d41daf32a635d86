"""Made-up floors: calls around an ordinary morning, a midnight, a change of the clocks; and their events in disorder."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from services.contracts.events import Abandoned, Answered, ContactEvent, Ended, FlowedOut, Offered
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


@st.composite
def calls(draw: st.DrawFn, start: int, *, queues: tuple[str, ...] = (SALES, SERVICE)) -> list[Call]:
    made = []
    for number in range(draw(st.integers(1, 14))):
        call = Call(draw(st.sampled_from(queues)), f"c{number}", start + draw(offsets))
        outcome: Outcome | None = draw(outcomes)
        if outcome is not None:
            call = replace(call, outcome=outcome, resolved_at=call.offered_at + draw(waits))
        if outcome == "answered" and draw(st.booleans()):
            call = replace(call, talk_ms=draw(st.integers(0, HOUR)), wrap_up_ms=draw(st.integers(0, MINUTE)))
        made.append(call)
    if draw(st.booleans()):  # the same caller comes back
        made.append(replace(made[0], offered_at=made[0].offered_at + 1, outcome=None, resolved_at=None, talk_ms=None))
    return made


def events_of(call: Call) -> list[ContactEvent]:
    """What an ACD tells of a call, in its order."""
    name = f"{call.contact}@{call.offered_at}"
    events: list[ContactEvent] = [Offered(f"{name}:o", "acd", call.offered_at, call.queue, call.contact)]
    if call.resolved_at is None:
        return events
    about = ("acd", call.resolved_at, call.queue, call.contact, call.offered_at)
    if call.outcome == "answered":
        events.append(Answered(f"{name}:a", *about))
    elif call.outcome == "abandoned":
        events.append(Abandoned(f"{name}:b", *about))
    else:
        events.append(FlowedOut(f"{name}:f", *about, "overflow"))
    if call.talk_ms is not None:
        ended_at = call.resolved_at + call.talk_ms + call.hold_ms + call.wrap_up_ms
        events.append(Ended(f"{name}:e", "acd", ended_at, *about[2:], call.talk_ms, call.hold_ms, call.wrap_up_ms))
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
    known = []
    for call in made:
        if call.offered_at > now:
            continue
        if call.resolved_at is None or call.resolved_at > now:
            known.append(Call(call.queue, call.contact, call.offered_at))
        elif call.talk_ms is not None and call.resolved_at + call.talk_ms + call.hold_ms + call.wrap_up_ms > now:
            known.append(replace(call, talk_ms=None, hold_ms=0, wrap_up_ms=0))
        else:
            known.append(call)
    return known
