"""Laws of agents: whatever order, repetition, batches or faults, states and adherence are those counted by hand."""

from functools import partial

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.contracts.agents import AgentTotals
from tests.unit.metrics.agent_desk import AgentDesk
from tests.unit.metrics.staffs import Staff, disorder, staffs

untimed = partial(settings, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def feed(desk: AgentDesk, record) -> None:
    if isinstance(record, list):
        desk.send(*record)
    elif isinstance(record, str):
        desk.delete(record)
    else:
        desk.schedule(record)


def assert_right(desk: AgentDesk, staff: Staff) -> None:
    desk.look()
    floor = staff.floor
    for name, tile in desk.tiles.items():
        agent = floor.agent(name)
        assert tile.as_of <= staff.now
        # Nothing but totals has changed since the tile was told, so all the rest must be right as of now, too.
        for at in {tile.as_of, staff.now}:
            turn = agent.turn_at(at)
            shown = ("offline", "", "", 0) if turn is None else (turn.state, turn.reason, turn.contact, turn.since)
            assert (tile.state, tile.reason, tile.contact, tile.since) == shown
            assert tile.planned == agent.planned_at(at)
            assert tile.next_change_at == agent.next_change(at)
            assert tile.next_change_at is None or tile.next_planned == agent.planned_at(tile.next_change_at)
            assert tile.adherence == agent.adherence_at(at)
            assert tile.date == agent.day_of(at)
            assert tile.adherence_since == agent.adherence_since(at)
        assert tile.totals.model_dump() == agent.totals(tile.date, tile.as_of)
    for (name, date), day in desk.days().items():
        agent = floor.agent(name)
        assert day.totals.model_dump() == agent.totals(date, day.as_of)
        final = agent.totals(date, staff.now)
        if day.status == "final":
            assert day.totals.model_dump() == final
        assert day.totals.signed_in_ms == sum(day.totals.by_state_ms.values())
    assert desk.keeper.wrong_agent_totals == 0
    assert desk.letters == {}


def assert_no_day_is_missing(desk: AgentDesk, staff: Staff) -> None:
    days = desk.days()
    for name in {telling.agent for telling in staff.floor.tellings} | {plan.agent for plan in staff.floor.plans}:
        agent = staff.floor.agent(name)
        for turn in agent.turns:
            assert (name, agent.day_of(turn.at)) in days
        told = AgentTotals()
        for (of, date), day in days.items():
            if of == name and day.status == "final":
                told = AgentTotals.model_validate(agent.totals(date, staff.now))
                assert day.totals == told


@untimed(max_examples=60)
@given(st.data())
def test_order_repetition_and_batches_change_no_number(data):
    staff = data.draw(staffs())
    desk = staff.desk()
    for record in data.draw(disorder(staff)):
        feed(desk, record)
        match data.draw(st.sampled_from(["go on", "go on", "look", "checkpoint"])):
            case "look":
                desk.look()
            case "checkpoint":
                desk.checkpoint()

    assert_right(desk, staff)
    assert_no_day_is_missing(desk, staff)


@untimed(max_examples=50)
@given(st.data())
def test_killed_at_any_moment_it_ends_in_the_same_numbers(data):
    staff = data.draw(staffs())
    desk = staff.desk()
    for record in data.draw(disorder(staff)):
        feed(desk, record)
        match data.draw(st.sampled_from(["go on", "look", "checkpoint", "die", "die in a checkpoint"])):
            case "look":
                desk.look()
            case "checkpoint":
                desk.checkpoint()
            case "die":
                desk.kill(replay_from=data.draw(st.integers(0, desk.acknowledged)))
            case "die in a checkpoint":
                desk.checkpoint(states_kept=data.draw(st.integers(0, 6)))
                desk.kill(replay_from=data.draw(st.integers(0, desk.acknowledged)))

    assert_right(desk, staff)


@untimed(max_examples=50)
@given(st.data())
def test_days_and_revisions_are_those_of_an_undisturbed_run(data):
    staff = data.draw(staffs())
    calm, disturbed = staff.desk(), staff.desk()
    for record in data.draw(disorder(staff)):
        feed(calm, record)
        feed(disturbed, record)
        if data.draw(st.booleans()):
            disturbed.look()
        if data.draw(st.booleans()):
            disturbed.checkpoint(states_kept=data.draw(st.integers(0, 6)))
            disturbed.kill(replay_from=0)

    assert disturbed.days() == calm.days()
