"""The metrics service on real Kafka and Redis: what it publishes, and that no fault changes a number."""

import asyncio
import json
import random
from dataclasses import replace
from typing import Any

import pytest

from services.cli.parts.valkey import valkey
from services.cli.ports import free_ports
from services.cli.supervisor import Supervisor
from services.contracts.events import ContactEvent, Heartbeat, IvrEntered, IvrExited
from services.contracts.letters import DeadLetter
from services.contracts.metrics import Interval, IvrInterval, Tile
from services.runtime.settings import CommonSettings
from tests.integration.metrics.service import (
    Log,
    Service,
    Shown,
    applied,
    published_half_hours,
    read_topic,
    running,
    wait_for,
)
from tests.oracle import floor as oracle
from tests.unit.metrics.desk import queue, site
from tests.unit.metrics.floors import events_of, in_time_order

pytestmark = pytest.mark.timeout(240)

MINUTE = 60_000
NOON = 1_767_960_000_000  # 2026-01-09 12:00 in Lisbon
QUEUES = [f"lisbon/q{n}" for n in range(6)]
THRESHOLDS_S = (20, 30)
RULES = oracle.Rules(target_s=20, short_s=5)
FATES: list[oracle.Outcome | None] = ["answered", "abandoned", "flowed_out", None]
TOPOLOGY = (site("Europe/Lisbon"), *(queue(name, THRESHOLDS_S, 5) for name in QUEUES))


def busy_hour(seed: int, calls: int = 300) -> list[oracle.Call]:
    chance = random.Random(seed)
    made = []
    for n in range(calls):
        offered_at = NOON + chance.randrange(60 * MINUTE)
        call = oracle.Call(chance.choice(QUEUES), f"c{n}", offered_at)
        fate = chance.choices(FATES, [8, 3, 1, 1])[0]
        if fate:
            call = replace(call, outcome=fate, resolved_at=offered_at + round(chance.expovariate(1 / 25_000)))
        if fate == "answered" and chance.random() < 0.8:
            call = replace(call, talk_ms=chance.randrange(3 * MINUTE), wrap_up_ms=chance.randrange(MINUTE))
        made.append(call)
    return made


