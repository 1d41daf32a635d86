"""Laws that hold on every floor, seen from its events alone, on floors that Hypothesis makes up."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.events import Heartbeat
from services.ingest.domain.simulator import Event, Floor, Simulator
from tests.unit.simulator.audit import Audit
from tests.unit.simulator.floors import HOUR, MINUTE, MONDAY, floor, group, queue, simulator, site, text

shapes = st.sampled_from(["lognormal", "exponential", "fixed"])
seconds = st.sampled_from([0, 0.2, 5, 40, 300])
times = st.fixed_dictionaries({"mean_s": seconds, "shape": shapes})
shares = st.sampled_from([0.0, 0.1, 0.5, 1.0])


@st.composite
def queues(draw: Callable[..., Any], name: str, others: list[str]) -> dict[str, Any]:
    overflow = None
    if others and draw(st.booleans()):
        overflow = {"after_s": draw(st.sampled_from([1, 20, 120])), "to": draw(st.sampled_from(others))}
    return queue(
        name,
        per_hour=draw(st.sampled_from([2, 20, 60])),
        channel=draw(st.sampled_from(["voice", "voice", "chat", "email"])),
        service=draw(times),
        hold=draw(st.none() | st.fixed_dictionaries({"probability": shares, "time": times})),
        wrap_up=draw(times),
        patience_s=draw(st.sampled_from([None, 0.5, 30, 300])),
        overflow=overflow,
    )


@st.composite
def menus(draw: Callable[..., Any], names: list[str]) -> dict[str, Any]:
    end = {
        "node": "end", "share": 0.25, "time": draw(times), "hang_up": draw(shares),
        "self_service": draw(shares), "queue": draw(st.sampled_from(names)),
    }  # fmt: skip
    below = {"node": "below", "time": draw(times), "choices": [end | {"node": "deep", "share": 1}], "share": 0.75}
    return {
        "node": "first", "time": draw(times), "hang_up": draw(shares), "choices": [end, below],
        "invalid": draw(shares), "timeouts": draw(shares),
    }  # fmt: skip


@st.composite
def shifts(draw: Callable[..., Any]) -> dict[str, Any]:
    start = draw(st.integers(0, 23))
    length = draw(st.integers(2, 20))
    pauses = [
        {"at": f"{(start + hour) % 24:02d}:30", "minutes": draw(st.sampled_from([1, 15])), "stagger_min": 10}
        for hour in range(min(length - 1, draw(st.integers(0, 3))))
    ]
    return {
        "start": f"{start:02d}:00", "end": f"{(start + length) % 24:02d}:00", "breaks": pauses,
        "punctuality_s": draw(st.sampled_from([0, 60, 900])),
    }  # fmt: skip


@st.composite
def sites(draw: Callable[..., Any], name: str) -> dict[str, Any]:
    names = ["a", "b", "c"][: draw(st.integers(1, 3))]
    skills = st.lists(st.sampled_from(names), min_size=1, unique=True)
    groups = [
        group(draw(st.integers(1, 4)), *draw(skills), shift=draw(st.sampled_from(["always", "some"])), chats_at_once=draw(st.integers(1, 3)))
        for _ in range(draw(st.integers(1, 3)))
    ]  # fmt: skip
    flow = {"id": "menu", "name": text("Menu"), "arrivals": {"per_day": 700}, "menu": draw(menus(names))}
    if draw(st.booleans()):
        flow["shortcut"] = {"segments": ["vip"], "menu": {"node": "vip", "time": draw(times), "queue": names[0]}}
    peak = {"multiplier": 4, "repeating": {"after_min": 10, "for_min": 20, "every_min": 60}}
    return site(
        [draw(queues(one, [other for other in names if other != one])) for one in names],
        groups,
        id=name,
        timezone=draw(st.sampled_from(["UTC", "Asia/Jerusalem", "America/St_Johns"])),
        shifts={"some": draw(shifts())},
        flows=draw(st.sampled_from([[], [flow]])),
        peaks=draw(st.sampled_from([[], [peak]])),
        segments=[{"id": "regular", "share": 0.8}, {"id": "vip", "share": 0.2, "priority": draw(st.integers(0, 1))}],
        customers={"pool": 50, "frequent": 5, "redial_share": draw(st.sampled_from([0, 0.4])), "redial_after_s": 300},
    )


@st.composite
def floors(draw: Callable[..., Any]) -> Floor:
    return floor(*(draw(sites(name)) for name in ["one", "two"][: draw(st.integers(1, 2))]))


starts = st.integers(MONDAY, MONDAY + 7 * 24 * HOUR)
lengths = st.integers(MINUTE, 3 * HOUR)


def whole(simulated: Simulator, length: int) -> list[Event]:
    return simulated.run_until(simulated.start + length)


@settings(max_examples=60, deadline=None)
@given(floors(), st.integers(0, 9), starts, st.integers(HOUR, 4 * HOUR))
def test_no_event_breaks_a_law_of_the_floor(made_up: Floor, seed: int, start: int, length: int) -> None:
    audit = Audit(made_up)
    for event in whole(simulator(made_up, seed, start), length):
        audit.see(event)
    waiting, in_service = audit.waiting, len(audit.legs) - audit.waiting
    ends = audit.done["answered"] + audit.done["abandoned"] + audit.done["flowedout"]
    assert audit.done["offered"] == ends + waiting
    assert audit.done["answered"] == audit.done["ended"] + in_service


@settings(max_examples=60, deadline=None)
@given(floors(), st.integers(0, 9), starts, lengths, st.tuples(st.lists(lengths, max_size=6), st.integers(1, 50)))
def test_the_steps_in_which_it_is_asked_change_nothing(
    made_up: Floor, seed: int, start: int, length: int, steps: tuple[list[int], int]
) -> None:
    moments, limit = steps
    at_once = whole(simulator(made_up, seed, start), length)
    stepwise: list[Event] = []
    running = simulator(made_up, seed, start)
    for step in sorted(min(moment, length) for moment in moments):
        stepwise += running.run_until(start + step)
        assert running.clock == start + step
    while running.clock < start + length:
        some = running.run_until(start + length, limit)
        assert all(event.at <= running.clock for event in some if hasattr(event, "at"))
        stepwise += some
    stepwise += running.run_until(start + length)
    assert stepwise == at_once


@settings(max_examples=60, deadline=None)
@given(floors(), st.integers(0, 9), starts, lengths, st.integers(0, 3 * HOUR))
def test_a_restored_simulator_goes_on_as_if_nothing_had_happened(
    made_up: Floor, seed: int, start: int, length: int, more: int
) -> None:
    first = simulator(made_up, seed, start)
    before = whole(first, length)
    kept = first.snapshot()
    second = simulator(Floor.model_validate_json(made_up.model_dump_json()), seed, start)
    second.run_until(start + 20 * MINUTE)
    second.restore(kept)
    assert second.clock == first.clock
    assert second.snapshot() == kept
    after = second.run_until(start + length + more)
    assert before + after == whole(simulator(made_up, seed, start), length + more)
    assert first.run_until(start + length + more) == after


@settings(max_examples=30, deadline=None)
@given(sites("one"), sites("two"), st.integers(0, 9), lengths)
def test_one_more_site_changes_nothing_at_the_others(
    one: dict[str, Any], two: dict[str, Any], seed: int, length: int
) -> None:
    def of_site_one(events: list[Event]) -> list[Event]:
        return [event for event in events if not isinstance(event, Heartbeat) and event.event_id.startswith("one-")]

    alone = whole(simulator(floor(one), seed), length)
    assert of_site_one(whole(simulator(floor(one, two), seed), length)) == alone
