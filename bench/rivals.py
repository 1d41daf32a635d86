"""Events per CPU-second of metrics beside Quix Streams and Bytewax, and beside the limit, in one run on one Kafka.

    minimal counters       decode, and a dict of the oracle's first counters by queue and half-hour: nothing is faster
    decode + update alone  the keeper of the metrics service fed in a process, nothing else
    metrics service        the real process: Faust, checkpoints, tiles, half-hours, Redis
    Quix Streams           only the rolling service level of each queue; at least once, state with a changelog topic
    Bytewax                the same; recovery off, as by default, and on

Each rival counts in a hand-made ring of minutes kept as its keyed state, the fastest way, and in its own windows of 30
minutes by one minute. They do far less: no waiting callers, no half-hours, no repeats or corrections; minutes instead
of milliseconds; and what they compute is not even published. All decode with the same decoder, and all levels are
compared at the end: one that differs from metrics' makes the bench fail. They are installed, at locked versions, in an
environment of their own.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil
import redis
from aiokafka import AIOKafkaProducer

from bench import floor, rival_level
from bench.processes import cpu_s, service
from bench.rivals_environment import python
from bench.throughput import PARTITIONS, alone, own_parts
from services.cli.ports import free_ports
from services.contracts.events import Abandoned, Answered, Ended, Heartbeat, Offered, decode_contacts, encode_batch
from services.contracts.keeping import Record
from services.contracts.names import Names, Topic
from services.metrics.domain.keeper import count_records
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from services.runtime.worker import tune_garbage_collection

HALF_HOUR_MS = 30 * 60 * 1000
Levels = dict[str, tuple[int, int]]
"""queue → (answered within T, counted) in the last half-hour."""


class Value(NamedTuple):
    """A record to publish."""

    partition: int
    key: bytes
    value: bytes
    events: int


class Load(NamedTuple):
    """The same events, for everybody."""

    shape: str
    size: int
    topic: Topic
    values: list[Value]
    end: int
    levels: Levels

    @property
    def events(self) -> int:
        return sum(value.events for value in self.values)


def load(shape: str, contacts: int, queues: int, *, size: int = floor.BATCH) -> Load:
    """A floor that ends, by its last heartbeats, on a full minute: there minutes and milliseconds agree."""
    packed = floor.records(floor.events(queues, contacts), PARTITIONS)
    last = max(event.at for _, value, _ in packed[-PARTITIONS:] for event in decode_contacts(value))
    end = -(-last // rival_level.MINUTE_MS) * rival_level.MINUTE_MS
    beats = encode_batch([Heartbeat("bench", f"site{i}", end) for i in range(8)])
    packed += [(partition, beats, 8) for partition in range(PARTITIONS)]
    values = list(_singly(packed) if size == 1 else (Value(p, b"%d" % p, value, n) for p, value, n in packed))
    return Load(shape, size, Topic(f"bench.rivals.{shape}", retention_hours=24), values, end, _reference(packed))


def _singly(packed: Iterable[tuple[int, bytes, int]]) -> Iterable[Value]:
    for partition, value, _ in packed:
        for event in decode_contacts(value):
            key = f"{partition}" if isinstance(event, Heartbeat) else event.queue
            yield Value(partition, key.encode(), encode_batch([event]), 1)


def _reference(packed: list[tuple[int, bytes, int]]) -> Levels:
    names = Names("bench")
    records = (Record(names.contacts.name, p, offset, value) for offset, (p, value, _) in enumerate(packed))
    return dict(_level(json.loads(tile)) for _, tile in count_records(records, names).news().tiles)


def _level(tile: dict[str, object]) -> tuple[str, tuple[int, int]]:
    class _Tile(msgspec.Struct):
        id: str
        rolling: dict[str, dict[str, int]]

    read = msgspec.convert(tile, _Tile)
    counts = read.rolling[str(rival_level.THRESHOLD_MS // 1000)]
    return read.id, (counts["answered_within"], counts["offered"] - counts["short_abandoned"])


def minimal(load: Load) -> float:
    """Events per CPU-second of the least that anybody has to do, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_minimal, ([value.value for value in load.values],))


