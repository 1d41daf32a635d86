"""A simulated telephone system that lends agents: two centres of one queue each, and who answers where."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.events import Answered, Ended, Offered
from services.ingest.domain.simulator import HOME, Event, Floor, Order, Simulator, SnapshotError, topology_of
from tests.unit.simulator.floors import HOUR, MINUTE, MONDAY, fixed, floor, group, of_kind, queue, simulator, site

HERE, THERE = "here/q", "there/q"


def two_centres(*, per_hour: float = 60, **more: Any) -> Floor:
    """One agent here, nobody who counts there."""
    return floor(
        site([queue(per_hour=per_hour, **more)], [group(2, "q")], id="here"),
        site([queue(per_hour=per_hour, **more)], [group(1, "q")], id="there"),
    )


def answered_by(events: list[Event], agent: str) -> list[tuple[float, str]]:
    """(minutes, queue) of each contact that an agent took."""
    return [((event.at - MONDAY) / MINUTE, event.queue) for event in of_kind(events, Answered) if event.agent == agent]


def given_orders(of: Floor, *orders: Order) -> Simulator:
    made = simulator(of)
    for order in orders:
        made.obey(order)
    return made


def test_who_is_lent_answers_there_alone_until_taken_back():
    there, back = MONDAY + 60 * MINUTE, MONDAY + 120 * MINUTE
    events = given_orders(
        two_centres(), Order(there, "here-team-01", THERE), Order(back, "here-team-01", HOME)
    ).run_until(MONDAY + 3 * HOUR)

    took = answered_by(events, "here-team-01")
    assert {where for minute, where in took if minute < 60} == {HERE}
    assert {where for minute, where in took if 60 <= minute < 120} == {THERE}
    assert {where for minute, where in took if minute >= 120} == {HERE}
    assert {where for _, where in answered_by(events, "here-team-02")} == {HERE}


def test_what_is_in_hand_is_finished_first_and_what_waits_there_is_taken_at_once():
    busy = floor(
        site([queue(per_hour=60, service=fixed(600))], [group(1, "q")], id="here"),
        site([queue(per_hour=60)], [group(1, "q", shift="late")], id="there", shifts={"late": {"start": "20:00", "end": "23:00"}}),
    )  # fmt: skip
    order = Order(MONDAY + 30 * MINUTE, "here-team-01", THERE)
    events = given_orders(busy, order).run_until(MONDAY + HOUR)

    at_work = [event for event in of_kind(events, Ended) if event.agent == "here-team-01" and event.at >= order.at]
    first = at_work[0]
    assert first.queue == HERE, "the contact in hand"
    next_one = next(event for event in of_kind(events, Answered) if event.at >= order.at)
    assert (next_one.at, next_one.queue, next_one.agent) == (first.at, THERE, "here-team-01")
    assert next_one.offered_at == min(event.at for event in of_kind(events, Offered) if event.queue == THERE)


def test_an_agent_with_chats_has_several_abroad_as_well():
    chats = floor(
        site([queue(channel="chat", per_hour=1)], [group(1, "q", chats_at_once=3)], id="here"),
        site([queue(channel="chat", per_hour=120, service=fixed(600))], [group(1, "q")], id="there"),
    )
    events = given_orders(chats, Order(MONDAY + 1, "here-team-01", THERE)).run_until(MONDAY + HOUR)

    open_, most = 0, 0
    for event in events:
        if isinstance(event, Answered | Ended) and event.agent == "here-team-01" and event.queue == THERE:
            open_ += 1 if isinstance(event, Answered) else -1
            most = max(most, open_)
    assert most == 3


def test_the_description_names_the_queue_that_they_serve_now():
    described = {agent.id: agent.queues for agent in topology_of(two_centres(), {"here-team-01": THERE}).agents}
    assert described == {"here-team-01": (THERE,), "here-team-02": (HERE,), "there-team-01": (THERE,)}


def test_orders_of_other_floors_and_of_the_past_are_refused():
    made = simulator(two_centres())
    made.run_until(MONDAY + MINUTE)
    assert made.concerns(Order(0, "here-team-01", HOME))
    assert not made.concerns(Order(0, "nobody", THERE))
    assert not made.concerns(Order(0, "here-team-01", "elsewhere/q"))
    with pytest.raises(ValueError, match="comes too late"):
        made.obey(Order(MONDAY + MINUTE, "here-team-01", THERE))


def test_a_snapshot_that_followed_other_orders_is_no_use():
    lent = given_orders(two_centres(), Order(MONDAY + MINUTE, "here-team-01", THERE))
    lent.run_until(MONDAY + 2 * MINUTE)
    with pytest.raises(SnapshotError, match="orders"):
        simulator(two_centres()).restore(lent.snapshot())


AGENTS = ("here-team-01", "here-team-02", "there-team-01")
moments = st.integers(1, 4 * HOUR)


@settings(max_examples=60)
@given(
    orders=st.lists(st.tuples(moments, st.sampled_from(AGENTS), st.sampled_from((HERE, THERE, HOME))), max_size=8),
    stops=st.lists(moments, max_size=6),
    channel=st.sampled_from(["voice", "chat"]),
)
def test_steps_and_restarts_change_no_event_and_nobody_is_in_two_places(orders, stops, channel):
    of, end = two_centres(per_hour=40, channel=channel), MONDAY + 4 * HOUR
    told = [Order(MONDAY + at, agent, where) for at, agent, where in sorted(orders)]
    undisturbed = given_orders(of, *told).run_until(end)

    again, events = given_orders(of), list[Event]()
    for stop in [*sorted(stops), end - MONDAY]:
        for order in told:  # each comes to be known before its time, as late as possible
            if again.clock < order.at <= MONDAY + stop:
                again.obey(order)
        events += again.run_until(MONDAY + stop)
        known = [order for order in told if order.at <= MONDAY + stop]
        restarted = given_orders(of, *known)
        restarted.restore(again.snapshot())
        again = restarted

    assert events == undisturbed
    taken = [event.contact for event in of_kind(undisturbed, Answered)]
    assert len(taken) == len(set(taken))
    _each_answers_where_they_are(undisturbed, told)


def _each_answers_where_they_are(events: list[Event], orders: list[Order]) -> None:
    for event in of_kind(events, Answered):
        home = f"{event.agent.partition('-')[0]}/q"
        told = [order.queue or home for order in orders if order.agent == event.agent and order.at <= event.at]
        assert event.queue == (told[-1] if told else home)
