"""An agent is late from the break, the lead excuses it: all the way through metrics, the desk and the API, with SIGKILLs.

planned   on_queue │ break 09:00–09:15 │ on_queue
Ana       available│ break ─────────────────────────────
metrics                                │ 2 min │ out                … ignored
desk                                           │ 1 min │ firing     … resolved
lead                                                       excuses
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.contracts.events import AgentLoggedIn, AgentStateChanged, Heartbeat
from services.contracts.schedules import DaySchedule, PlannedActivity, schedule_adapter, schedule_key
from services.contracts.topology import Agent
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.behaviour.api.conftest import Api
from tests.integration.alerts.test_alerts import Floor
from tests.integration.metrics.service import Log, Service
from tests.integration.runtime.workers import read_log
from tests.unit.metrics.agent_desk import SITE, activities, site
from tests.unit.metrics.staffs import moment

pytestmark = pytest.mark.timeout(280)

ZONE, DATE, TEAM = "Europe/Lisbon", "2026-01-09", f"{SITE}/red"
MORNING = moment(ZONE, f"{DATE}T08:00")
MINUTE = 60_000
BREAK, BACK = MORNING + 60 * MINUTE, MORNING + 75 * MINUTE
OUT = BACK + 2 * MINUTE
FIRES = OUT + MINUTE
ID = f"late-from-break|ana|{OUT}"


def plan() -> DaySchedule:
    parts = (("on_queue", MORNING, BREAK), ("break", BREAK, BACK), ("on_queue", BACK, BACK + 120 * MINUTE))
    planned = tuple(PlannedActivity(activity=what, start=start, end=end) for what, start, end in parts)
    return DaySchedule(agent="ana", site=SITE, date=DATE, version=1, activities=planned)


class Scene:
    """Metrics, the desk and the API, each a process."""

    def __init__(self, settings: CommonSettings, desk: Floor, metrics: Service, api: Api, log: Log) -> None:
        self.settings, self.desk, self.metrics, self.api, self.log = settings, desk, metrics, api, log
        self.now = MORNING

    async def pass_time(self, to: int) -> None:
        """The agents' feed goes on to a moment."""
        self.now = to
        await self.log.heartbeat(self.settings.names.agents.name, Heartbeat("acd", SITE, to, 1.0))

    async def until(self, **expected: Any) -> dict[str, Any]:
        """The alert once it stands like this."""
        held: dict[str, Any] = {}

        async def so() -> bool:
            await self.pass_time(self.now + 100)  # the feed is alive
            answer = await asyncio.to_thread(self.api.get, f"/v1/alerts?team={TEAM}")
            found = {each["id"]: each for each in answer.json().get("alerts", ())}
            held.clear()
            held.update(found.get(ID, {}))
            return bool(held) and all(held.get(name) == value for name, value in expected.items())

        await self.desk.until(so, within_s=120)
        return held

    def kill_the_desk(self) -> None:
        self.desk.end(signal.SIGKILL)
        self.desk.start()


@pytest.fixture
async def scene(settings: CommonSettings, environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Scene]:
    desk = Floor(settings, environment, tmp_path)
    await desk.open()
    desk.rules.write_text("rules: []", encoding="utf-8")
    api = Api(environment | {"FLOORWATCH_PAGES_DIR": str(tmp_path / "dist")}, tmp_path / "api.log")
    metrics = Service(environment, tmp_path / "metrics.log")
    desk.start()
    try:
        async with Log(settings) as log:
            await asyncio.to_thread(metrics.wait_until_ready)
            await desk.until(desk.ready)
            await asyncio.to_thread(api.start)
            yield Scene(settings, desk, metrics, api, log)
    finally:
        if api.process is not None and api.process.poll() is None:
            api.stop()
        metrics.kill()
        if desk.process and desk.process.poll() is None:
            desk.process.kill()
            desk.process.wait()
        await desk.close()


async def ana_is_late(scene: Scene) -> None:
    names, partitions = scene.settings.names, scene.settings.partitions
    await scene.log.describe(site(ZONE), activities(), Agent(id="ana", name="Ana Dias", site=SITE, team=TEAM))
    partition, made = kafka.partition_of("ana", partitions), plan()
    await scene.log.send(
        names.schedules.name, partition, made.model_dump_json().encode(), schedule_key(made).encode()
    )  # fmt: skip
    await scene.pass_time(MORNING)
    await scene.log.events(
        names.agents.name,
        [
            AgentLoggedIn("1", "acd", MORNING, "ana", SITE, TEAM),
            AgentStateChanged("2", "acd", MORNING + 1000, "ana", SITE, "available"),
            AgentStateChanged("3", "acd", BREAK, "ana", SITE, "not_ready", "break"),
        ],
    )
    for to in range(BREAK, FIRES + 5000, 20_000):
        await scene.pass_time(to)
    await scene.pass_time(FIRES + 5000)


async def test_late_from_break_excused_and_resolved_through_two_sigkills_of_the_desk(scene: Scene):
    await ana_is_late(scene)

    firing = await scene.until(state="firing")
    assert (firing["since"], firing["team"], firing["owner"]) == (FIRES, TEAM, "team_lead")
    assert firing["name"] == {"en": "Late from break: Ana Dias", "zh": "休息超时未归：Ana Dias"}
    scene.kill_the_desk()
    order = {"start": BACK, "end": BACK + 60 * MINUTE, "reason": "the break was moved"}
    seen = f'"{firing["revision"]}"'
    path = f"/v1/alerts/{ID}/excuse"
    given = await asyncio.to_thread(scene.api.send, "POST", path, order, idempotency_key="excuse-ana", if_match=seen)
    scene.kill_the_desk()
    assert given.status_code in {200, 202}, given.text

    resolved = await scene.until(state="resolved")

    assert (resolved["handled"], resolved["handled_by"]) == ("excused", "local")
    agents = (await asyncio.to_thread(scene.api.get, f"/v1/agents?team={TEAM}")).json()["agents"]
    assert [(one["agent"]["id"], one["agent"]["adherence"]) for one in agents] == [("ana", "ignored")]
    again = await asyncio.to_thread(scene.api.send, "POST", path, order, idempotency_key="excuse-ana", if_match=seen)
    assert (again.status_code, again.json()["outcome"]["code"]) == (200, "done"), again.text
    await the_log_agrees(scene)


async def the_log_agrees(scene: Scene) -> None:
    """One exception at the agent's partition, and each step of the alert once."""
    records = await read_log(scene.settings, scene.settings.names.schedules.name)
    plans = [schedule_adapter.validate_json(value) for _, value in records if value]
    made = {plan.id: plan for plan in plans if plan.kind == "exception"}
    assert len(made) == 1
    (exception,) = made.values()
    assert (exception.agent, exception.start, exception.end) == ("ana", BACK, BACK + 60 * MINUTE)
    assert (exception.reason, exception.approved_by) == ("the break was moved", "local")
    history = [step for step in await scene.desk.history() if step.startswith(ID)]
    assert len(history) == len(set(history)) == 3
    assert set(history) == {step for step in await scene.desk.logged() if step.startswith(ID)}
    assert history[-1] == f"{ID}|firing|{FIRES}"
    assert history[0].startswith(f"{ID}|resolved|")
