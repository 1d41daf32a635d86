"""A plan's whole way: the command or a POST, Kafka, metrics, and whether the agent keeps to it."""

import os
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import redis

from services.cli.installation import Installation
from services.contracts.agents import AgentTile
from services.contracts.names import Names
from tests import warm, web
from tests.integration.metrics.service import wait_for


def test_a_schedule_and_an_exception_reach_the_agent(installation: Installation, tmp_path: Path) -> None:
    environment, agent = installation.environment, f"ana-{uuid.uuid4().hex[:6]}"
    now = datetime.now(UTC)
    start, end = (now - timedelta(minutes=20)).isoformat(), (now + timedelta(hours=1)).isoformat()
    reads = redis.Redis.from_url(environment["REDIS_URL"])
    key = Names(environment["FLOORWATCH_NAMESPACE"]).agents_key

    def floorwatch(*arguments: str) -> "CompletedProcess[str]":
        return warm.run("services.cli", *arguments, env=os.environ | environment)

    def post(path: str, body: object) -> None:
        address = f"http://127.0.0.1:{environment['FLOORWATCH_INGEST_PORT']}/v1/{path}"
        answer = web.post(address, json=body, headers={"X-API-Key": environment["FLOORWATCH_INGEST_KEYS"]}, timeout=30)
        assert (answer.status_code, answer.json()["rejected"]) == (200, 0), answer.text

    def tile() -> AgentTile | None:
        found = reads.hget(key, agent)
        return None if found is None else AgentTile.model_validate_json(found)

    def becomes(planned: str | None, adherence: str) -> None:
        """The feed tells of the agent now and then, as a live one does."""

        def so() -> bool:
            moment = datetime.now(UTC).isoformat()
            event = {"source": "acd", "occurred_at": moment, "agent": agent, "site": "faro"}
            post("events", {**event, "type": "agent_state_changed", "event_id": uuid.uuid4().hex, "state": "available"})
            time.sleep(0.5)
            shown = tile()
            return shown is not None and (shown.planned, shown.adherence) == (planned, adherence)

        wait_for(so, f"not {planned}, {adherence}")

    (tmp_path / "floor.yaml").write_text("sites: [{id: faro, name: {en: Faro, zh: 法鲁}, timezone: Europe/Lisbon}]")
    taken = floorwatch("topology", "import", str(tmp_path / "floor.yaml"))
    assert taken.returncode == 0, taken.stderr
    becomes(None, "unscheduled")

    local = datetime.fromisoformat(start).astimezone().date()
    (tmp_path / "plan.csv").write_text(
        f"agent,site,date,activity,start,end\n{agent},faro,{local},on queue,{start},{end}\n"
    )
    taken = floorwatch("schedules", "import", str(tmp_path / "plan.csv"))
    assert (taken.returncode, taken.stderr) == (0, "")
    assert "1 days of 1 agents taken" in taken.stdout
    becomes("on_queue", "in")

    added = floorwatch("exceptions", "add", agent, start, end, "--reason", "doctor")
    assert added.returncode == 0, added.stderr
    becomes("on_queue", "ignored")

    post("exceptions", {"action": "withdraw", "agent": agent, "id": added.stdout.strip()})
    becomes("on_queue", "in")
