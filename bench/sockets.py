"""How many sockets one core of the api holds at one update a second, while ten of them read nothing.

Per row: sockets that read, CPU of the api as a share of one core, delay from the announcement in Redis to the message
in the client, and the sockets that one core would hold at that cost.
"""

import argparse
import asyncio
import json
import resource
import socket
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis.asyncio
from websockets.asyncio.client import ClientConnection, connect

from bench.processes import cpu_s, percentiles, service
from services.cli.parts.valkey import valkey
from services.cli.ports import free_ports
from services.cli.supervisor import Supervisor
from services.contracts.definitions import Counts
from services.contracts.metrics import FeedClock, Tile
from services.contracts.names import Names

QUEUES = 24
DEAF = 10
TIMED_EACH = 20
SUBSCRIBE = json.dumps({"type": "subscribe", "filters": {"kinds": ["tile"]}})


@dataclass
class Heard:
    """What the sockets of a row have received."""

    updates: int = 0
    delays: list[float] = field(default_factory=list)


async def floor(client: "redis.asyncio.Redis", names: Names, seconds: int) -> None:
    """Publish every queue once a second, as metrics does; `as_of` is the real moment of it."""
    for second in range(seconds):
        began = time.monotonic()
        now = round(time.time() * 1000)
        counts = Counts(offered=100 + second, answered=90 + second, answered_within=70)
        tiles = [
            Tile(
                id=f"site{i % 4}/q{i}", as_of=now, offset=now, target_s=20, target_percent=80, definition="offered",
                rolling={20: counts, 30: counts}, waiting=second % 7, oldest_offered_at=None,
            ).model_dump_json()
            for i in range(QUEUES)
        ]  # fmt: skip
        clock = FeedClock(id="bench|site0|contacts|0", source="bench", site="site0", at=now, rate=1).model_dump_json()
        async with client.pipeline(transaction=False) as pipe:
            pipe.hset(names.tiles_key, mapping={json.loads(tile)["id"]: tile for tile in tiles})
            pipe.publish(names.changes_channel, f"[{','.join([*tiles, clock])}]")
            await pipe.execute()
        await asyncio.sleep(began + 1 - time.monotonic())


async def listen(socket_: ClientConnection, heard: Heard, *, timed: bool) -> None:
    """Count the updates; only some sockets read the stamps, as this process must not be the slowest part."""
    await socket_.send(SUBSCRIBE)
    async for message in socket_:
        if timed:
            received = time.time() * 1000
            told = json.loads(message)
            if told["type"] == "update":
                heard.delays += [received - item["as_of"] for item in told["items"] if item["id"] == "site0/q0"]
        heard.updates += 1


async def deaf(port: int) -> socket.socket:
    """A socket that subscribes and then never reads."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", port))
    connection = await connect(f"ws://127.0.0.1:{port}/v1/live", sock=raw, max_queue=1)
    await connection.send(SUBSCRIBE)
    connection.transport.pause_reading()
    return raw


async def row(bench: "Bench", sockets: int, seconds: int) -> None:
    await bench.client.flushall()
    publishing = asyncio.create_task(floor(bench.client, bench.names, seconds + sockets // 300 + 4))
    await asyncio.sleep(1)
    heard = Heard()
    silent = [await deaf(bench.port) for _ in range(DEAF)]
    connections = [await connect(bench.address, compression=None) for _ in range(sockets)]
    listening = [
        asyncio.create_task(listen(connection, heard, timed=i % TIMED_EACH == 0))
        for i, connection in enumerate(connections)
    ]
    await asyncio.sleep(2)
    heard.updates = 0
    heard.delays.clear()
    before, began = cpu_s(bench.api), time.monotonic()
    await publishing
    elapsed = time.monotonic() - began
    share, each = (cpu_s(bench.api) - before) / elapsed, heard.updates / sockets / elapsed
    memory = bench.api.memory_info().rss / 1e6
    for task in listening:
        task.cancel()
    await asyncio.gather(*(connection.close() for connection in connections), return_exceptions=True)
    for raw in silent:
        raw.close()
    print(
        f"{sockets:6,} sockets + {DEAF} deaf  {each:4.2f} updates/s each  api {share:5.1%} of a core, {memory:4.0f} MB"
        f"  {percentiles(heard.delays)}  → one core holds about {sockets / share:,.0f}"
    )


@dataclass(frozen=True)
class Bench:
    """What is measured, and how to reach it."""

    api: psutil.Process
    port: int
    client: "redis.asyncio.Redis"
    names: Names

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/live"


async def run(sizes: list[int], seconds: int) -> None:
    redis_port, api_port = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        supervisor = Supervisor(Path(folder) / "log", say=print)
        supervisor.start(valkey(Path(folder) / "redis", port=redis_port), stage=0)
        environment = {"REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "FLOORWATCH_NAMESPACE": "bench"}
        client = redis.asyncio.Redis(port=redis_port)
        try:
            with service("api", api_port, environment, Path(folder) / "log") as api:
                for sockets in sizes:
                    await row(Bench(api, api_port, client, Names("bench")), sockets, seconds)
        finally:
            await client.aclose()
            supervisor.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, nargs="+", default=[250, 1000, 2000])
    parser.add_argument("--seconds", type=int, default=20, help="measured time of each row")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asyncio.run(run(options.sockets, options.seconds))


if __name__ == "__main__":
    main()
