"""Law of drawn days: whatever order and repetition, an agent's spans and sums are those counted by hand."""

from functools import partial
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.api.domain.agent_log import AgentLog, Member
from services.api.domain.timelines import AgentTimeline
from services.contracts.schedules import schedule_key
from services.contracts.workforce.activities import ActivityTable
from tests.oracle.agents import TICK_MS, Agent
from tests.unit.metrics.agent_desk import HORIZONS, SITE, activities
from tests.unit.metrics.staffs import RULES, Staff, disorder, staffs

untimed = partial(settings, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
TABLE = ActivityTable(activities())


def feed(log: AgentLog, offset: int, record) -> None:
    if isinstance(record, list):
        log.hear(0, offset, record)
    elif isinstance(record, str):
        log.plan(offset, record, b"")
    else:
        log.plan(offset, schedule_key(record), record.model_dump_json().encode())


def assert_drawn(day: AgentTimeline, agent: Agent, date: str) -> None:
    """Tick by tick: what is planned, what is done and how they fit; and the sums."""
    assert day.totals.model_dump() == agent.totals(date, day.as_of)
    assert sum(ms for span in day.actual for ms in span.by_state_ms.values()) == sum(
        s.end - s.start for s in day.actual
    )
    for spans in ([(s.start, s.end) for s in day.planned], [(s.start, s.end) for s in day.actual]):
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
    planned = {at: span for span in day.planned for at in range(span.start, span.end, TICK_MS)}
    actual = {at: span for span in day.actual for at in range(span.start, span.end, TICK_MS)}
    for at in agent.ticks_of(date, day.end):
        assert (planned[at].activity if at in planned else None) == agent.planned_at(at)
    for at in agent.ticks_of(date, day.as_of):
        turn = agent.turn_at(at)
        state, reason = ("offline", "") if turn is None else (turn.state, turn.reason)
        if at in actual:
            assert actual[at].activity == RULES.activity(state, reason)
            assert actual[at].adherence == agent.adherence_at(at)
        else:
            assert state == "offline"
            assert agent.planned_at(at) is None or agent.adherence_at(at) == "in"


@untimed(max_examples=20)
@given(st.data())
def test_a_day_is_drawn_as_it_was_in_whatever_order_the_log_tells(data):
    staff: Staff = data.draw(staffs())
    names = {telling.agent for telling in staff.floor.tellings} | {plan.agent for plan in staff.floor.plans}
    log = AgentLog(SITE, names, silent_ms=HORIZONS.silent_ms)
    for offset, record in enumerate(data.draw(disorder(staff))):
        feed(log, offset, record)
    for name in names:
        agent = staff.floor.agent(name)
        for date in {agent.day_of(at) for at in (staff.now, *(turn.at for turn in agent.turns))}:
            assert_drawn(log.day(Member(name, name, 0), date, staff.floor.timezone, TABLE), agent, date)
