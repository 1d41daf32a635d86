"""GET /v1/teams/…/timeline on real Kafka, Redis, metrics and API: what is drawn is what metrics counts."""

from typing import Any

import pytest

from services.api.domain.agent_log import Member
from services.api.domain.timelines import TeamTimeline
from services.api.staff_log import LEAD_MS, StaffLog, Wanted
from services.contracts.events import AgentLoggedIn, AgentStateChanged, Heartbeat
from services.contracts.local_days import day_bounds
from services.contracts.schedules import AdherenceException, schedule_key
from services.contracts.topology import Agent
from services.contracts.workforce.activities import ActivityTable
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.behaviour.api.conftest import Api
from tests.integration.metrics.service import Log, Shown, applied, running, wait_for
from tests.integration.metrics.test_agents import DATE, NAMES, NOW, ZONE, a_working_day, let_time_pass, post, records_of
from tests.oracle.agents import TICK_MS
from tests.unit.api.test_agent_log import assert_drawn
from tests.unit.metrics.agent_desk import SITE, activities, site

pytestmark = pytest.mark.timeout(240)
TEAM, MEMBERS = f"{SITE}/red", NAMES[:20]
OTHERS = [Agent(id=name, site=SITE, team=f"{SITE}/blue") for name in NAMES[20:]]
NEXT = NOW + 10 * TICK_MS


def drawn(api: Api, **parameters: Any) -> TeamTimeline:
    answer = api.get(f"/v1/teams/{TEAM}/timeline", params=parameters)
    assert answer.status_code == 200, answer.text
    return TeamTimeline.model_validate_json(answer.content)


async def excuse(log: Log, settings: CommonSettings, made: AdherenceException) -> None:
    partition, key = kafka.partition_of(made.agent, settings.partitions), schedule_key(made).encode()
    await log.send(settings.names.schedules.name, partition, made.model_dump_json().encode(), key)


async def test_what_is_drawn_is_what_metrics_counts(settings, environment, tmp_path):
    shown, floor = Shown(settings), a_working_day(3)
    team = [Agent(id=name, name=f"Name of {name}", site=SITE, team=TEAM) for name in MEMBERS]
    async with Log(settings) as log:
        await log.describe(site(ZONE), activities(), *team, *OTHERS)
        for record in records_of(floor, 3):
            await post(log, settings, record)
        await let_time_pass(log, settings, floor)
        with running(environment, tmp_path / "metrics.log"):
            await applied(shown, log.ends)
            wait_for(lambda: shown.agents().keys() == set(NAMES), "the agents")
            api = Api(environment, tmp_path / "api.log")
            api.start()
            try:
                day = drawn(api)
                assert (day.date, day.timezone, day.incomplete) == (DATE, ZONE, None)
                assert [(each.agent, each.name) for each in day.agents] == [(one.id, one.name) for one in team]
                assert {each.as_of for each in day.agents} == {NOW}
                for each in day.agents:
                    assert_drawn(each, floor.agent(each.agent), DATE)
                assert drawn(api, date=DATE) == day

                # The next question reads on: an excuse, a change of state, time.
                late = next(each for each in day.agents if each.totals.out_ms > 0)
                until = late.actual[-1].end
                made = AdherenceException(
                    id="x", agent=late.agent, start=day.start, end=until, reason="ill", approved_by="lea"
                )
                await excuse(log, settings, made)
                state = AgentStateChanged("e", "acd", NOW + TICK_MS, late.agent, SITE, "not_ready", "break")
                await log.events(settings.names.agents.name, [state])
                await log.heartbeat(settings.names.agents.name, Heartbeat("acd", SITE, NEXT))
                later = next(each for each in drawn(api).agents if each.agent == late.agent)
                assert (later.totals.out_ms < late.totals.out_ms, later.as_of) == (True, NEXT)
                assert [(span.reason, span.approved_by) for span in later.excused] == [("ill", "lea")]
                assert later.actual[-1].by_state_ms == {"not_ready:break": NEXT - NOW - TICK_MS}

                assert api.get(f"/v1/teams/{TEAM}/timeline?date=2026-01-08").status_code == 404
                assert api.get(f"/v1/teams/{SITE}/green/timeline").json()["code"] == "no_such_team"
            finally:
                api.stop()


async def test_a_long_log_is_not_read_from_its_beginning(settings):
    """Two days of heartbeats before it: who signed in within the lead is known, who did long before is not."""
    start, end = day_bounds(ZONE, DATE)
    agents, table = settings.names.agents.name, ActivityTable(activities())
    early, known = start - 2 * LEAD_MS, start - LEAD_MS // 2
    async with Log(settings) as log:
        for at in range(early - 600_000, start + 3_600_000, 120_000):
            await log.heartbeat(agents, Heartbeat("acd", SITE, at, 4.0))
            for name, since in (("ana", early), ("rui", known)):
                if since <= at < since + 120_000:
                    await log.events(agents, [AgentLoggedIn(name, "acd", at, name, SITE, TEAM)])
                    await log.events(agents, [AgentStateChanged(f"{name}+", "acd", at + 1, name, SITE, "available")])
        reader = StaffLog(settings, silent_ms=30_000)
        told, incomplete = await reader.read(Wanted(SITE, frozenset({"ana", "rui"}), DATE, start, end))
    assert incomplete is None
    days = {name: told.day(Member(name, name, reader.partition_of(name)), DATE, ZONE, table) for name in ("ana", "rui")}
    assert days["rui"].totals.by_state_ms == {"available": days["rui"].as_of - start}
    assert days["ana"].totals.signed_in_ms == 0
