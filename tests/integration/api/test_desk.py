"""From a rule to a resolved alert over the API, with the real desk on real Kafka and Redis, and through a SIGKILL of it."""

import asyncio
import json
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
import pytest

from services.cli import running as run_file
from services.runtime.settings import CommonSettings
from tests import warm
from tests.behaviour.api.conftest import Api
from tests.integration.alerts.test_alerts import Floor
from tests.integration.runtime.workers import read_log
from tests.unit.alerts.floor import clock, tile
from tests.unit.api.floor import FEW_SERVED, rule

pytestmark = pytest.mark.timeout(240)
MANY = FEW_SERVED.model_copy(update={"metric": "waiting", "direction": "above", "threshold": 10.0, "clear": 5.0})
BUSY = rule("busy", match="bank/*", for_s=0).model_copy(update={"when": MANY})


class Scene:
    """A desk that decides, an API in front of it, and a person."""

    def __init__(self, floor: Floor, api: Api, folder: Path) -> None:
        self.floor, self.api, self.folder = floor, api, folder

    async def give(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await asyncio.to_thread(self.api.send, method, path, body, **headers)

    async def alert(self) -> dict[str, Any]:
        return dict((await asyncio.to_thread(self.api.get, "/v1/alerts/busy|bank/PS")).json())

    async def until(self, **expected: Any) -> dict[str, Any]:
        """The alert once it stands like this."""

        async def so() -> bool:
            alert = await self.alert()
            return all(alert.get(name) == value for name, value in expected.items())

        await self.floor.until(so)
        return await self.alert()

    def floorwatch(self, *arguments: str) -> CompletedProcess[str]:
        names = self.floor.names
        environment = {"REDIS_URL": self.floor.settings.redis_url, "FLOORWATCH_NAMESPACE": names.namespace}
        run_file.announce(self.folder, command="up", wall=self.api.url, own_parts=[], environment=environment)
        given = environment | {"FLOORWATCH_STATE_DIR": str(self.folder), "COLUMNS": "200"}
        return warm.run("services.cli", *arguments, env=os.environ | given)


@pytest.fixture
async def scene(settings: CommonSettings, environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Scene]:
    floor = Floor(settings, environment, tmp_path)
    await floor.open()
    floor.rules.write_text("rules: []", encoding="utf-8")
    api = Api(environment | {"FLOORWATCH_PAGES_DIR": str(tmp_path / "dist")}, tmp_path / "api.log")
    floor.start()
    try:
        await floor.until(floor.ready)
        await asyncio.to_thread(api.start)
        yield Scene(floor, api, tmp_path)
    finally:
        if api.process is not None and api.process.poll() is None:
            api.stop()
        if floor.process and floor.process.poll() is None:
            floor.process.kill()
            floor.process.wait()
        await floor.close()


async def busy(scene: Scene) -> dict[str, Any]:
    """The rule is in force, and its alert fires."""
    made = await scene.give("PUT", "/v1/rules/busy", BUSY.model_dump(mode="json"), if_match="0")
    assert made.status_code == 200, made.text
    await scene.floor.say(tile("bank/PS", 10, waiting=12), clock("bank", 10))
    return await scene.until(state="firing")


async def test_from_a_rule_to_a_resolved_alert(scene: Scene):
    firing = await busy(scene)
    path = "/v1/alerts/busy|bank/PS"

    key = uuid.uuid4().hex
    seen = f'"{firing["revision"]}"'
    first = await scene.give("POST", f"{path}/acknowledge", {"note": "on it"}, if_match=seen, idempotency_key=key)
    assert first.status_code == 200, first.text
    assert first.json()["view"]["acknowledged_by"] == "local"
    again = await scene.give("POST", f"{path}/acknowledge", {"note": "on it"}, if_match=seen, idempotency_key=key)
    assert (again.status_code, again.json()["outcome"]) == (200, first.json()["outcome"])
    stale = await scene.give("POST", f"{path}/assign", {"to": "ben"}, if_match=seen)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    assert stale.json()["view"]["acknowledged_by"] == "local", "the present state comes with the refusal"
    assert stale.json()["view"]["assignee"] == ""

    later = round(time.time() * 1000) + 3_600_000
    snoozed = await scene.give("POST", f"{path}/snooze", {"until": later}, if_match=stale.headers["etag"])
    assert snoozed.status_code == 200, snoozed.text
    assert snoozed.json()["view"]["snoozed_until"] == later
    silence = {"matchers": [{"name": "site", "match": "bank"}], "until": later, "reason": "drill"}
    made = await scene.give("POST", "/v1/silences", silence)
    assert made.status_code == 200, made.text
    silence_id = made.json()["view"]["id"]
    await scene.until(hidden_by=f"silence:{silence_id}")
    ended = await scene.give("DELETE", f"/v1/silences/{silence_id}")
    assert ended.json()["view"]["ended_by"] == "local"
    await scene.until(hidden_by="snoozed")

    await scene.floor.say(tile("bank/PS", 60, waiting=0), clock("bank", 60))
    await scene.until(state="resolved")

    journal = (await asyncio.to_thread(scene.api.get, "/v1/journal?by=local")).json()["entries"]
    assert [(entry["command"]["do"], entry["code"]) for entry in journal] == [
        ("end_silence", "done"), ("silence", "done"), ("snooze", "done"), ("assign", "stale"), ("acknowledge", "done"),
        ("put_rule", "done"),
    ]  # fmt: skip
    removed = await scene.give("DELETE", "/v1/rules/busy")
    assert removed.status_code == 200, removed.text
    assert removed.json()["view"] is None
    assert (await asyncio.to_thread(scene.api.get, "/v1/rules/busy")).status_code == 404


async def test_a_desk_that_is_killed_answers_each_command_once(scene: Scene):
    await busy(scene)
    path, given = "/v1/alerts/busy|bank/PS/notes", []
    for round_ in range(3):
        key = f"note-{round_}"
        given.append(key)
        asking = asyncio.create_task(scene.give("POST", path, {"text": key}, idempotency_key=key))
        await asyncio.sleep(0.02 * round_)  # before it is read, while it is carried out, after it
        scene.floor.end(signal.SIGKILL)
        scene.floor.start()
        answer = await asking
        assert answer.status_code in {200, 202}, answer.text
        if answer.status_code == 202:

            async def answered(where: str = answer.headers["location"]) -> bool:
                return (await asyncio.to_thread(scene.api.get, where)).status_code == 200

            await scene.floor.until(answered)

    notes = [note["text"] for note in (await scene.alert())["notes"]]
    assert notes == given
    # A record may stand on the log twice after a crash; what it says is the same, and it is shown once.
    logged = await read_log(scene.floor.settings, scene.floor.names.journal.name)
    outcomes = {value for key, value in logged if key is not None and key.decode() in given}
    assert sorted(json.loads(value or b"null")["id"] for value in outcomes) == given
    shown = (await asyncio.to_thread(scene.api.get, "/v1/journal?subject=alert|busy|bank/PS")).json()["entries"]
    assert [entry["id"] for entry in reversed(shown)] == given
    for key in given:
        again = await scene.give("POST", path, {"text": key}, idempotency_key=key)
        assert (again.status_code, again.json()["outcome"]["id"]) == (200, key)
    assert [note["text"] for note in (await scene.alert())["notes"]] == given


async def test_the_command_line_acts_through_the_api(scene: Scene):
    await busy(scene)
    listed = scene.floorwatch("alerts", "list")
    assert listed.returncode == 0, listed.stderr
    assert "busy|bank/PS" in listed.stdout
    acked = scene.floorwatch("alerts", "ack", "busy|bank/PS", "--note", "on it")
    assert (acked.returncode, acked.stdout.strip()) == (0, "✓ busy|bank/PS acknowledged"), acked.stderr
    assert (await scene.until(acknowledged_by="local"))["notes"][0]["text"] == "on it"
    stale = scene.floorwatch("alerts", "assign", "busy|bank/PS", "ben", "--expected", "1")
    assert (stale.returncode, stale.stdout) == (1, "")
    assert stale.stderr.startswith("✗ ")
    assert stale.stderr.count("\n") == 1

    file = scene.folder / "mine.yaml"
    file.write_text(json.dumps({"rules": [BUSY.model_copy(update={"id": "mine"}).model_dump(mode="json")]}))
    imported = scene.floorwatch("rules", "import", str(file))
    assert imported.returncode == 0, imported.stderr
    assert "mine" in scene.floorwatch("rules", "list").stdout
    tried = scene.floorwatch("rules", "try", str(file))
    assert (tried.returncode, tried.stdout.strip()) == (0, "mine: mine|bank/PS"), tried.stderr
    file.write_text("rules: [{id: x, metric: nothing}]")
    wrong = scene.floorwatch("rules", "import", str(file))
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "rules.0" in wrong.stderr
    assert "local: acknowledge alert|busy|bank/PS: done" in scene.floorwatch("journal").stdout


async def test_the_command_line_changes_when_leads_are_told(scene: Scene):
    shipped = scene.floorwatch("adherence", "limits")
    assert (shipped.returncode, shipped.stdout.splitlines()[0]) == (0, "# revision 0, as shipped"), shipped.stderr

    file = scene.folder / "limits.yaml"
    file.write_text(shipped.stdout.replace("out_s: 120", "out_s: 240"))
    changed = scene.floorwatch("adherence", "set", str(file), "--expected", "0")
    assert (changed.returncode, changed.stdout.strip()) == (0, "✓ limits changed"), changed.stderr
    stale = scene.floorwatch("adherence", "set", str(file), "--expected", "0")
    assert (stale.returncode, stale.stdout, stale.stderr.count("\n")) == (1, "", 1)
    told = json.loads(scene.floorwatch("adherence", "limits", "--json").stdout)
    assert (told["revision"], told["changed_by"], told["limits"]["out_s"]) == (1, "local", 240)

    file.write_text("out_s: soon")
    wrong = scene.floorwatch("adherence", "set", str(file))
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (1, "", 1)
    assert "out_s" in wrong.stderr
