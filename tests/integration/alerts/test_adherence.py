"""An agent is late from the break, the lead is told and excuses it: all the way, with SIGKILLs of the desk.

planned   on_queue │ break 09:00–09:15 │ on_queue
Ana       available│ break ─────────────────────────────
metrics                                │ 2 min │ out                … ignored
desk                                           │ 1 min │ firing     … resolved
lead                                           mail, webhook   excuses
others                                         nothing
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.contracts.events import AgentLoggedIn, AgentStateChanged, Heartbeat
from services.contracts.schedules import DaySchedule, PlannedActivity, schedule_adapter, schedule_key
from services.contracts.topology import Agent
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.behaviour.api.conftest import Api
from tests.integration.alerts.receivers import Hook, Mailbox, mailing, receiving
from tests.integration.alerts.test_alerts import Floor
from tests.integration.alerts.test_notify import SECRETS, hook_channel, mail_channel
from tests.integration.metrics.service import Log, Service
from tests.integration.runtime.workers import free_port, read_log
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


class Told:
    """Who is told of what: the lead by mail and webhook; another team's lead, and whoever is told of everything."""

    def __init__(self, around: ExitStack) -> None:
        self.mail = around.enter_context(mailing(Mailbox(), free_port()))
        self.lead, self.other, self.everything = (around.enter_context(receiving(Hook())) for _ in range(3))

    def channels(self) -> dict[str, Any]:
        """The file that says so."""
        routes = {"mail": {"teams": [TEAM]}, "lead": {"roles": ["team_lead"], "teams": [TEAM]}}
        routes |= {"other": {"roles": ["team_lead"], "teams": [f"{SITE}/blue"]}, "everything": {}}
        hooks = [hook_channel(getattr(self, id_), id_) for id_ in ("lead", "other", "everything")]
        return {
            "group_wait_s": 0.2,
            "channels": [mail_channel(self.mail.port), *hooks],
            "routes": [{"channel": channel, **fits} for channel, fits in routes.items()],
        }


@dataclass
class Scene:
    """Metrics, the desk and the API, each a process, and who is told."""

    settings: CommonSettings
    desk: Floor
    metrics: Service
    api: Api
    log: Log
    told: Told
    now: int = MORNING

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
def told() -> Iterator[Told]:
    with ExitStack() as stack:
        yield Told(stack)


@pytest.fixture
async def scene(
    settings: CommonSettings, environment: dict[str, str], tmp_path: Path, told: Told
) -> AsyncIterator[Scene]:
    channels = tmp_path / "channels.yaml"
    channels.write_text(yaml.safe_dump(told.channels()), encoding="utf-8")
    desk = Floor(settings, environment | SECRETS | {"FLOORWATCH_CHANNELS_FILE": str(channels)}, tmp_path)
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
            yield Scene(settings, desk, metrics, api, log, told)
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
    await the_lead_has_heard(scene)  # whoever is killed while it tells is in doubt, and does not tell again
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
    await only_the_lead_was_told(scene)


async def the_lead_has_heard(scene: Scene) -> None:
    async def so() -> bool:
        return bool(scene.told.mail.mails and scene.told.lead.taken)

    await scene.desk.until(so)


async def only_the_lead_was_told(scene: Scene) -> None:
    """Once over each of the lead's channels; that a single agent is back the lead sees on the page."""
    told = scene.told
    assert [mail["subject"] for mail in told.mail.mails] == ["【警告】休息超时未归：Ana Dias：ana"]
    assert [body["event"] for body in told.lead.taken] == ["firing"]
    assert not told.other.requests
    assert not told.everything.requests


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
