"""From POST to the message on the WebSocket, with every service and 100 sockets, and the memory of each part.

Half of the events are Offered, half Answered, in 200 queues of four sites. Two sockets watch one site; each Answered
there is timed: from the moment its POST is sent until the socket gets a tile of its queue that counts it. The other
sockets watch all sites, from a process of their own (bench.drain). The first seconds warm up and are not counted.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import psutil
from websockets.asyncio.client import connect

from bench import stages
from bench.processes import cpu_s, percentiles
from services.cli import sign_in
from services.cli.installation import Installation, on_free_ports

QUEUES = 200
SOCKETS = 100
TIMED = 2
POSTS_PER_S = 50
WARM_UP_S = 10
TIMED_SITE = "site0"
SUBSCRIBE = json.dumps({"type": "subscribe", "filters": {"kinds": ["tile"], "sites": [TIMED_SITE]}})


@dataclass
class Load:
    """What was posted and what the timed sockets have seen of it.

    Attributes:
        sent: per queue, when the nth Answered was posted.
        seen: per timed socket and queue, how many Answered it knows of.
        delays: milliseconds.
        contacts: per queue, whose the nth Answered is.
        told: each Answered that was seen, for `stages`.
        answers: milliseconds from POST to its answer.
        late: milliseconds that a POST was sent after its time, because the bench itself was busy.
        counted_from: delays of what was posted before are not kept.
    """

    sent: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    contacts: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    told: list[stages.Told] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    seen: list[defaultdict[str, int]] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    counted_from: float = 0.0

    def see(self, socket: int, items: list[dict[str, Any]], now: float) -> None:
        for item in items:
            if item["level"] != "queue":
                continue
            queue, known = item["id"], self.seen[socket][item["id"]]
            answered = item["rolling"]["20"]["answered"]
            for nth, posted in enumerate(self.sent[queue][known:answered], known):
                if posted >= self.counted_from:
                    self.delays.append((now - posted) * 1000)
                    self.told.append(stages.Told(queue, nth, self.contacts[queue][nth], posted, now))
            self.seen[socket][queue] = max(known, answered)


def batch(number: int, size: int) -> list[dict[str, str]]:
    """Events of one POST: contacts offered two seconds ago, half of them answered now."""
    now = datetime.now(UTC)
    offered_at, occurred_at = (now - timedelta(seconds=2)).isoformat(), now.isoformat()
    events = []
    for i in range(size):
        contact, queue = f"{number}-{i}", f"site{(number * size + i) // 2 % 4}/q{(number * size + i) // 2 % QUEUES}"
        common = {"source": "bench", "queue": queue, "contact": contact}
        if i % 2:
            events.append(
                {
                    **common,
                    "type": "answered",
                    "event_id": f"{contact}:a",
                    "occurred_at": occurred_at,
                    "offered_at": offered_at,
                }
            )
        else:
            events.append({**common, "type": "offered", "event_id": f"{contact}:o", "occurred_at": occurred_at})
    return events


async def post(client: aiohttp.ClientSession, load: Load, number: int, size: int) -> None:
    events = batch(number, size)
    body = json.dumps(events)
    posted = time.perf_counter()
    for event in events:
        if event["type"] == "answered" and event["queue"].startswith(f"{TIMED_SITE}/"):
            load.sent[event["queue"]].append(posted)
            load.contacts[event["queue"]].append(event["contact"])
    async with client.post("/v1/events", data=body, headers={"content-type": "application/json"}) as answer:
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{answer.status}: {(await answer.text())[:300]}")
        await answer.read()
    if posted >= load.counted_from:
        load.answers.append((time.perf_counter() - posted) * 1000)


def cookie(installation: Installation) -> str:
    """A session, by a one-time link."""
    settings = installation.settings
    link = sign_in.link(redis_url=settings.redis_address, namespace=settings.namespace, wall=installation.wall)
    answer = httpx.get(link)
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


async def listen(address: str, session: str, load: Load, number: int) -> None:
    headers = {"Cookie": session}
    async with connect(address, additional_headers=headers, compression=None, max_size=None, max_queue=None) as socket:
        await socket.send(SUBSCRIBE)
        async for message in socket:
            now = time.perf_counter()
            load.see(number, json.loads(message).get("items", ()), now)


@asynccontextmanager
async def sockets(installation: Installation, load: Load) -> AsyncIterator[psutil.Process]:
    """All sockets, until they are left; yields the process that has those that are not timed."""
    session = cookie(installation)
    port = installation.port("api")
    listening = [asyncio.create_task(listen(f"ws://127.0.0.1:{port}/v1/live", session, load, i)) for i in range(TIMED)]
    others = [sys.executable, "-m", "bench.drain", str(port), str(SOCKETS - TIMED), session]
    drain = await asyncio.create_subprocess_exec(*others, stdout=subprocess.PIPE)
    try:
        assert drain.stdout is not None
        await drain.stdout.readline()
        telemetry = (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/telemetry")).text
        assert f"floorwatch_api_sockets {SOCKETS}.0" in telemetry, "the api does not have all sockets"
        yield psutil.Process(drain.pid)
    finally:
        for task in listening:
            task.cancel()
        drain.kill()
        await drain.wait()


async def send(installation: Installation, load: Load, rate: int, seconds: int) -> tuple[int, float]:
    """POST at a steady rate, each at its time whatever becomes of those before. (events, seconds)."""
    size = max(2, rate // POSTS_PER_S)
    pause = size / rate
    base = f"http://127.0.0.1:{installation.port('ingest')}"
    key = installation.environment["FLOORWATCH_INGEST_KEYS"].split(",")[0]
    async with aiohttp.ClientSession(base, headers={"x-api-key": key}) as client:
        began = time.perf_counter()
        load.counted_from = began + WARM_UP_S
        salt = int(time.time() * 1000) * 1000
        async with asyncio.TaskGroup() as posting:
            for i in range(int((seconds + WARM_UP_S) / pause)):
                await asyncio.sleep(began + i * pause - time.perf_counter())
                load.late.append((time.perf_counter() - began - i * pause) * 1000)
                posting.create_task(post(client, load, salt + i, size))
        return size * (i + 1), time.perf_counter() - began


def _idle_s() -> float:
    times = psutil.cpu_times()
    return float(times.idle + getattr(times, "iowait", 0))


async def measure(installation: Installation, rate: int, seconds: int) -> None:
    load = Load(seen=[defaultdict(int) for _ in range(TIMED)])
    async with sockets(installation, load) as drain:
        processes = {child.part.name: psutil.Process(child.pid) for child in installation.children}
        processes |= {"(load)": psutil.Process(), "(drain)": drain}
        before, idle = {name: cpu_s(process) for name, process in processes.items()}, _idle_s()
        events, took = await send(installation, load, rate, seconds)
        shares = {name: (cpu_s(process) - before[name]) / took for name, process in processes.items()}
        shares["idle"] = (_idle_s() - idle) / took
        shares["others"] = (psutil.cpu_count() or 1) - sum(shares.values())
        memory = {name: process.memory_info().rss / 1e6 for name, process in processes.items()}
        await asyncio.sleep(2)
    sent = sum(map(len, load.sent.values()))
    missing = sum(sent - sum(seen.values()) for seen in load.seen)
    size = max(2, rate // POSTS_PER_S)
    print(f"{events / took:7,.0f} events/s in POSTs of {size}, {SOCKETS} sockets: {percentiles(load.delays)}")
    print(f"    {missing} of {sent * TIMED:,} not seen two seconds after the last POST")
    parts = await stages.take_apart(installation, load.told)
    for name, values in {**parts, "POST to answer": load.answers, "POST late by": load.late}.items():
        print(f"    {name:16} {percentiles(values)}")
    for name, share in shares.items():
        print(f"    {name:8} {memory.get(name, 0):6.0f} MB  {share:6.1%} of a core")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=int, nargs="+", default=[1_000, 10_000], help="events a second")
    parser.add_argument("--seconds", type=int, default=20, help="measured time of each rate")
    options = parser.parse_args()
    for rate in options.rates:
        with tempfile.TemporaryDirectory() as folder, Installation(on_free_ports(Path(folder))) as installation:
            asyncio.run(measure(installation, rate, options.seconds))


if __name__ == "__main__":
    main()
