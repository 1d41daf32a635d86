"""Pages in a real browser, fed by Redis as metrics does: what bench.wall and bench.soak measure."""

import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import redis.asyncio

from bench.processes import service
from services.cli.child import ROOT
from services.cli.parts.valkey import valkey
from services.cli.ports import free_ports
from services.cli.supervisor import Supervisor
from services.contracts.definitions import Counts
from services.contracts.metrics import HALF_HOUR_MS, FeedClock, Interval, Running, Tile, interval_id
from services.contracts.names import Names

T = 20
PAST_HALVES = 16


@dataclass(frozen=True)
class Shown:
    """An api that shows a floor, and the address of its pages."""

    api: psutil.Process
    address: str


@asynccontextmanager
async def shown(queues: int, sites: int) -> AsyncIterator[Shown]:
    """An api by itself whose queues all change once a second, each with its running half-hour."""
    redis_port, api_port = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        supervisor = Supervisor(Path(folder) / "log", say=print)
        supervisor.start(valkey(Path(folder) / "redis", port=redis_port), stage=0)
        environment = {"REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "FLOORWATCH_NAMESPACE": "bench"}
        client = redis.asyncio.Redis(port=redis_port)
        try:
            with service("api", api_port, environment, Path(folder) / "log") as api:
                feeding = asyncio.create_task(feed(client, Names("bench"), queues, sites))
                await asyncio.sleep(3)
                yield Shown(api, f"http://127.0.0.1:{api_port}")
                feeding.cancel()
        finally:
            await client.aclose()
            supervisor.stop()


async def feed(client: "redis.asyncio.Redis", names: Names, queues: int, sites: int) -> None:
    """Publish every queue once a second until cancelled; at first the day's earlier half-hours as well."""
    ids = [f"site{i % sites}/q{i:04d}" for i in range(queues)]
    second = 0
    while True:
        began = time.monotonic()
        now = round(time.time() * 1000)
        tiles: dict[Any, str] = {id_: _tile(id_, i, second, now).model_dump_json() for i, id_ in enumerate(ids)}
        halves = [_half(id_, i, second, now - back * HALF_HOUR_MS) for i, id_ in enumerate(ids)
                  for back in range(PAST_HALVES if second == 0 else 1)]  # fmt: skip
        clocks = [
            FeedClock(id=f"bench|site{i}|contacts|0", source="bench", site=f"site{i}", at=now, rate=1).model_dump_json()
            for i in range(sites)
        ]
        async with client.pipeline(transaction=False) as pipe:
            pipe.hset(names.tiles_key, mapping=tiles)
            for part in range(0, len(halves), 1000):
                pipe.publish(names.changes_channel, f"[{','.join(halves[part : part + 1000])}]")
            pipe.publish(names.changes_channel, f"[{','.join([*clocks, *tiles.values()])}]")
            await pipe.execute()
        second += 1
        await asyncio.sleep(max(0.0, began + 1 - time.monotonic()))


def _counts(number: int, second: int) -> Counts:
    offered = 60 + number % 40 + second
    answered = offered - 6 - second % 5
    return Counts(
        offered=offered, answered=answered, abandoned=3 + second % 3, waiting=second % 5,
        answered_within=answered - number % 30 - second % 7, wait_answered_ms=answered * 9000, handled=answered,
        talk_ms=answered * 180_000, wrap_up_ms=answered * 20_000,
    )  # fmt: skip


def _tile(id_: str, number: int, second: int, now: int) -> Tile:
    counts = _counts(number, second)
    start = now - now % HALF_HOUR_MS
    date, label = _local(start)
    return Tile(
        id=id_, as_of=now, offset=now, target_s=T, target_percent=80, definition="offered",
        rolling={T: counts, 30: counts}, waiting=second % 5, oldest_offered_at=now - 7000 - 1000 * (number % 50),
        waiting_ms=second * 1000, waiting_within=second % 3,
        running=Running(start=start, end=start + HALF_HOUR_MS, date=date, label=label, counts=counts,
                        waiting_within=second % 3, waiting_ms=second * 1000),
    )  # fmt: skip


def _half(id_: str, number: int, second: int, moment: int) -> str:
    start = moment - moment % HALF_HOUR_MS
    date, label = _local(start)
    return Interval(
        id=interval_id(id_, start), scope=id_, start=start, end=start + HALF_HOUR_MS, date=date, label=label,
        status="provisional", revision=second, by_threshold={T: _counts(number, second)},
    ).model_dump_json()  # fmt: skip


def _local(start: int) -> tuple[str, str]:
    local = datetime.fromtimestamp(start / 1000, UTC)
    return local.date().isoformat(), local.strftime("%H:%M")


def look(
    url: str,
    items: str,
    count: int,
    *,
    first: str = "",
    still_s: int = 0,
    scroll_s: int = 0,
    live_s: int = 0,
    every_s: int = 60,
    size: tuple[int, int] = (1920, 1080),
) -> "subprocess.Popen[str]":
    """Start the browser on a page; what it prints is read by `told`. See dashboard/bench/look.ts."""
    task = {
        "url": url, "items": items, "count": count, "first": first or items, "still_s": still_s, "scroll_s": scroll_s,
        "live_s": live_s, "every_s": every_s, "width": size[0], "height": size[1],
    }  # fmt: skip
    return subprocess.Popen(
        ["node", "bench/look.ts", json.dumps(task)], cwd=ROOT / "dashboard", stdout=subprocess.PIPE, text=True
    )


async def told(watching: "subprocess.Popen[str]") -> AsyncIterator[dict[str, Any]]:
    """Each line as it comes.

    Raises:
        RuntimeError: the browser failed; why is on standard error.
    """
    assert watching.stdout is not None
    with stopped(watching):
        while line := await asyncio.to_thread(watching.stdout.readline):
            yield json.loads(line)
        if await asyncio.to_thread(watching.wait):
            raise RuntimeError("the browser failed")


@contextmanager
def stopped(watching: "subprocess.Popen[str]") -> Iterator[None]:
    """It ends with the block."""
    try:
        yield
    finally:
        watching.terminate()
        watching.wait()