def _minimal(values: list[bytes]) -> float:
    tune_garbage_collection()
    counters: Counter[tuple[str, int, str]] = Counter()
    seen, threshold = 0, rival_level.THRESHOLD_MS
    began = time.process_time()
    for value in values:
        for event in decode_contacts(value):
            seen += 1
            if isinstance(event, Offered):
                counters[event.queue, event.at // HALF_HOUR_MS, "offered"] += 1
            elif isinstance(event, Answered):
                waited, half_hour = event.at - event.offered_at, event.offered_at // HALF_HOUR_MS
                counters[event.queue, half_hour, "answered"] += 1
                counters[event.queue, half_hour, "wait_answered_ms"] += waited
                if waited <= threshold:
                    counters[event.queue, half_hour, "answered_within"] += 1
            elif isinstance(event, Abandoned):
                counters[event.queue, event.offered_at // HALF_HOUR_MS, "abandoned"] += 1
            elif isinstance(event, Ended):
                counters[event.queue, event.offered_at // HALF_HOUR_MS, "talk_ms"] += event.talk_ms
    return seen / (time.process_time() - began)


async def publish(settings: CommonSettings, load: Load) -> dict[int, int]:
    """Send the load with its keys; the newest offset of each partition."""
    await kafka.ensure_topics(settings, [load.topic])
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, linger_ms=20, max_batch_size=1 << 20, compression_type="lz4"
    )
    await producer.start()
    last = {}
    for partition, key, value, _ in load.values:
        last[partition] = await producer.send(load.topic.name, value, key, partition=partition)
    await producer.flush()
    newest = {partition: (await sent).offset for partition, sent in last.items()}
    await producer.stop()
    return newest


def ours(load: Load, newest: dict[int, int], settings: CommonSettings, folder: Path) -> tuple[float, Levels]:
    """CPU seconds of the metrics service from the first record to the last checkpoint, and what Redis shows then."""
    names = Names(f"bench-{load.shape}")
    environment = {"FLOORWATCH_NAMESPACE": names.namespace}
    (port,) = free_ports(1)
    with (
        service("metrics", port, environment, folder / "log") as process,
        redis.Redis.from_url(settings.redis_url, decode_responses=True) as client,
    ):
        before = cpu_s(process)
        subprocess.run(
            [sys.executable, "-m", "bench.copy_topic", load.topic.name, names.contacts.name],
            env={**os.environ, **environment},
            check=True,
        )
        while True:
            done = client.hgetall(names.progress_key)
            if all(int(done.get(f"{names.contacts.name}|{p}", -1)) >= end for p, end in newest.items()):
                break
            if process.status() == psutil.STATUS_ZOMBIE:
                raise RuntimeError(f"metrics ended: {(folder / 'log' / 'metrics.log').read_text()[-2000:]}")
            time.sleep(0.2)
        spent = cpu_s(process) - before
        tiles = client.hgetall(names.tiles_key)
    return spent, dict(_level(json.loads(tile)) for tile in tiles.values())


def rival(program: str, shape: str, load: Load) -> tuple[float, Levels]:
    """CPU seconds of a rival's process from its first record to its last, and its levels."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result"
        arguments = [shape, load.topic.name, str(load.events), str(load.end), str(result)]
        done = subprocess.run(
            [str(python()), "-m", f"bench.{program}", *arguments],
            env={**os.environ, "FLOORWATCH_STATE_DIR": folder},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if not result.exists():
            raise RuntimeError(f"{program} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
        answer = json.loads(result.read_text())
    return answer["cpu_s"], {queue: (within, counted) for queue, (within, counted) in answer["levels"].items()}


STATE = (
    ("Quix Streams, state", "rival_quix", "state"),
    ("Bytewax, state", "rival_bytewax", "state"),
    ("Bytewax, state, recovery", "rival_bytewax", "recovery"),
)
WINDOWS = (("Bytewax, its windows", "rival_bytewax", "windows"),)
QUIX_WINDOWS = ("Quix Streams, its windows", "rival_quix")


class Row(NamedTuple):
    """A line of the table."""

    name: str
    load: Load
    speed: float
    levels: Levels | None


def measure(loads: list[Load], settings: CommonSettings, folder: Path) -> Iterator[Row]:
    """The service and the rivals: the last load, of fewer batches, is for the slowest."""
    for each in loads:
        newest = asyncio.run(publish(settings, each))
        if each is not loads[-1]:
            spent, levels = ours(each, newest, settings, folder)
            yield Row("metrics service", each, each.events / spent, levels)
    batches, singly, few = loads
    rivals = [(each, *rival_) for each in (batches, singly) for rival_ in STATE]
    rivals += [(each, *rival_) for each in (few, singly) for rival_ in WINDOWS]
    rivals += [(few, *QUIX_WINDOWS, "grouped-windows"), (singly, *QUIX_WINDOWS, "windows")]
    for each, name, program, shape in rivals:
        spent, levels = rival(program, shape, each)
        yield Row(name, each, each.events / spent, levels)


def run(contacts: int, singles: int, queues: int) -> int:
    batches = load("batches", contacts, queues)
    singly = load("singles", singles, queues, size=1)
    few = load("few", singles, queues)
    print(
        f"{batches.events:,} events in records of up to {floor.BATCH}; {singly.events:,} one a record; {queues} queues"
    )
    packed = [(value.partition, value.value, value.events) for value in batches.values]
    limits, minima = [alone(packed)], [minimal(batches)]
    with own_parts() as (settings, folder):
        rows = list(measure([batches, singly, few], settings, folder))
    limits.append(alone(packed))  # before and after: the machine's speed drifts
    minima.append(minimal(batches))
    first = [Row("minimal counters, alone", batches, sum(minima) / 2, None)]
    return report([*first, Row("decode + update alone", batches, sum(limits) / 2, None), *rows])


def report(rows: list[Row]) -> int:
    """Print the table; how many rows have a wrong service level."""
    minimum, limit, metrics = rows[0].speed, rows[1].speed, rows[2].speed
    print(f"{'':26}{'a record':>9}{'events':>11}{'events/CPU-s':>14}{'÷ minimal':>11}{'÷ update':>10}{'metrics ÷':>11}")
    wrong = 0
    for row in rows:
        same = row.levels is None or row.levels == row.load.levels
        wrong += not same
        told = "" if row.levels is None else f"  {len(row.levels)} levels the same" if same else "  LEVELS DIFFER"
        print(
            f"{row.name:26}{row.load.size:9}{row.load.events:11,}{row.speed:14,.0f}{row.speed / minimum:11.3f}"
            f"{row.speed / limit:10.3f}{metrics / row.speed:11.2f}{told}",
        )
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=400_000, help="in batches")
    parser.add_argument("--singles", type=int, default=30_000, help="contacts, one event a record")
    parser.add_argument("--queues", type=int, default=200)
    options = parser.parse_args()
    python()  # installs them before anything is measured
    return run(options.contacts, options.singles, options.queues)


if __name__ == "__main__":
    sys.exit(main())
