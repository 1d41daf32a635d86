"""Agents on real Kafka and Redis: what the service shows of them, and that no fault changes a number."""

import asyncio
import json
import random
from typing import Any

import pytest

from services.contracts.agents import AgentDay
from services.contracts.events import Heartbeat
from services.contracts.schedules import schedule_key
from services.contracts.topology import Agent
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.integration.metrics.service import Log, Shown, applied, read_topic, running, wait_for
from tests.oracle.agents import TICK_MS, Beat, Excuse, Floor, Plan, Telling
from tests.unit.metrics.agent_desk import SITE, activities, site
from tests.unit.metrics.staffs import RULES, event_of, exception_of, moment, record_of

pytestmark = pytest.mark.timeout(240)

ZONE = "Europe/Lisbon"
MORNING = moment(ZONE, "2026-01-09T08:00")
NOW = MORNING + 10 * 60 * TICK_MS
DATE = "2026-01-09"
NAMES = [f"agent-{number:02}" for number in range(30)]


def a_working_day(seed: int) -> Floor:
    """Thirty agents with a plan each, who keep to it more or less; one never comes, one has no plan."""
    chance = random.Random(seed)
    told, plans = [], []
    for name in NAMES:
        begin = MORNING + chance.randrange(60) * TICK_MS
        parts = (("on_queue", 0, 180), ("break", 180, 195), ("on_queue", 195, 300), ("training", 300, 360))
        if name != NAMES[1]:
            activities_of = tuple((what, begin + a * TICK_MS, begin + b * TICK_MS) for what, a, b in parts)
            plans.append(Plan(name, DATE, 1, activities_of))
        if name == NAMES[0]:
            continue
        at = begin + chance.randrange(-5, 12) * TICK_MS
        told.append(Telling(name, at, "log-in"))
        while at < begin + 350 * TICK_MS:
            at += chance.randrange(1, 20) * TICK_MS
            what = chance.choice(["available", "ringing", "talking", "wrap_up", "talking", "not_ready"])
            call = f"{name}-{at}" if what in ("ringing", "talking", "wrap_up") else ""
            told.append(Telling(name, at, what, "break" if what == "not_ready" else "", call))
        told.append(Telling(name, at + TICK_MS, "log-out"))
    beats = [Beat("acd", at) for at in range(MORNING, NOW, TICK_MS // 4)] + [Beat("acd", NOW)]
    excused = [Excuse(NAMES[2], "doctor", (MORNING + 100 * TICK_MS, MORNING + 150 * TICK_MS))]
    return Floor(ZONE, RULES, 30_000, told, beats, plans, excused)


def records_of(floor: Floor, seed: int) -> list[Any]:
    """Events in disorder of ten minutes with repeats, by twenty; schedules late, anywhere in between."""
    chance = random.Random(seed)
    events = [event_of(telling) for telling in floor.tellings]
    events += chance.sample(events, len(events) // 10)
    events.sort(key=lambda event: event.at + chance.randrange(10 * TICK_MS))
    records: list[Any] = [events[first : first + 20] for first in range(0, len(events), 20)]
    for schedule in [*map(record_of, floor.plans), *map(exception_of, floor.excuses)]:
        records.insert(chance.randrange(len(records)), schedule)
    return records


async def post(log: Log, settings: CommonSettings, record) -> None:
    if isinstance(record, list):
        await log.events(settings.names.agents.name, record)
    else:
        partition = kafka.partition_of(record.agent, settings.partitions)
        await log.send(
            settings.names.schedules.name, partition, record.model_dump_json().encode(), schedule_key(record).encode()
        )


async def let_time_pass(log: Log, settings: CommonSettings, floor: Floor) -> None:
    """All heartbeats, as few records as a broker on a busy machine likes: the agents' feed, to its end."""
    await log.heartbeats(settings.names.agents.name, [Heartbeat(b.source, SITE, b.at, b.rate) for b in floor.beats])


def assert_shown(shown: Shown, floor: Floor) -> None:
    tiles, days = shown.agents(), shown.agent_days(DATE)
    assert tiles.keys() == days.keys() == set(NAMES)
    for name in NAMES:
        agent, tile, day = floor.agent(name), tiles[name], days[name]
        turn = agent.turn_at(NOW)
        assert tile.state == ("offline" if turn is None else turn.state)
        assert (tile.adherence, tile.planned, tile.date) == (agent.adherence_at(NOW), agent.planned_at(NOW), DATE)
        assert tile.totals.model_dump() == agent.totals(DATE, tile.as_of)
        assert day.totals.model_dump() == agent.totals(DATE, day.as_of)
    assert tiles[NAMES[3]].team == f"{SITE}/red"


async def test_agents_become_tiles_and_days_though_the_service_is_killed(settings, environment, tmp_path):
    names, shown, floor = settings.names, Shown(settings), a_working_day(1)
    changes = shown.client.pubsub()  # type: ignore[no-untyped-call]  # of redis-py
    changes.subscribe(names.changes_channel)
    records = records_of(floor, 1)
    async with Log(settings) as log:
        await log.describe(site(ZONE), activities(), Agent(id=NAMES[3], name="Ana Dias", site=SITE))
        with running(environment, tmp_path / "log") as service:
            for number, record in enumerate(records):
                await post(log, settings, record)
                await asyncio.sleep(0.01)
                if number in (len(records) // 3, 2 * len(records) // 3):
                    service.kill()
                    service.start_again()
            await let_time_pass(log, settings, floor)
            await applied(shown, log.ends)
            wait_for(shown.is_filled, "Redis has not been filled after the last start")

            assert_shown(shown, floor)
            assert shown.agents()[NAMES[3]].name == "Ana Dias"
            newest = {key: value for key, value in await read_topic(settings, names.intervals.name) if value}
            assert {
                day.agent: day for day in map(AgentDay.model_validate_json, newest.values()) if day.date == DATE
            } == (shown.agent_days(DATE))

            before = shown.agents(), shown.agent_days(DATE)
            shown.client.delete(*shown.client.keys(f"{names.namespace}:*"))
            wait_for(shown.is_filled, "Redis has not been filled again")
            assert (shown.agents(), shown.agent_days(DATE)) == before
            assert service.stop() == 0

    told = [json.loads(value) for _, value in await read_topic(settings, names.tiles.name) if value]
    last = {item["id"]: item for items in told for item in items if item["kind"] == "agent"}
    assert last == {name: json.loads(tile.model_dump_json()) for name, tile in shown.agents().items()}
    heard = set()
    while message := changes.get_message(timeout=1):
        if message["type"] == "message":
            heard |= {(item["kind"], item["id"]) for item in json.loads(message["data"])}
    assert {("agent", name) for name in NAMES} | {("agent_day", f"{name}|{DATE}") for name in NAMES} <= heard
