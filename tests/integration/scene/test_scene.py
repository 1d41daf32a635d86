"""From a breach to an act, with all four services on a real Kafka and a simulated telephone system.

A peak that never ends: six agents of Lisbon can't take the calls of ten. `floorwatch scene --auto` does what people
would do, over REST: activates the proposed plan, asks Athens for four agents, accepts, returns them, stands down. On
the way metrics and alerts are killed. In the end the alert, the journal, the ledger and the contacts themselves must
tell one story.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from services.cli.desk import Client, client
from services.cli.installation import Installation, on_free_ports
from services.cli.parts.part import Part
from services.contracts.alerts import AlertTransition
from services.contracts.contingency import PlanStep
from services.contracts.desk import Outcome
from services.contracts.events import Answered, decode_contacts
from services.contracts.moves import MoveStep, MoveView
from services.contracts.names import Names
from services.runtime.settings import CommonSettings
from tests.integration.runtime.workers import read_log
from tests.parts import Parts

CLEAR = 0.75
"""From there on all is well: `clear` of the rule and the plan. Below it nobody knows how far the level has fallen by
the moment when help is there."""
pytestmark = pytest.mark.timeout(600)
HERE = Path(__file__).parent
QUEUE, GIVER = "lisbon/retail", "athens/retail"
LAG_MS = 10 * 60_000
"""Clocks are told once a second for each site: at this speed two of them may be minutes of the floor's time apart."""
SPEED, SEED, START = "120", "2", "2026-01-12T10:00+00:00"
KILLED = {"2. A plan is proposed": "metrics", "all of them at work there": "alerts"}
"""Which service is killed when the scene says this: one before anything is decided, one between a yes and its effect."""


@pytest.fixture
def running(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Four services and the simulator, with a rule and a plan of the scene's own."""
    settings = on_free_ports(
        tmp_path,
        KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers,
        REDIS_URL=parts.redis_url,
        namespace=f"test-{uuid.uuid4().hex[:12]}",
    )
    files = {"FLOORWATCH_RULES_FILE": str(HERE / "rules.yaml"), "FLOORWATCH_PLANS_FILE": str(HERE / "plans.yaml")}
    with Installation(settings, extra=files) as installation:
        for name, value in installation.addresses.items():
            monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "services.ingest", "simulate", "--floor", str(HERE / "floor.yaml")]
        options = ["--start", START, "--speed", SPEED, "--seed", SEED, "--progress", "json"]
        installation.feed(Part("simulator", [*command, *options], installation.environment, may_end=True))
        yield installation


