"""Alerts are told over real HTTP and SMTP, once, whatever happens on the way."""

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.alerts.notify.webhook import signature
from services.runtime.settings import CommonSettings
from tests import warm, web
from tests.behaviour.api.conftest import Api
from tests.integration.alerts.receivers import Hook, Mailbox, mailing, receiving
from tests.integration.alerts.test_alerts import Floor
from tests.integration.runtime.workers import free_port, read_log
from tests.unit.alerts.floor import clock, tile

pytestmark = pytest.mark.timeout(400)
SECRETS = {"HOOK_SECRET": "s3cr3t-of-the-hook", "MAIL_PASSWORD": "pa55word-of-mail", "ROOM": ""}
QUICK = {"first_s": 0.2, "most_s": 1, "give_up_after_s": 60}


def hook_channel(hook: Hook, id_: str = "hook", **more: Any) -> dict[str, Any]:
    return {"id": id_, "kind": "webhook", "url": hook.url, "secret_env": "HOOK_SECRET", "retry": QUICK, **more}


def mail_channel(port: int, **more: Any) -> dict[str, Any]:
    base = {"id": "mail", "kind": "email", "server": "127.0.0.1", "port": port, "security": "none", "language": "zh"}
    return base | {"sender": "floor@example.org", "to": ["lead@example.org"], "retry": QUICK} | more


class Scene:
    """A floor whose alerts are told, and what was told."""

    def __init__(self, floor: Floor, folder: Path) -> None:
        self.floor = floor
        self.file = folder / "channels.yaml"

    async def start(self, *channels: dict[str, Any], **more: Any) -> None:
        routes = [{"channel": channel["id"]} for channel in channels]
        self.file.write_text(yaml.safe_dump({"group_wait_s": 0.2, "channels": channels, "routes": routes} | more))
        self.floor._environment |= SECRETS | {"FLOORWATCH_CHANNELS_FILE": str(self.file)}
        self.floor.start()
        await self.floor.until(self.floor.ruled)
        await self.floor.until(self.telling)

    async def telling(self) -> bool:
        return bool(await self.floor.redis.exists(self.floor.names.filled_key("notify", 0)))

    async def fire(self, *queues: str, at: float = 10) -> None:
        await self.floor.say(*(tile(queue, at, waiting=12) for queue in queues), clock("bank", at))
        await self.floor.say(clock("bank", at + 40))

    async def end(self, *queues: str, at: float = 60) -> None:
        await self.floor.say(*(tile(queue, at, waiting=0) for queue in queues), clock("bank", at))

    async def deliveries(self) -> list[dict[str, Any]]:
        """As they stand in Redis, oldest first."""
        found: Any = await self.floor.redis.hgetall(self.floor.names.deliveries_key)
        return sorted(map(json.loads, found.values()), key=lambda one: (one["created_at"], one["id"]))

    async def states(self) -> list[str]:
        return [one["state"] for one in await self.deliveries()]

    async def until(self, true: Callable[[], Any]) -> None:
        async def so() -> bool:
            return bool(true())

        await self.floor.until(so)

    async def until_states(self, *expected: str) -> None:
        async def so() -> bool:
            return await self.states() == list(expected)

        await self.floor.until(so)


@pytest.fixture
async def scene(settings: CommonSettings, environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Scene]:
    floor = Floor(settings, environment, tmp_path)
    await floor.open()
    yield Scene(floor, tmp_path)
    if floor.process and floor.process.poll() is None:
        floor.process.kill()
        floor.process.wait()
    await floor.close()


@pytest.fixture
def around() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


async def test_told_once_over_each_channel_in_its_language(scene: Scene, around: ExitStack):
    hook, mailbox = around.enter_context(receiving(Hook())), around.enter_context(mailing(Mailbox(), free_port()))
    room = around.enter_context(receiving(Hook()))
    SECRETS["ROOM"] = f"mmost://127.0.0.1:{room.port}/3ccdd113474722377935511fc85d3dd4"
    chat = {"id": "room", "kind": "chat", "url_env": "ROOM", "retry": QUICK}
    await scene.start(hook_channel(hook), mail_channel(mailbox.port), chat, public_url="https://floor.example.org")
    await scene.fire("bank/PS")
    await scene.until_states(*3 * ["delivered"])
    await scene.end("bank/PS")
    await scene.until_states(*6 * ["delivered"])

    firing, over = hook.taken
    assert (firing["event"], firing["title"]) == ("firing", "[warning] Many wait: bank/PS")
    assert firing["text"].splitlines()[0] == "Queue length: 12 (limit 10)"
    assert firing["text"].splitlines()[-1] == "Open: https://floor.example.org/"
    assert (over["event"], over["title"]) == ("resolved", "Resolved: Many wait: bank/PS")
    headers, body, _ = hook.requests[0]
    stamp, delivery = headers["x-floorwatch-timestamp"], headers["x-floorwatch-delivery"]
    assert headers["x-floorwatch-signature"] == signature(SECRETS["HOOK_SECRET"], int(stamp), delivery, body)
    assert [mail["subject"] for mail in mailbox.mails] == ["【警告】排队数过多：bank/PS", "已恢复：排队数过多：bank/PS"]
    assert "12（阈值 10）" in mailbox.mails[0].get_content()
    assert mailbox.mails[0]["message-id"].endswith("@example.org>")
    assert len(room.requests) == 2
    assert "Many wait: bank/PS" in room.requests[0][1].decode()


