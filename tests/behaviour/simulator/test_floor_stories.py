"""What happens on a simulated floor, told with a drawn timeline. Times are seconds after the start."""

from typing import Any

import pytest

from services.contracts.events import (
    Abandoned,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentStateChanged,
    Answered,
    Ended,
    FlowedOut,
    IvrEntered,
    IvrExited,
    IvrNodeVisited,
    Offered,
)
from services.ingest.domain.simulator import Event
from tests.unit.simulator.floors import (
    HOUR,
    MINUTE,
    MONDAY,
    fixed,
    floor,
    group,
    of_kind,
    queue,
    simulator,
    site,
    text,
)


def day_of(one_site: dict[str, Any], hours: float = 24, seed: int = 1) -> list[Event]:
    return simulator(floor(one_site), seed).run_until(MONDAY + round(hours * HOUR))


def second(at: int) -> float:
    return (at - MONDAY) / 1000


def test_a_call_that_meets_an_idle_agent_is_answered_at_once_and_talks_holds_and_wraps_up() -> None:
    """offered ─ answered ──talk──┬──hold 30 s──┬──talk── wrap-up 20 s ─ ended: 60 + 30 + 20 s in all."""
    one = queue(per_hour=2, service=fixed(60), hold={"probability": 1, "time": fixed(30)}, wrap_up=fixed(20))
    events = day_of(site([one], [group(1, "q")]))
    call = of_kind(events, Ended)[0].contact
    answered = next(e for e in of_kind(events, Answered) if e.contact == call)
    ended = of_kind(events, Ended)[0]
    assert answered.at == answered.offered_at
    assert (ended.talk_ms, ended.hold_ms, ended.wrap_up_ms) == (60_000, 30_000, 20_000)
    assert ended.at - answered.at == 110_000
    states = [e.state for e in of_kind(events, AgentStateChanged) if answered.at <= e.at <= ended.at]
    assert states[:5] == ["talking", "hold", "talking", "wrap_up", "available"]


def test_nobody_is_there_so_every_caller_gives_up_when_patience_ends() -> None:
    one = queue(per_hour=60, patience_s=30)
    events = day_of(
        site([one], [group(1, "q", shift="late")], shifts={"late": {"start": "23:00", "end": "24:00"}}), hours=22
    )
    waits = [(e.at - e.offered_at) / 1000 for e in of_kind(events, Abandoned)]
    assert len(waits) >= len(of_kind(events, Offered)) - 10
    assert sum(waits) / len(waits) == pytest.approx(30, rel=0.1)
    assert not of_kind(events, Answered)


def test_one_who_waits_too_long_overflows_once_and_keeps_the_contact() -> None:
    """offered to a ──20 s── flowed out to b = offered to b at the same moment ── answered there."""
    a = queue("a", per_hour=20, overflow={"after_s": 20, "to": "b"})
    b = queue("b", overflow={"after_s": 5, "to": "a"})
    shifts = {"never": {"start": "23:00", "end": "23:30"}}
    events = day_of(site([a, b], [group(1, "a", shift="never"), group(9, "b")], shifts=shifts), hours=10)
    flowed = of_kind(events, FlowedOut)
    assert len(flowed) > 100
    second_legs = {(e.contact, e.at) for e in of_kind(events, Offered) if e.queue == "site/b"}
    for event in flowed:
        assert (event.reason, event.queue, event.target) == ("overflow", "site/a", "site/b")
        assert event.at - event.offered_at == 20_000
        assert (event.contact, event.at) in second_legs
    assert {e.queue for e in of_kind(events, Answered)} == {"site/b"}


def test_a_shift_with_lunch_as_its_agent_lives_it() -> None:
    """08:00 in ── 10:00 lunch 30 min ── 12:00 out; nobody calls."""
    shifts = {
        "morning": {
            "start": "08:00", "end": "12:00", "weekdays": ["mon", "wed"],
            "breaks": [{"at": "10:00", "minutes": 30, "reason": "lunch"}],
        }
    }  # fmt: skip
    quiet = queue(per_hour=0.0001)
    events = day_of(site([quiet], [group(1, "q", shift="morning")], shifts=shifts), hours=3 * 24)
    told = [
        (
            second(e.at) / 3600,
            e.state + e.reason if isinstance(e, AgentStateChanged) else type(e).__name__,
        )
        for e in events
        if isinstance(e, AgentLoggedIn | AgentStateChanged | AgentLoggedOut)
    ]
    monday = [(8.0, "AgentLoggedIn"), (8.0, "available"), (10.0, "not_readylunch"), (10.5, "available")]
    monday += [(12.0, "AgentLoggedOut")]
    assert told == monday + [(48 + hour, what) for hour, what in monday]


def test_a_break_waits_for_the_call_in_hand_and_lasts_its_full_time() -> None:
    """Busy all the time with calls of 25 min: the break due at 10:00 begins when one ends, and takes 15 min."""
    shifts = {"day": {"start": "08:00", "end": "18:00", "breaks": [{"at": "10:00", "minutes": 15}]}}
    events = day_of(
        site([queue(per_hour=60, service=fixed(1500))], [group(1, "q", shift="day")], shifts=shifts), hours=20
    )
    away = next(e for e in of_kind(events, AgentStateChanged) if e.state == "not_ready")
    ends = [e.at for e in of_kind(events, Ended)]
    assert 10 * 3600 <= second(away.at) < 10 * 3600 + 1500
    assert away.at in ends
    assert min(e.at for e in of_kind(events, Answered) if e.at > away.at) == away.at + 15 * MINUTE
    off = of_kind(events, AgentLoggedOut)[0]
    assert second(off.at) >= 18 * 3600
    assert off.at == max(ends)