def play(running: Installation) -> str:
    """Run the scene to its end and kill services at its cues; what it said."""
    command = [sys.executable, "-m", "services.cli", "scene", "--auto", "--patience", "180"]
    environment = os.environ | {"COLUMNS": "300", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as scene:
        assert scene.stdout is not None
        said, cues = [], dict(KILLED)
        for line in scene.stdout:
            said.append(line)
            for cue in [cue for cue in cues if cue in line]:
                pid = running.child(cues.pop(cue)).pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
    assert scene.returncode == 0, "".join(said)
    assert not cues, "both services were killed"
    return "".join(said)


class Told:
    """What stands on the log: each record once. One that stands there twice, after a crash, must say the same."""

    def __init__(self, settings: CommonSettings) -> None:
        self.outcomes: list[Outcome] = []
        self.plan: list[PlanStep] = []
        self.moves: list[MoveStep] = []
        self.steps: list[str] = []
        """Of plan and move in the journal's order; a plan's with its level."""
        for value in self._each(settings, settings.names.journal.name):
            match json.loads(value)["kind"]:
                case "outcome":
                    self.outcomes.append(Outcome.model_validate_json(value))
                case "plan_step":
                    self.plan.append(step := PlanStep.model_validate_json(value))
                    self.steps.append(f"{step.step} {step.level}")
                case "move_step":
                    self.moves.append(moved := MoveStep.model_validate_json(value))
                    self.steps.append(moved.step)
        transitions = self._each(settings, settings.names.alerts.name)
        self.alerts = [AlertTransition.model_validate_json(value) for value in transitions]

    @staticmethod
    def _each(settings: CommonSettings, topic: str) -> list[bytes]:
        found: dict[bytes, bytes] = {}
        for key, value in asyncio.run(read_log(settings, topic)):
            assert value is not None
            assert found.setdefault(key, value) == value, f"{key!r} was told in two ways"
        return list(found.values())


def takes(settings: CommonSettings, names: Names) -> dict[str, dict[str, list[int]]]:
    """Agent → queue → when they answered there, by the contacts' own events."""
    found: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for _, value in asyncio.run(read_log(settings, names.contacts.name)):
        for event in decode_contacts(value or b"\x90"):
            if isinstance(event, Answered):
                found[event.agent][event.queue].append(event.at)
    return {agent: dict(queues) for agent, queues in found.items()}


def test_from_a_breach_to_an_act_and_back_through_two_kills(running: Installation) -> None:
    play(running)

    settings = CommonSettings()
    with client() as api:
        move = MoveView.model_validate(api.get("/v1/moves", open=False)["moves"][0])
        told = Told(settings)
        _people_were_answered_once(told, api)
        _the_move_is_what_its_steps_say(told, move)
        _the_story_has_one_order(told, move)
        _the_contacts_agree(takes(settings, settings.names), move, asked_after=told.plan[1].at)


def _people_were_answered_once(told: Told, api: Client) -> None:
    people = [one for one in told.outcomes if one.command.by.name != "floorwatch"]
    assert [(one.command.do, one.code) for one in people] == [
        ("activate_plan", "done"), ("propose_move", "done"), ("accept_move", "done"), ("return_move", "done"),
        ("stand_down", "done"),
    ]  # fmt: skip
    shown: list[dict[str, Any]] = api.get("/v1/journal", kind="outcome")["entries"]
    assert {one.id for one in people} <= {entry["id"] for entry in shown}


def _the_move_is_what_its_steps_say(told: Told, move: MoveView) -> None:
    assert [step.view.revision for step in told.moves] == list(range(1, len(told.moves) + 1))
    assert told.moves[-1].view == move, "the ledger is the journal's last word"
    assert (move.state, len(move.agents)) == ("returned", 4)
    assert [step.step for step in told.moves if not step.step.startswith("agent_")] == [
        "proposed", "accepted", "effective", "returned",
    ]  # fmt: skip
    assert {one.state for one in move.agents} == {"returned"}
    assert move.why == f"returned by {told.moves[-1].by}"
    taker = move.measured[0]
    assert (taker.queue, [side.queue for side in move.measured[1:]]) == (QUEUE, [GIVER])
    assert taker.service_level_before is not None
    assert taker.service_level_after is not None
    assert taker.service_level_before < CLEAR <= taker.service_level_after


def _the_story_has_one_order(told: Told, move: MoveView) -> None:
    slow = [(step.alert.state, step.at) for step in told.alerts if step.alert.id == f"slow|{QUEUE}" and not step.why]
    states = [state for state, _ in slow]
    assert states.index("firing") < states.index("resolved")
    fires, is_over = slow[states.index("firing")][1], slow[states.index("resolved")][1]
    plan = [(step.step, step.at) for step in told.plan]
    assert [name for name, _ in plan[:2]] == ["proposed", "activated"]
    assert plan[-1][0] == "stood_down"
    effect = told.plan[-1].view.effect
    assert effect.before is not None
    assert effect.before.service_level is not None
    assert effect.before.service_level < CLEAR, "still in the breach, wherever it stood when somebody acted"
    assert move.effective_at is not None
    assert move.ended_at is not None
    times = [fires, plan[1][1], move.effective_at, is_over, move.ended_at, plan[-1][1]]
    assert all(earlier <= later + LAG_MS for earlier, later in pairwise(times)), times
    assert move.effective_at < is_over
    assert [step for step in told.steps if not step.startswith("agent_")] == [
        "proposed 1", "activated 1", "proposed", "accepted", "effective", "returned", "stood_down 0",
    ]  # fmt: skip


def _the_contacts_agree(takes: dict[str, dict[str, list[int]]], move: MoveView, *, asked_after: int) -> None:
    """Who was lent answered in Lisbon within the loan alone; nobody else of Athens ever did.

    The telephone system lends them as soon as it is told, and may be far ahead of a desk that has just been killed: so
    what bounds it is the moment (`asked_after`) before anybody was asked for.
    """
    for one in move.agents:
        abroad = takes[one.agent][QUEUE]
        assert one.effective_at is not None
        assert one.ended_at is not None
        assert abroad
        assert min(abroad) >= asked_after
        at_home = [at for at in takes[one.agent].get(GIVER, ()) if min(abroad) < at < min(one.ended_at, max(abroad))]
        assert not at_home
    lent = {one.agent for one in move.agents}
    others = [agent for agent in takes if agent.startswith("athens") and agent not in lent]
    assert all(QUEUE not in takes[agent] for agent in others)
