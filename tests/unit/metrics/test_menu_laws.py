"""Laws of voice menus: whatever order, repetition, batches or faults, the numbers are those that the oracle counts."""

from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.contracts.events import (
    IvrEntered,
    IvrExited,
    IvrFault,
    IvrInputFailed,
    IvrNodeVisited,
    VisitEvent,
    encode_batch,
)
from services.contracts.metrics import IvrInterval
from tests.oracle.ivr import MenuOutcome, Walk, menus
from tests.unit.metrics.desk import MENU, Desk, site
from tests.unit.metrics.floors import HOUR, MINUTE, PLACES

untimed = partial(settings, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NODES = ["welcome", "accounts", "cards", "balance"]
faults: st.SearchStrategy[IvrFault] = st.sampled_from(["invalid", "timeout"])
outcomes: st.SearchStrategy[MenuOutcome | None] = st.sampled_from(
    ["contained", "abandoned", "to_queue", "virtual", None]
)


@st.composite
def walks(draw: st.DrawFn, start: int) -> list[Walk]:
    made = []
    for number in range(draw(st.integers(1, 10))):
        entered_at = start + draw(st.integers(0, 2 * HOUR))
        times = sorted(draw(st.lists(st.integers(0, 5 * MINUTE), max_size=5)))
        nodes = tuple((entered_at + after, depth, draw(st.sampled_from(NODES))) for depth, after in enumerate(times, 1))
        failed = draw(st.lists(st.tuples(st.integers(0, 5 * MINUTE), st.sampled_from(NODES), faults), max_size=3, unique=True))  # fmt: skip
        outcome = draw(outcomes)
        call = Walk(
            draw(st.sampled_from([MENU, "lisbon/night"])), f"c{number}", entered_at, draw(st.sampled_from(["", "vip", "regular"])), nodes,
            tuple((entered_at + after, node, how) for after, node, how in failed),
        )  # fmt: skip
        if outcome is not None:
            left_at = entered_at + draw(st.sampled_from([*times, *times[-1:], *times[-1:], 0, 6 * MINUTE]))
            queue = draw(st.sampled_from(["lisbon/sales", "lisbon/service"])) if outcome == "to_queue" else ""
            call = replace(call, outcome=outcome, left_at=left_at, queue=queue)
        made.append(call)
    return made


def events_of(call: Walk) -> list[VisitEvent]:
    name, about = f"{call.contact}@{call.entered_at}", (call.flow, call.contact)
    events: list[VisitEvent] = [IvrEntered(f"{name}:in", "ivr", call.entered_at, *about, call.segment)]
    for at, depth, node in call.nodes:
        events.append(IvrNodeVisited(f"{name}:{at}:{node}", "ivr", at, *about, call.entered_at, node, depth))
    for at, node, how in call.failed:
        events.append(IvrInputFailed(f"{name}:{at}:{node}:{how}", "ivr", at, *about, call.entered_at, node, how))
    if call.outcome is not None and call.left_at is not None:
        events.append(IvrExited(f"{name}:out", "ivr", call.left_at, *about, call.entered_at, call.outcome, call.queue))
    return events


@st.composite
def records(draw: st.DrawFn, made: list[Walk]) -> list[list[VisitEvent]]:
    """Their events in any order, some repeated, in records of any size."""
    events = [event for call in made for event in events_of(call)]
    mixed = draw(st.permutations(events + draw(st.lists(st.sampled_from(events), max_size=6))))
    batches: list[list[VisitEvent]] = [[]]
    for event in mixed:
        if draw(st.booleans()):
            batches.append([])
        batches[-1].append(event)
    return batches


def assert_menus(floor: Desk, made: list[Walk], timezone: str) -> None:
    expected = menus(made, timezone)
    found = floor.half_hours()
    assert found.keys() == expected.keys()
    for name, interval in found.items():
        assert isinstance(interval, IvrInterval)
        menu = expected[name]
        assert interval.counts.model_dump() == menu.counts()
        assert {node: counts.model_dump() for node, counts in interval.nodes.items()} == menu.nodes()
        assert {(link.source, link.to): link.calls for link in interval.links} == menu.links()
        assert {segment: counts.model_dump() for segment, counts in interval.segments.items()} == menu.segments()
        assert_invariants(interval)


def assert_invariants(interval: IvrInterval) -> None:
    flowing: dict[str, int] = {}
    for link in interval.links:
        flowing[link.source] = flowing.get(link.source, 0) - link.calls
        flowing[link.to] = flowing.get(link.to, 0) + link.calls
    for name, node in interval.nodes.items():
        assert node.entered == node.left + node.lost + node.contained + node.to_queue + node.inside
        assert flowing.get(name, 0) == node.inside, "what comes to a node goes on, or is still there"
    assert flowing.get("lost", 0) == interval.counts.lost
    assert flowing.get("contained", 0) == interval.counts.contained


@untimed()
@given(st.data())
def test_order_repetition_batches_and_crashes_change_no_number(data: Any) -> None:
    place = data.draw(st.sampled_from(PLACES))
    made = data.draw(walks(place.start))
    floor, calm = Desk(site(place.timezone)), Desk(site(place.timezone))
    for record in data.draw(records(made)):
        floor.send_ivr(*record)
        calm.send_ivr(*record)
        match data.draw(st.sampled_from(["go on", "checkpoint", "die", "die in a checkpoint"])):
            case "checkpoint":
                floor.checkpoint()
            case "die":
                floor.kill(replay_from=data.draw(st.integers(0, floor.acknowledged)))
            case "die in a checkpoint":
                floor.checkpoint(states_kept=data.draw(st.integers(0, 3)))
                floor.kill(replay_from=data.draw(st.integers(0, floor.acknowledged)))

    assert_menus(floor, made, place.timezone)
    assert floor.half_hours() == calm.half_hours()  # revisions, too
    assert floor.told_rules.keys() == floor.published.keys(), "rules hear of every half-hour"
    assert not floor.letters


@untimed()
@given(st.data())
def test_contradicting_events_end_the_same_in_any_order(data: Any) -> None:
    place = data.draw(st.sampled_from(PLACES))
    first, other = data.draw(walks(place.start)), data.draw(walks(place.start))
    mixed = [replace(call, contact="ana", entered_at=place.start) for call in [*first, *other]]
    batches = data.draw(records(mixed))
    one, two = Desk(site(place.timezone)), Desk(site(place.timezone))
    one.send_raw(encode_batch([event for batch in batches for event in batch]), "desk.ivr")
    two.send_raw(encode_batch([event for call in mixed for event in events_of(call)]), "desk.ivr")

    assert one.state() == two.state()
    for interval in one.half_hours().values():
        assert isinstance(interval, IvrInterval)
        assert_invariants(interval)