async def test_many_alerts_of_one_rule_make_one_message(scene: Scene, around: ExitStack):
    hook = around.enter_context(receiving(Hook()))
    await scene.start(hook_channel(hook), group_wait_s=2)
    queues = [f"bank/Q{number}" for number in range(30)]
    await scene.fire(*queues)
    await scene.until_states(*30 * ["delivered"])
    assert len(hook.taken) == 1
    assert hook.taken[0]["title"] == "[warning] Many wait: 30 places"
    assert len({one["message"] for one in await scene.deliveries()}) == 1


async def test_refused_for_now_is_tried_again(scene: Scene, around: ExitStack):
    hook = around.enter_context(
        receiving(Hook(lambda number: (503, {"retry-after": "1"}) if number <= 2 else (200, {})))
    )
    mailbox = around.enter_context(mailing(Mailbox(busy=1), free_port()))
    await scene.start(hook_channel(hook), mail_channel(mailbox.port))
    await scene.fire("bank/PS")
    await scene.until_states("delivered", "delivered")
    assert len(hook.requests) == 3
    assert len({headers["x-floorwatch-delivery"] for headers, _, _ in hook.requests}) == 1
    assert {one["channel"]: one["attempt"] for one in await scene.deliveries()} == {"hook": 3, "mail": 2}
    assert len(mailbox.mails) == 1


async def test_what_can_not_be_delivered_is_seen_with_its_reason(scene: Scene, around: ExitStack):
    gone = around.enter_context(receiving(Hook(lambda _: (404, {}))))
    down = Hook()
    down.port = free_port()
    brief = {"first_s": 0.2, "most_s": 0.5, "give_up_after_s": 1.5}
    await scene.start(hook_channel(gone), hook_channel(down, "down", retry=brief))
    await scene.fire("bank/PS")
    await scene.until_states("undeliverable", "undeliverable")
    reasons = {one["channel"]: one["reason"] for one in await scene.deliveries()}
    assert reasons["hook"].startswith("404 Not Found")
    assert reasons["down"].startswith("given up after attempt ")
    assert "undeliverable" in scene.floor.log.read_text()


async def test_quiet_hours_hold_all_but_critical_ones(scene: Scene, around: ExitStack):
    hook = around.enter_context(receiving(Hook()))
    always = {"start": "00:00", "end": "24:00", "timezone": "Asia/Shanghai"}
    rules = yaml.safe_load(scene.floor.rules.read_text())
    rules["rules"].append(rules["rules"][0] | {"id": "worse", "severity": "critical", "threshold": 11, "for_s": 0})
    scene.floor.rules.write_text(yaml.safe_dump(rules))
    await scene.start(hook_channel(hook, quiet_hours=always))
    await scene.fire("bank/PS")
    await scene.until_states("delivered", "waiting")
    await scene.end("bank/PS")

    async def all_told() -> bool:
        found = {(one["notice"]["rule"], one["notice"]["event"]): one["state"] for one in await scene.deliveries()}
        return found == {
            ("worse", "firing"): "delivered", ("worse", "resolved"): "delivered",
            ("many", "firing"): "skipped", ("many", "resolved"): "skipped",
        }  # fmt: skip

    await scene.floor.until(all_told)
    assert [body["event"] for body in hook.taken] == ["firing", "resolved"]
    assert {notice["rule"] for body in hook.taken for notice in body["notices"]} == {"worse"}


