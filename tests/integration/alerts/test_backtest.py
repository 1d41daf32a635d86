"""`python -m services.alerts backtest` over half-hours and tiles on a real log."""

import asyncio
import json
import os
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml

from services.alerts.commands import in_words
from services.contracts.backtest import Backtest
from services.contracts.definitions import Counts
from services.contracts.metrics import HALF_HOUR_MS, Interval
from services.contracts.topology import Description, Queue, Site, Text, record_key
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests import warm
from tests.behaviour.api.conftest import Api, WrittenFloor
from tests.unit.alerts.floor import clock, tile

NINE = 1_780_304_400_000  # Monday 2026-06-01, 09:00 UTC
RULES = """
rules:
  - {id: low, name: {en: Low, zh: 低}, metric: service_level, scope: {kind: queue}, direction: below, threshold: 60, clear: 70}
  - {id: long, name: {en: Long, zh: 长}, metric: longest_wait_s, scope: {kind: queue}, direction: above, threshold: 300}
"""


def half(number: int, within: int, revision: int) -> Interval:
    start = NINE + number * HALF_HOUR_MS
    told = {20: Counts(offered=20, answered=20, answered_within=within)}
    return Interval(
        id=f"bank/PS|{start}", scope="bank/PS", start=start, end=start + HALF_HOUR_MS, date="2026-06-01", label="",
        status="final", revision=revision, by_threshold=told,
    )  # fmt: skip


async def recorded(settings: CommonSettings) -> None:
    """Descriptions, three half-hours, one of them corrected afterwards, and the tiles of a wait of ten minutes."""
    await kafka.ensure_topics(settings)
    names, producer = settings.names, kafka.producer(settings)
    await producer.start()
    described: list[Description] = [
        Site(id="bank", name=Text(en="Bank", zh="银行"), timezone="Asia/Jerusalem"),
        Queue(id="bank/PS", name=Text(en="PS", zh="PS")),
    ]
    for one in described:
        await producer.send(names.topology.name, one.model_dump_json().encode(), key=record_key(one).encode())
    for item in (half(0, 18, 1), half(1, 18, 2), half(2, 18, 3), half(1, 8, 9)):
        await producer.send(names.intervals.name, item.model_dump_json().encode(), key=item.id.encode(), partition=0)
    for items in (
        [tile("bank/PS", NINE / 1000, waiting=1, oldest=NINE / 1000 - 100), clock("bank", NINE / 1000)],
        [clock("bank", NINE / 1000 + 500)],
        [tile("bank/PS", NINE / 1000 + 600), clock("bank", NINE / 1000 + 600)],
    ):
        value = b"[" + b",".join(item.model_dump_json().encode() for item in items) + b"]"
        await producer.send_and_wait(names.tiles.name, value)
    await producer.stop()


def run(environment: dict[str, str], *arguments: str) -> CompletedProcess[str]:
    return warm.run("services.alerts", "backtest", *arguments, env=os.environ | environment)


def found(answer: CompletedProcess[str]) -> dict[str, Any]:
    assert answer.returncode == 0, answer.stderr
    return {rule["rule"]: rule for rule in json.loads(answer.stdout)["rules"]}


async def test_when_rules_would_have_fired_by_the_command_and_the_api(
    settings: CommonSettings, environment: dict[str, str], tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES, encoding="utf-8")
    await recorded(settings)

    halves = run(environment, str(rules), "--from", "2026-06-01", "--to", "2026-06-02", "--json")
    tiles = run(environment, str(rules), "--from", "2026-06-01", "--to", "2100-01-01", "--source", "tiles", "--json")

    (low,) = found(halves)["low"]["firings"]
    assert (low["start"], low["end"], low["value"]) == (NINE + 2 * HALF_HOUR_MS, NINE + 3 * HALF_HOUR_MS, 40)
    assert found(halves)["long"]["left_out"].startswith("half-hours do not tell longest_wait_s")
    told = in_words(Backtest.model_validate_json(halves.stdout))
    assert "low: once, 1.00 a day, 30 min in all" in told
    (long,) = found(tiles)["long"]["firings"]
    assert (long["start"], long["end"]) == (NINE + 200_001, NINE + 600_000)

    floor = WrittenFloor(settings.redis_url, settings.namespace)
    floor.mark_filled()
    api = Api(environment | {"FLOORWATCH_PAGES_DIR": str(tmp_path / "dist")}, tmp_path / "api.log")
    await asyncio.to_thread(api.start)
    try:
        orders = [order_of(json.loads(answer.stdout)) for answer in (halves, tiles)]
        same = [await asyncio.to_thread(api.post, "/v1/backtest", order) for order in orders]
        orders[0]["rules"][1] |= {"clear": 400}
        wrong = await asyncio.to_thread(api.post, "/v1/backtest", orders[0] | {"end": 0})
    finally:
        api.stop()
        floor.forget_everything()
        floor.redis.close()
    assert [answer.status_code for answer in same] == [200, 200], [answer.text for answer in same]
    assert [answer.json() for answer in same] == [json.loads(answer.stdout) for answer in (halves, tiles)]
    assert wrong.status_code == 422
    assert "body.rules.1.when.compare: Value error, clear (400.0) must lie at or under" in wrong.json()["message"]
    assert "body.end: Value error, must lie after start" in wrong.json()["message"]


def order_of(told: dict[str, Any]) -> dict[str, Any]:
    """What to ask the API for, to be told the same."""
    return {"rules": yaml.safe_load(RULES)["rules"]} | {name: told[name] for name in ("start", "end", "source")}


def test_rules_that_can_not_be_used_are_named(environment: dict[str, str], tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.replace("longest_wait_s", "longest"), encoding="utf-8")

    answer = run(environment, str(rules), "--from", "2026-06-01", "--to", "2026-06-02")

    assert answer.returncode == 2
    assert "rules[1] (long): Value error, when.metric: there is no 'longest'" in answer.stderr