def test_a_chat_agent_has_three_at_once_and_never_a_fourth() -> None:
    chats = queue("chat", per_hour=120, channel="chat", service=fixed(600))
    events = day_of(site([chats], [group(1, "chat", chats_at_once=3)]), hours=5)
    open_now, most = 0, 0
    for event in events:
        open_now += isinstance(event, Answered)
        open_now -= isinstance(event, Ended)
        most = max(most, open_now)
    assert most == 3


def test_important_customers_are_answered_first() -> None:
    segments = [{"id": "regular", "share": 0.8}, {"id": "vip", "share": 0.2, "priority": 1}]
    events = day_of(site([queue(per_hour=57)], [group(1, "q")], segments=segments))
    segment = {e.contact: e.segment for e in of_kind(events, Offered)}
    waits: dict[str, list[int]] = {"regular": [], "vip": []}
    for event in of_kind(events, Answered):
        waits[segment[event.contact]].append(event.at - event.offered_at)
    mean = {name: sum(some) / len(some) for name, some in waits.items()}
    assert mean["vip"] < mean["regular"] / 2
    assert len(waits["vip"]) / len(segment) == pytest.approx(0.2, abs=0.05)


def test_callers_in_a_menu_are_served_lost_or_sent_on_in_the_shares_of_the_description() -> None:
    """first ─┬─ 70 % balance: half of them contained ── q
    └─ 30 % agent ── q;   one in ten hangs up in first."""
    menu = {
        "node": "first", "time": fixed(5), "hang_up": 0.1,
        "choices": [
            {"node": "balance", "share": 0.7, "time": fixed(10), "self_service": 0.5, "queue": "q"},
            {"node": "agent", "share": 0.3, "time": fixed(2), "queue": "q"},
        ],
    }  # fmt: skip
    flow = {"id": "main", "name": text("Main"), "arrivals": {"per_day": 9600, "profile": "flat"}, "menu": menu}
    events = day_of(site([queue()], [group(30, "q")], flows=[flow]))
    exits = of_kind(events, IvrExited)
    share = {
        outcome: sum(e.outcome == outcome for e in exits) / len(exits)
        for outcome in ("abandoned", "contained", "to_queue")
    }
    assert share == pytest.approx({"abandoned": 0.1, "contained": 0.315, "to_queue": 0.585}, abs=0.02)
    entered = {e.contact: e for e in of_kind(events, IvrEntered)}
    nodes = {(e.node, e.depth) for e in of_kind(events, IvrNodeVisited)}
    assert nodes == {("first", 1), ("balance", 2), ("agent", 2)}
    for event in exits:
        length = (event.at - entered[event.contact].at) / 1000
        assert length < 5 if event.outcome == "abandoned" else length in {7, 15}
    offered = {e.contact: e for e in of_kind(events, Offered)}
    for event in exits:
        if event.outcome == "to_queue":
            assert (offered[event.contact].at, offered[event.contact].queue) == (event.at, "site/q")
            assert offered[event.contact].customer == entered[event.contact].customer


def test_a_peak_multiplies_the_calls_of_its_minutes_and_no_others() -> None:
    peak = {"multiplier": 5, "repeating": {"after_min": 30, "for_min": 30, "every_min": 120}}
    daily = {"multiplier": 3, "only": ["b"], "daily": {"start": "12:00", "end": "13:00"}}
    a, b = queue("a", per_hour=600), queue("b", per_hour=600)
    events = day_of(site([a, b], [group(1, "a", "b")], peaks=[peak, daily]))
    for name in ("a", "b"):
        per_half_hour = [0] * 48
        for event in of_kind(events, Offered):
            if event.queue == f"site/{name}" and event.at < MONDAY + 24 * HOUR:
                per_half_hour[int(second(event.at)) // 1800] += 1
        for index, count in enumerate(per_half_hour):
            expected = 300 * (5 if index % 4 == 1 else 1) * (3 if name == "b" and index in {24, 25} else 1)
            assert count == pytest.approx(expected, abs=5 * expected**0.5)


def test_who_gives_up_calls_again_as_the_same_customer() -> None:
    customers = {"pool": 100_000, "frequent": 1, "frequent_share": 0, "redial_share": 1, "redial_after_s": 60}
    shifts = {"never": {"start": "23:00", "end": "23:30"}}
    one = queue(per_hour=5, patience_s=10)
    events = day_of(site([one], [group(1, "q", shift="never")], shifts=shifts, customers=customers), hours=3)
    abandoned, offered = of_kind(events, Abandoned), of_kind(events, Offered)
    calls_of = {e.customer: sum(o.customer == e.customer for o in offered) for e in offered}
    assert len(calls_of) < 30
    assert len(abandoned) > 200
    assert len({e.contact for e in offered}) == len(offered)
