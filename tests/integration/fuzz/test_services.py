"""All services as processes, under malformed POSTs and garbage on every topic: none ends, all is counted."""

import asyncio
import json
import random
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from services.cli.installation import Installation, on_free_ports
from services.contracts.events import Offered, encode_batch
from services.contracts.letters import DeadLetter
from services.contracts.metrics import Tile
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import web
from tests.fuzz import bodies, mutate, plans, topics
from tests.integration.ingest import log
from tests.integration.metrics.service import wait_for
from tests.parts import Parts

pytestmark = pytest.mark.timeout(240)

GOOD = 40


def test_garbage_at_every_door(parts: Parts, tmp_path: Path) -> None:
    chance = random.Random(11)
    launcher = on_free_ports(
        tmp_path,
        KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers,
        REDIS_URL=parts.redis_url,
        namespace=f"test-{uuid.uuid4().hex[:12]}",
    )
    with Installation(launcher) as floor:
        alive = {child.part.name: child.pid for child in floor.children}
        settings = log.settings_of(floor.environment)
        rejected = post_garbage(floor, chance)
        now = round(time.time() * 1000)
        ends = asyncio.run(send_garbage(settings, chance, now))
        with redis.Redis.from_url(parts.redis_url) as client:
            client.publish(settings.names.changes_channel, mutate.raw(chance, b'[{"kind":"tile"}]'))
            wait_for(lambda: is_applied(client, settings, ends), "metrics did not come to the end of the log")
            wait_for(lambda: good_tile(client, settings) == GOOD, "the good calls are not all shown")
        wait_for(lambda: api_reads(floor), "the API is not ready any more")

        assert {child.part.name: child.pid for child in floor.children} == alive
        assert all(child.running for child in floor.children)
        letters = log.letters(settings)
        assert sum(letter.id.startswith("http|") for letter in letters) == rejected
        assert {source_of(letter) for letter in letters} >= {"contacts", "ivr", "agents", "schedules", "tiles"}


def post_garbage(floor: Installation, chance: random.Random) -> int:
    """POST spoilt batches and spoilt bodies; how many items were rejected by name."""
    headers = {"X-API-Key": floor.environment["FLOORWATCH_INGEST_KEYS"].split(",")[0]}
    url = f"http://127.0.0.1:{floor.port('ingest')}/v1/events"
    rejected = 0
    with web.Client(headers=headers, timeout=30) as client:
        for number in range(30):
            items, ids = bodies.batch(chance, number * bodies.AT_ONCE, datetime.now(UTC))
            items = [item for item in items if not bodies.too_deep(item)]
            answer = client.post(url, content=json.dumps(items).encode())
            said = answer.json()
            assert answer.status_code == 200, said
            assert said["accepted"] + said["rejected"] == len(items)
            assert said["accepted"] >= len(ids)
            rejected += said["rejected"]
            assert client.post(url, content=chance.randbytes(200)).status_code == 422
            rejected += post_plans(client, floor, chance, number)
    return rejected


def post_plans(client: httpx.Client, floor: Installation, chance: random.Random, number: int) -> int:
    """POST plans and approvals, many of them spoilt."""
    rejected = 0
    for path, excuses in (("schedules", False), ("exceptions", True)):
        items, good = plans.items(chance, number * 100, excuses=excuses)
        items = [item for item in items if not (isinstance(item, dict) and item.get("action") == "withdraw")]
        url = f"http://127.0.0.1:{floor.port('ingest')}/v1/{path}"
        answer = client.post(url, content=json.dumps(items).encode())
        said = answer.json()
        assert answer.status_code == 200, said
        assert said["accepted"] + said["rejected"] == len(items)
        kept = {str(item["agent"]) for item in items if isinstance(item, dict) and str(item.get("agent")) in good}
        assert said["accepted"] >= len(kept)
        rejected += said["rejected"]
        assert client.post(url, content=chance.randbytes(200)).status_code == 422
    return rejected


async def send_garbage(settings: CommonSettings, chance: random.Random, now: int) -> dict[str, int]:
    """Garbage on all topics, and good calls among it; where those end that metrics reads."""
    names, ends = settings.names, {}
    producer = kafka.producer(settings)
    await producer.start()
    try:
        for number in range(GOOD):
            for topic in (names.contacts, names.ivr, names.agents, names.schedules):
                key: bytes | None = None
                if topic is names.schedules:
                    key, value = topics.plan_record(chance, number)
                else:
                    value, _, _ = topics._record(chance, number, "")
                sent = await producer.send_and_wait(topic.name, value, key, partition=chance.randrange(4))
                ends[f"{topic.name}|{sent.partition}"] = sent.offset
            good = Offered(f"good{number}", "acd", now, "faro/good", f"good{number}")
            place = kafka.partition_of("faro/good", settings.partitions)
            sent = await producer.send_and_wait(names.contacts.name, encode_batch([good]), partition=place)
            ends[f"{names.contacts.name}|{place}"] = sent.offset
            for topic in (names.topology, names.tiles):
                spoilt: Any = mutate.tree(chance, [topics._tile(chance, "lisbon/q1", now), topics._feed(1)])
                value = mutate.raw(chance, json.dumps(spoilt).encode())
                await producer.send_and_wait(topic.name, value, chance.randbytes(4), partition=0)
    finally:
        await producer.stop()
    return ends


def is_applied(client: "redis.Redis", settings: CommonSettings, ends: dict[str, int]) -> bool:
    done: Any = client.hgetall(settings.names.progress_key)
    return all(int(done.get(place.encode(), -1)) >= end for place, end in ends.items())


def good_tile(client: "redis.Redis", settings: CommonSettings) -> int:
    value: Any = client.hget(settings.names.tiles_key, "faro/good")
    return Tile.model_validate_json(value).waiting if value else 0


def api_reads(floor: Installation) -> bool:
    """Nobody looks without having signed in; readiness says that it is in step with Redis."""
    return web.get(f"http://127.0.0.1:{floor.port('api')}/ready").status_code == 200


def source_of(letter: DeadLetter) -> str:
    """The topic that a letter of metrics or alerts names."""
    source = letter.source.removeprefix("metrics|").split("|")[0]
    return source.rpartition(".")[2]
