"""The alerts service on real Kafka and Redis: tiles in, transitions out, each shown once."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from services.contracts.metrics import FeedClock, Tile
from services.runtime import kafka
from services.runtime.redis import client
from services.runtime.settings import CommonSettings
from tests import warm, web
from tests.integration.runtime.workers import free_port, read_log
from tests.unit.alerts.floor import clock, tile

RULES = """
rules:
  - id: many
    name: {en: Many wait, zh: 排队数过多}
    metric: queue_length
    scope: {kind: queue}
    direction: above
    threshold: 10
    clear: 5
    for_s: 30
"""
as_json = TypeAdapter(list).dump_json


class Floor:
    """Tiles go in, and one alerts process at a time looks at them."""

    def __init__(self, settings: CommonSettings, environment: dict[str, str], folder: Path) -> None:
        self.names = settings.names
        self.redis = client(settings)
        self.settings = settings
        self.rules = folder / "rules.yaml"
        self.rules.write_text(RULES, encoding="utf-8")
        self.log = folder / "alerts.log"
        self.port = free_port()
        self.process: warm.Process | None = None
        self._environment = os.environ | environment
        self._environment |= {"FLOORWATCH_ALERTS_PORT": str(self.port), "FLOORWATCH_RULES_FILE": str(self.rules)}
        self._producer = kafka.producer(settings)
        self._offset = -1

    async def open(self) -> None:
        await kafka.ensure_topics(self.settings)
        await self._producer.start()

    async def close(self) -> None:
        await self._producer.stop()
        await self.redis.aclose()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = warm.Process("services.alerts", env=self._environment, errors=log)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(timeout=10)

    async def say(self, *items: Tile | FeedClock) -> None:
        self._offset = (await self._producer.send_and_wait(self.names.tiles.name, as_json(list(items)))).offset

    async def until(self, true: Callable[[], Any], within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while not await true():
            assert time.monotonic() < deadline, self.log.read_text()
            await asyncio.sleep(0.1)

    async def until_shown(self) -> None:
        """Until the effects of all that was said are published and shown."""

        async def shown() -> bool:
            done: Any = await self.redis.hget(self.names.progress_key, f"{self.names.tiles.name}|0")
            return done is not None and int(done) >= self._offset

        await self.until(shown)

    async def ready(self) -> bool:
        try:
            answer = await asyncio.to_thread(web.get, f"http://127.0.0.1:{self.port}/ready", timeout=2)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    async def ruled(self) -> bool:
        """Whether the rules file has come into force: it does so by command."""
        return bool(await self.redis.hlen(self.names.desk_key("rule")))

    async def states(self) -> dict[str, str]:
        alerts: Any = await self.redis.hgetall(self.names.alerts_key)
        return {key.decode(): json.loads(value)["state"] for key, value in alerts.items()}

    async def history(self) -> list[str]:
        """Ids of the transitions in Redis, newest first."""
        found: Any = await self.redis.lrange(self.names.transitions_key, 0, -1)
        return [json.loads(value)["id"] for value in found]

    async def logged(self) -> list[str]:
        """Ids on the alerts topic, as often as they stand there."""
        return [(key or b"").decode() for key, _ in await read_log(self.settings, self.names.alerts.name)]


@pytest.fixture
async def floor(settings: CommonSettings, environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Floor]:
    floor = Floor(settings, environment, tmp_path)
    await floor.open()
    yield floor
    if floor.process and floor.process.poll() is None:
        floor.process.kill()
        floor.process.wait()
    await floor.close()


PENDING, FIRING, RESOLVED = "many|bank/PS|pending|10000", "many|bank/PS|firing|40000", "many|bank/PS|resolved|50000"


async def test_an_alert_fires_and_resolves_and_each_step_is_announced(floor: Floor) -> None:
    announced = floor.redis.pubsub()
    await announced.subscribe(floor.names.changes_channel)
    floor.start()
    await floor.until(floor.ready)
    await floor.until(floor.ruled)

    await floor.say(tile("bank/PS", 10, waiting=12), clock("bank", 10))
    await floor.until_shown()
    assert await floor.states() == {"many|bank/PS": "pending"}
    await floor.say(clock("bank", 45))
    await floor.until_shown()
    assert await floor.states() == {"many|bank/PS": "firing"}
    await floor.say(tile("bank/PS", 50, waiting=2), clock("bank", 50))
    await floor.until_shown()

    assert await floor.states() == {"many|bank/PS": "resolved"}
    assert await floor.history() == [RESOLVED, FIRING, PENDING]
    assert await floor.logged() == [PENDING, FIRING, RESOLVED]
    messages = []
    while message := await announced.get_message(timeout=1):
        if message["type"] == "message":
            items = json.loads(message["data"])
            messages += [(item["kind"], item["state"], item["since"]) for item in items if item["kind"] == "alert"]
    await announced.aclose()  # type: ignore[no-untyped-call]  # of redis-py
    assert ("alert", "firing", 40_000) in messages
    assert messages[-1] == ("alert", "resolved", 50_000)
    assert floor.end() == 0
    assert "alert firing" in floor.log.read_text()


async def test_killed_on_the_way_each_transition_is_shown_once(floor: Floor) -> None:
    queues = [f"bank/Q{number}" for number in range(20)]
    expected = set()
    floor.start()
    await floor.until(floor.ruled)
    for round_ in range(6):
        at = 100 * round_ + 10
        await floor.say(*(tile(queue, at, waiting=12) for queue in queues), clock("bank", at))
        await floor.say(clock("bank", at + 40))
        await floor.say(*(tile(queue, at + 50, waiting=0) for queue in queues), clock("bank", at + 50))
        for queue in queues:
            expected |= {
                f"many|{queue}|{state}|{since * 1000}"
                for state, since in (("pending", at), ("firing", at + 30), ("resolved", at + 50))
            }
        await asyncio.sleep(0.3)
        floor.end(signal.SIGKILL)
        floor.start()
    await floor.until_shown()

    history = await floor.history()
    assert len(history) == len(set(history))
    assert set(history) == expected
    assert set(await floor.logged()) == expected
    assert set((await floor.states()).values()) == {"resolved"}


async def test_an_emptied_redis_is_filled_again(floor: Floor) -> None:
    floor.start()
    await floor.until(floor.ruled)
    await floor.say(tile("bank/PS", 10, waiting=12), tile("bank/NW", 10, waiting=12), clock("bank", 10))
    await floor.say(tile("bank/NW", 20, waiting=0), clock("bank", 45))
    await floor.until_shown()
    before, history = await floor.states(), await floor.history()
    assert before == {"many|bank/PS": "firing"}

    async for key in floor.redis.scan_iter(match=f"{floor.names.namespace}:*"):
        await floor.redis.delete(key)

    async def filled() -> bool:
        return bool(await floor.redis.exists(floor.names.filled_key("alerts", 0)))

    await floor.until(filled)
    assert await floor.states() == before
    assert await floor.history() == history


async def test_a_rule_that_is_taken_away_resolves_its_alert(floor: Floor) -> None:
    floor.start()
    await floor.until(floor.ruled)
    await floor.say(tile("bank/PS", 10, waiting=12), clock("bank", 10))
    await floor.say(clock("bank", 45))
    await floor.until_shown()
    floor.end()

    floor.rules.write_text("rules: []", encoding="utf-8")
    floor.start()

    expected = ["many|bank/PS|inactive|45001", "many|bank/PS|resolved|45000", FIRING, PENDING]

    async def gone() -> bool:
        return await floor.states() == {} and await floor.history() == expected

    await floor.until(gone)