def in_disorder(made: list[oracle.Call], seed: int) -> list[list[ContactEvent]]:
    """Up to five minutes late, one in ten repeated, in records of about twenty."""
    chance = random.Random(seed)
    events = in_time_order(made)
    events += chance.sample(events, len(events) // 10)
    events.sort(key=lambda event: event.at + chance.randrange(5 * MINUTE))
    return [events[first : first + 20] for first in range(0, len(events), 20)]


def half_hour(interval: Interval | IvrInterval) -> dict[str, Any]:
    assert isinstance(interval, Interval)
    counted = interval.model_dump(include={"date", "label", "end", "by_threshold", "target", "details", "waiting_ms"})
    groups = {(g.channel, g.segment, g.dialled): g.counts.model_dump() for g in interval.groups}
    return {**counted, "groups": groups}


def assert_shown(shown: Shown, made: list[oracle.Call], now: int) -> None:
    tiles = shown.tiles()
    assert tiles.keys() == {call.queue for call in made}
    for name, tile in tiles.items():
        mine = [call for call in made if call.queue == name]
        expected = oracle.tile(mine, RULES, THRESHOLDS_S, "Europe/Lisbon", now)
        then = oracle.tile(
            mine, RULES, THRESHOLDS_S, "Europe/Lisbon", tile.as_of
        )  # it is told when more than waits change
        expected |= {"waiting_ms": then["waiting_ms"]}
        expected["running"]["waiting_ms"] = then["running"]["waiting_ms"]
        assert tile.model_dump(include=set(expected)) == expected
    for (name, start), expected in oracle.ledger(made, "Europe/Lisbon", THRESHOLDS_S, RULES, now).items():
        assert half_hour(shown.day(name, str(expected["date"]))[start]) == expected


async def assert_published(settings: CommonSettings, made: list[oracle.Call], now: int) -> None:
    found = {}
    for name, interval in (await published_half_hours(settings)).items():
        assert isinstance(interval, Interval)
        if interval.first_offset >= 0 or interval.waiting_ms:  # else it was corrected to nothing
            found[name] = half_hour(interval)
    assert found == oracle.ledger(made, "Europe/Lisbon", THRESHOLDS_S, RULES, now)


async def test_calls_become_tiles_half_hours_letters_and_progress(settings, environment, tmp_path):
    names, shown = settings.names, Shown(settings)
    made, now = busy_hour(1), NOON + 70 * MINUTE
    changes = shown.client.pubsub()  # type: ignore[no-untyped-call]  # of redis-py
    changes.subscribe(names.changes_channel)
    async with Log(settings) as log:
        await log.describe(*TOPOLOGY)
        with running(environment, tmp_path / "log") as service:
            for record in in_disorder(made, 1):
                await log.events(names.contacts.name, record)
            await log.send(names.contacts.name, 0, b"no batch at all")
            await log.events(
                names.ivr.name,
                [
                    IvrEntered("i", "ivr", NOON, "lisbon/main", "x"),
                    IvrExited("o", "ivr", NOON + 9, "lisbon/main", "x", NOON, "contained"),
                ],
            )
            for topic in (names.contacts.name, names.ivr.name):
                await log.heartbeat(topic, Heartbeat("acd", "lisbon", now, 60.0))
            await applied(shown, log.ends)

            assert_shown(shown, made, now)
            wait_for(lambda: len(shown.client.hgetall(names.topology_key)) == len(TOPOLOGY), "the topology")
            assert service.stop() == 0

    menu = shown.day("lisbon/main", "2026-01-09")[NOON]
    assert not isinstance(menu, Interval)
    assert (menu.counts.entered, menu.counts.contained, menu.status) == (1, 1, "final")
    assert {feed.at for feed in shown.feeds().values()} == {now}
    assert len(shown.feeds()) == 2 * settings.partitions
    letters = [
        DeadLetter.model_validate_json(value)
        for _, value in await read_topic(settings, names.dead_letters.name)
        if value
    ]
    assert [letter.id for letter in letters] == [f"metrics|{names.contacts.name}|0|{letters[0].id.split('|')[-1]}"]
    told = [json.loads(value) for _, value in await read_topic(settings, names.tiles.name) if value]
    newest = {item["id"]: item for items in told for item in items if item["kind"] == "tile"}
    assert {name: Tile.model_validate_json(json.dumps(tile)) for name, tile in newest.items()} == shown.tiles()
    heard = {}
    while message := changes.get_message(timeout=1):
        if message["type"] == "message":
            heard.update({(item["kind"], item["id"]): item for item in json.loads(message["data"])})
    assert {i for kind, i in heard if kind == "tile"} == newest.keys()
    assert all(heard["tile", name] == tile for name, tile in newest.items())


async def test_killed_twice_on_the_way_it_ends_in_the_same_numbers(settings, environment, tmp_path):
    names, shown = settings.names, Shown(settings)
    made, now = busy_hour(2), NOON + 70 * MINUTE
    records = in_disorder(made, 2)
    async with Log(settings) as log:
        await log.describe(*TOPOLOGY)
        with running(environment, tmp_path / "log") as service:
            third = len(records) // 3
            for number, record in enumerate(records):
                await log.events(names.contacts.name, record)
                await asyncio.sleep(0.02)
                if number in (third, 2 * third):
                    service.kill()
                    service.start_again()
            await log.heartbeat(names.contacts.name, Heartbeat("acd", "lisbon", now))
            await applied(shown, log.ends)

            wait_for(shown.is_filled, "Redis has not been filled after the last start")
            assert_shown(shown, made, now)
            await assert_published(settings, made, now)


async def test_two_workers_share_the_queues_and_one_takes_over(settings, environment, tmp_path):
    names, shown = settings.names, Shown(settings)
    made, now = busy_hour(3), NOON + 70 * MINUTE
    records = in_disorder(made, 3)
    half = len(records) // 2
    async with Log(settings) as log:
        await log.describe(*TOPOLOGY)
        with running(environment, tmp_path / "one") as one, running(environment, tmp_path / "two"):
            for record in records[:half]:
                await log.events(names.contacts.name, record)
            await applied(shown, log.ends)
            for record in records[half:]:
                await log.events(names.contacts.name, record)
            one.kill()
            await log.heartbeat(names.contacts.name, Heartbeat("acd", "lisbon", now))
            await applied(shown, log.ends)

            assert_shown(shown, made, now)
            await assert_published(settings, made, now)


async def test_redis_emptied_and_redis_away(settings, environment, tmp_path, monkeypatch):
    """Kafka goes on meanwhile; when Redis is there again it shows what it showed, and what came since."""
    (port,) = free_ports(1)
    own = Supervisor(tmp_path / "log", say=print)
    own.start(valkey(tmp_path / "redis", port=port), stage=0)
    environment["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
    monkeypatch.setenv("REDIS_URL", environment["REDIS_URL"])
    settings = CommonSettings()
    names, shown = settings.names, Shown(settings)
    made, now = busy_hour(4), NOON + 70 * MINUTE
    records = in_disorder(made, 4)
    half = len(records) // 2
    try:
        async with Log(settings) as log:
            await log.describe(*TOPOLOGY)
            with running(environment, tmp_path / "service.log"):
                for record in records[:half]:
                    await log.events(names.contacts.name, record)
                await applied(shown, log.ends)
                wait_for(shown.is_filled, "Redis has not been filled at the start")
                before = shown.everything()

                shown.client.flushall()
                wait_for(shown.is_filled, "Redis has not been filled again")
                assert shown.everything() == before

                own.stop()
                for record in records[half:]:
                    await log.events(names.contacts.name, record)
                await log.heartbeat(names.contacts.name, Heartbeat("acd", "lisbon", now))
                await asyncio.sleep(2)
                own = Supervisor(tmp_path / "log", say=print)
                own.start(valkey(tmp_path / "redis-2", port=port), stage=0)
                wait_for(shown.is_filled, "Redis has not been filled when it came back")
                await applied(shown, log.ends)

                assert_shown(shown, made, now)
    finally:
        own.stop()


async def test_a_worker_that_starts_on_an_emptied_redis_fills_it(settings, environment, tmp_path):
    names, shown = settings.names, Shown(settings)
    made, now = busy_hour(5, calls=60), NOON + 70 * MINUTE
    async with Log(settings) as log:
        await log.describe(*TOPOLOGY)
        with running(environment, tmp_path / "log"):
            for record in in_disorder(made, 5):
                await log.events(names.contacts.name, record)
            await log.heartbeat(names.contacts.name, Heartbeat("acd", "lisbon", now))
            await applied(shown, log.ends)
        before = shown.everything()
        shown.client.delete(*shown.client.keys(f"{names.namespace}:*"))
        with running(environment, tmp_path / "log"):
            wait_for(shown.is_filled, "Redis has not been filled at the start")
            assert shown.everything().keys() == before.keys()
            assert_shown(shown, made, now)


def test_a_wrong_setting_is_named(environment, tmp_path):
    service = Service(environment | {"FLOORWATCH_METRICS_HORIZON_H": "1"}, tmp_path / "log")

    assert service.process.wait(timeout=30) == 2
    assert "FLOORWATCH_METRICS_HORIZON_H='1'" in (tmp_path / "log").read_text()


def test_the_oracle_knows_what_events_tell():
    """Each call of the busy hour tells as many events as its story has turns."""
    for call in busy_hour(6, calls=20):
        assert len(events_of(call)) == 1 + (call.outcome is not None) + (call.talk_ms is not None)