async def test_killed_anywhere_each_is_told_at_most_once(scene: Scene, around: ExitStack):
    # The receiver takes its time, so that kills fall before, within and after it.
    chance = random.Random(5)

    def slow(number: int) -> tuple[int, dict[str, str]]:
        asyncio.run(asyncio.sleep(chance.uniform(0, 0.3)))
        return (503, {}) if number % 7 == 0 else (200, {})

    hook = around.enter_context(receiving(Hook(slow)))
    await scene.start(hook_channel(hook), hook_channel(hook, "other"), group_wait_s=0)
    queues = [f"bank/Q{number}" for number in range(3)]
    for round_ in range(4):
        at = 100 * round_ + 10
        await scene.fire(*queues, at=at)
        await scene.end(*queues, at=at + 50)
        await scene.until(partial(_more_than, hook, len(hook.requests)))
        await asyncio.sleep(chance.uniform(0, 0.5))
        scene.floor.end(signal.SIGKILL)
        scene.floor.start()
    over = {"delivered", "undeliverable", "uncertain", "skipped"}

    async def all_over() -> bool:
        states = await scene.states()
        return len(states) == 4 * 3 * 2 * 2 and set(states) <= over

    await scene.floor.until(all_over, within_s=200)
    told = hook.told()
    assert max(told.values()) == 1, [key for key, count in told.items() if count > 1]
    by_id = {(one["id"].rpartition("|")[0], one["channel"]): one["state"] for one in await scene.deliveries()}
    assert set(told) <= set(by_id)
    for key, state in by_id.items():
        assert key in told or state != "delivered", f"{key} is said to be delivered and was not taken"
    uncertain = sum(state == "uncertain" for state in by_id.values())
    assert uncertain <= 4 * 2 * 3, "at most what was being sent when it was killed"


def _more_than(hook: Hook, seen: int) -> bool:
    return len(hook.requests) > seen


async def test_secrets_are_nowhere(scene: Scene, around: ExitStack):
    hook = around.enter_context(receiving(Hook()))
    room = Hook()
    room.port = free_port()
    token = "3ccdd113474722377935511fc85d3dd4"
    SECRETS["ROOM"] = f"mmost://127.0.0.1:{room.port}/{token}"
    brief = {"first_s": 0.2, "most_s": 0.5, "give_up_after_s": 1}
    secret_url = {"id": "hidden", "kind": "webhook", "url_env": "HIDDEN", "secret_env": "HOOK_SECRET", "retry": brief}
    SECRETS["HIDDEN"] = f"http://127.0.0.1:{free_port()}/path-with-a-token-77?key=abcdef123456"
    scene.floor._environment |= {"FLOORWATCH_LOG_LEVEL": "debug"}
    mail = mail_channel(free_port(), username="floor", password_env="MAIL_PASSWORD", retry=brief)
    await scene.start(
        hook_channel(hook), mail, {"id": "room", "kind": "chat", "url_env": "ROOM", "retry": brief}, secret_url
    )
    await scene.fire("bank/PS")
    await scene.until_states("undeliverable", "delivered", "undeliverable", "undeliverable")

    names = scene.floor.names
    told = [
        scene.floor.log.read_text(),
        (await asyncio.to_thread(web.get, f"http://127.0.0.1:{scene.floor.port}/telemetry")).text,
        *[str(await scene.floor.redis.hgetall(key)) for key in (names.deliveries_key, names.channels_key)],
    ]
    for topic in (names.outbox, names.alerts, names.journal, names.dead_letters, names.tiles):
        told += [(value or b"").decode() for _, value in await read_log(scene.floor.settings, topic.name)]
    told += [body.decode() + str(headers) for headers, body, _ in hook.requests]
    for text in told:
        for secret in (SECRETS["HOOK_SECRET"], SECRETS["MAIL_PASSWORD"], token, "path-with-a-token-77", "abcdef123456"):
            assert secret not in text


PLAN = """
plans:
  - id: peak
    name: {en: Peak, zh: 高峰}
    scope: {kind: queue, match: bank/PS}
    levels:
      - name: {en: All hands, zh: 全员}
        enter: {metric: queue_length, direction: above, threshold: 10, clear: 5}
        enter_for_s: 30
        actions:
          - {id: ivr, kind: webhook, name: {en: Announce the wait, zh: 播报等待时间}, webhook: pbx, undo: true}
          - {id: gone, kind: webhook, name: {en: Nowhere, zh: 无处}, webhook: nowhere}
"""


