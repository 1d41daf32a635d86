"""Restart of the metrics service after SIGKILL until its numbers are right and current again, with 200 queues.

With agents as well (`--agents`), who have worked for ten minutes by their plans: their state is restored, too.

Metrics has counted a floor's history and follows a live feed. It is killed and started again at once. It is current
when all that was on the log a second before is published. The broker gives a dead member's partitions away only when
its session is over, so that time is shown apart.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import signal
import time
from pathlib import Path

import psutil
import redis.asyncio
from aiokafka import AIOKafkaProducer

from bench import floor, scale
from bench.processes import service
from bench.throughput import NAMES, PARTITIONS, own_parts, publish
from services.cli.ports import free_ports
from services.contracts.events import Answered, encode_batch
from services.runtime import kafka
from services.runtime.kafka import partition_of
from services.runtime.settings import CommonSettings

LIVE_PER_S = 50  # records


async def live(settings: CommonSettings, queues: int, newest: list[tuple[float, int, int]]) -> None:
    """A live feed: answered contacts in all queues; notes when which offset was acknowledged."""
    producer: AIOKafkaProducer = kafka.producer(settings)
    await producer.start()
    try:
        for number in itertools.count():
            await asyncio.sleep(1 / LIVE_PER_S)
            now = round(time.time() * 1000)
            queue = f"site{number % queues % 8}/q{number % queues}"
            partition = partition_of(queue, PARTITIONS)
            event = Answered(f"live-{number}-{now}", "bench", now, queue, f"live-{number}-{now}", now - 5000)
            sent = await producer.send_and_wait(NAMES.contacts.name, encode_batch([event]), partition=partition)
            newest.append((time.monotonic(), partition, sent.offset))
    finally:
        await producer.stop()


async def current(client: "redis.asyncio.Redis", newest: list[tuple[float, int, int]], started: float) -> None:
    """Wait until all that was acknowledged a second ago is published."""
    while True:
        await asyncio.sleep(0.05)
        aged = {p: offset for at, p, offset in newest if at < time.monotonic() - 1}
        done = await client.hgetall(NAMES.progress_key)
        fresh = all(int(done.get(f"{NAMES.contacts.name}|{p}".encode(), -1)) >= offset for p, offset in aged.items())
        if aged and fresh and time.monotonic() > started:
            return


async def publish_agents(settings: CommonSettings, agents: int) -> dict[tuple[str, int], int]:
    """Ten minutes of agents at their work, up to now, after their plans; the newest offset of each partition."""
    minutes = 10
    load = scale.agents(agents, agents * minutes, start_ms=round(time.time() * 1000) - minutes * 60_000)
    await kafka.ensure_topics(settings, [NAMES.schedules])
    producer: AIOKafkaProducer = kafka.producer(settings)
    await producer.start()
    for plan in load.before:
        await producer.send(NAMES.schedules.name, plan.value, plan.key, partition=plan.partition)
    await producer.stop()
    newest = await publish(settings, NAMES.agents, ((record.partition, record.value) for record in load.records))
    return {(NAMES.agents.name, partition): offset for partition, offset in newest.items()}


async def counted(client: "redis.asyncio.Redis", newest: dict[tuple[str, int], int]) -> None:
    """Wait until all of it is published."""
    while True:
        done = await client.hgetall(NAMES.progress_key)
        if all(int(done.get(f"{topic}|{p}".encode(), -1)) >= offset for (topic, p), offset in newest.items()):
            return
        await asyncio.sleep(0.2)


async def run(settings: CommonSettings, folder: Path, contacts: int, queues: int, agents: int, *, kills: int) -> None:
    span_ms = contacts / queues / 100 * 1_800_000
    shift = round(time.time() * 1000) - floor.START_MS - round(span_ms)  # the history ends now
    packed = floor.records(floor.events(queues, contacts, shift_ms=shift), PARTITIONS)
    await publish(settings, NAMES.contacts, ((p, value) for p, value, _ in packed))
    staffed = await publish_agents(settings, agents) if agents else {}
    client = redis.asyncio.Redis.from_url(settings.redis_url)
    newest: list[tuple[float, int, int]] = []
    feeding = asyncio.create_task(live(settings, queues, newest))
    session_s = float(os.environ.get("FLOORWATCH_SESSION_TIMEOUT_S", "6"))
    (port,) = free_ports(1)
    with contextlib.ExitStack() as stack:
        process = await asyncio.to_thread(stack.enter_context, service("metrics", port, {}, folder / "log"))
        await counted(client, staffed)
        await current(client, newest, time.monotonic() + 1)
        memory = process.memory_info().rss / 1e6
        print(
            f"{contacts:,} contacts in {queues:,} queues and {agents:,} agents counted, {memory:.0f} MB; "
            f"session {session_s:g} s"
        )
        for _ in range(kills):
            process.send_signal(signal.SIGKILL)
            killed = time.monotonic()
            with contextlib.suppress(psutil.NoSuchProcess):
                process.wait()
            process = await asyncio.to_thread(stack.enter_context, service("metrics", port, {}, folder / "log"))
            await current(client, newest, killed + 1)
            took = time.monotonic() - killed
            memory = process.memory_info().rss / 1e6
            beyond = f"{took - session_s:5.1f} s beyond the session time-out"
            print(f"SIGKILL to current: {took:5.1f} s, {beyond}, {memory:.0f} MB", flush=True)
        feeding.cancel()
    await client.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=100_000, help="history; 100 a queue and half-hour")
    parser.add_argument("--queues", type=int, default=200)
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--kills", type=int, default=3)
    options = parser.parse_args()
    with own_parts() as (settings, folder):
        asyncio.run(run(settings, folder, options.contacts, options.queues, options.agents, kills=options.kills))


if __name__ == "__main__":
    main()