async def test_a_plan_calls_its_webhook_once_and_takes_it_back(  # noqa: PLR0915  # one story
    scene: Scene, around: ExitStack, environment: dict[str, str], tmp_path: Path
):
    """Over the API: a plan is activated, its action carried out and marked; then stood down; and a channel is tried."""
    hook = around.enter_context(receiving(Hook(lambda number: (503, {}) if number == 1 else (200, {}))))
    plans = tmp_path / "plans.yaml"
    plans.write_text(PLAN)
    scene.floor._environment |= {"FLOORWATCH_PLANS_FILE": str(plans)}
    scene.floor.rules.write_text("rules: []")
    channel = hook_channel(hook, "pbx")
    scene.file.write_text(yaml.safe_dump({"channels": [channel]}))
    scene.floor._environment |= SECRETS | {"FLOORWATCH_CHANNELS_FILE": str(scene.file)}
    api = Api(environment | {"FLOORWATCH_PAGES_DIR": str(tmp_path / "dist")}, tmp_path / "api.log")
    scene.floor.start()
    await scene.floor.until(scene.floor.ready)
    await scene.floor.until(scene.telling)
    await asyncio.to_thread(api.start)
    try:

        async def get(path: str) -> Any:
            return (await asyncio.to_thread(api.get, path)).json()

        await scene.floor.say(tile("bank/PS", 10, waiting=12), clock("bank", 10))

        async def known() -> bool:
            return bool((await get("/v1/plans")).get("plans"))

        await scene.floor.until(known)
        await scene.floor.until_shown()
        given = await asyncio.to_thread(api.send, "POST", "/v1/plans/peak/activate", {"level": 1})
        assert given.status_code == 200, given.text

        async def marked() -> bool:
            actions = (await get("/v1/plans/peak"))["actions"]
            return [one["state"] for one in actions] == ["done", "failed"]

        await scene.floor.until(marked)
        actions = (await get("/v1/plans/peak"))["actions"]
        assert actions[0]["by"] == "floorwatch"
        assert actions[0]["note"] == "200 OK: ok"
        assert "there is no channel 'nowhere'" in actions[1]["note"]
        # Killed and started again it calls nobody a second time.
        scene.floor.end(signal.SIGKILL)
        scene.floor.start()
        await scene.floor.until(scene.floor.ready)
        down = await asyncio.to_thread(api.send, "POST", "/v1/plans/peak/stand-down", {"to_level": 0})
        assert down.status_code == 200, down.text
        await scene.until(lambda: len(hook.taken) == 2)
        calls = [body["notices"][0]["call"] for body in hook.taken]
        assert [(call["action"], call["event"]) for call in calls] == [("ivr", "activated"), ("ivr", "stood_down")]

        async def taken_back() -> bool:
            undone = (await get("/v1/plans/peak"))["taken_back"]
            return [(one["action"], one["state"]) for one in undone] == [("ivr", "done")]

        await scene.floor.until(taken_back)
        assert (await get("/v1/plans/peak"))["actions"] == actions, "what was done stays said"

        environment_of_cli = {
            "FLOORWATCH_API_URL": api.url, "COLUMNS": "200", "FLOORWATCH_STATE_DIR": str(tmp_path),
        }  # fmt: skip
        tried = await asyncio.to_thread(
            warm.run, "services.cli", "channels", "test", "pbx", env=os.environ | environment_of_cli
        )
        assert (tried.returncode, tried.stdout.strip()) == (0, "✓ pbx: delivered: 200 OK: ok"), tried.stderr
        assert hook.taken[-1]["event"] == "test"
        missing = await asyncio.to_thread(api.send, "POST", "/v1/channels/nobody/test", None)
        assert missing.status_code == 404
        answers = json.dumps([await get("/v1/channels"), await get("/v1/deliveries")])
        assert '"id": "pbx"' in answers
        assert SECRETS["HOOK_SECRET"] not in answers
        listed = (await get("/v1/deliveries?channel=pbx&state=delivered"))["deliveries"]
        assert [one["notice"]["event"] for one in listed] == ["test", "call", "call"]
    finally:
        api.stop()


def test_a_wrong_file_ends_the_start_with_a_line_per_fault(tmp_path: Path, environment: dict[str, str]):
    file = tmp_path / "channels.yaml"
    file.write_text(
        "channels:\n"
        "  - {id: a, kind: webhook, url: 'http://x', secret: hunter2}\n"
        "  - {id: b, kind: email, server: s, sender: nobody, to: [x@y], port: 99999}\n"
        "  - {id: c, kind: pigeon}\n"
    )
    started = os.environ | environment | {"FLOORWATCH_CHANNELS_FILE": str(file)}
    ended = warm.run("services.alerts", env=started)
    assert ended.returncode == 2
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 4, ended.stderr
    assert "channels[0] (a)" in lines[0]
    assert "hunter2" not in ended.stderr
    assert "channels[1] (b).port" in lines[1] + lines[2]
    assert "channels[1] (b).sender" in lines[1] + lines[2]
    assert "pigeon" in lines[3] or "kind" in lines[3]
    file.write_text("channels: [{id: a, kind: webhook, url: 'http://x', secret_env: NOT_THERE_AT_ALL}]")
    ended = warm.run("services.alerts", env=started)
    assert ended.stderr.strip().endswith("channels[0] (a).secret_env: the environment has no NOT_THERE_AT_ALL")
