"""Events per CPU-second of the metrics service, against the limit of the same run.

    decode + update alone    the keeper of the metrics service fed in this process, nothing else
    bare aiokafka            a consumer that feeds the same keeper; no state kept, nothing published
    metrics service          the real process: Faust, checkpoints, tiles, intervals, Redis
    plain Faust              one event a record, the same update, no state kept

All read the same events. The CPU of the broker is nobody's.
"""

import argparse
import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import redis
from aiokafka import AIOKafkaProducer

from bench import floor
from bench.processes import cpu_s, service
from services.cli.ports import free_ports
from services.contracts.keeping import Record
from services.contracts.names import Names, Topic
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper, count_records
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from services.runtime.worker import tune_garbage_collection
from tests.parts import running_parts

PARTITIONS = 4
Packed = list[tuple[int, bytes, int]]
NAMES = Names("bench")
SINGLES = Topic("bench.singles", retention_hours=24)


def keeper() -> MetricsKeeper:
    made = MetricsKeeper(NAMES, Floor())
    made.restore([], frozenset(range(PARTITIONS)))
    return made


def alone(packed: Packed) -> float:
    """Events per CPU-second of decoding and updating, in a process of its own, with the services' settings."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_alone, (packed,))


def _alone(packed: Packed) -> float:
    tune_garbage_collection()
    records = (Record(NAMES.contacts.name, p, offset, value) for offset, (p, value, _) in enumerate(packed))
    began = time.process_time()
    counted = count_records(records, NAMES)
    return counted.events / (time.process_time() - began)


async def bare(settings: CommonSettings, topic: str, events: int) -> float:
    """Events per CPU-second of a consumer that decodes and updates."""
    tune_garbage_collection()
    counting = keeper()
    reader = kafka.reader(settings, topic)
    await reader.start()
    began = time.process_time()
    while counting.events < events:
        for records in (await reader.getmany(timeout_ms=1000)).values():
            for record in records:
                counting.apply(Record(NAMES.contacts.name, record.partition, record.offset, record.value))
    spent = time.process_time() - began
    await reader.stop()
    return counting.events / spent


async def publish(settings: CommonSettings, topic: Topic, values: Iterator[tuple[int, bytes]]) -> dict[int, int]:
    """Send everything; the newest offset of each partition."""
    await kafka.ensure_topics(settings, [topic])
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, linger_ms=20, max_batch_size=1 << 20, compression_type="lz4"
    )
    await producer.start()
    last = {}
    for partition, value in values:
        last[partition] = await producer.send(topic.name, value, partition=partition)
    await producer.flush()
    newest = {partition: (await sent).offset for partition, sent in last.items()}
    await producer.stop()
    return newest


def measured(process: psutil.Process, url: str, newest: dict[int, int], send: "subprocess.Popen[bytes]") -> float:
    """CPU seconds of metrics from the first record to the last checkpoint."""
    before = cpu_s(process)
    assert send.wait() == 0
    with redis.Redis.from_url(url) as client:
        while True:
            done = client.hgetall(NAMES.progress_key)
            if all(int(done.get(f"{NAMES.contacts.name}|{p}".encode(), -1)) >= end for p, end in newest.items()):
                return cpu_s(process) - before
            time.sleep(0.2)


@contextmanager
def own_parts() -> Iterator[tuple[CommonSettings, Path]]:
    """Kafka and Redis for this bench, and settings that find them."""
    with tempfile.TemporaryDirectory() as folder, running_parts(Path(folder)) as parts:
        os.environ |= {
            "KAFKA_BOOTSTRAP_SERVERS": parts.kafka_bootstrap_servers,
            "REDIS_URL": parts.redis_url,
            "FLOORWATCH_NAMESPACE": NAMES.namespace,
            "FLOORWATCH_PARTITIONS": str(PARTITIONS),
            "FLOORWATCH_STATE_DIR": folder,
        }
        yield CommonSettings(), Path(folder)


def plain_faust(settings: CommonSettings, packed: Packed, limit: int) -> float:
    """Events per CPU-second of Faust with one event a record."""
    values = ((p, single) for p, value, _ in packed for single in floor.singly(value))
    newest = asyncio.run(publish(settings, SINGLES, (pair for pair, _ in zip(values, range(limit), strict=False))))
    count = sum(newest.values()) + len(newest)
    output = subprocess.run(
        [sys.executable, "-m", "bench.plain_faust", str(count)], capture_output=True, text=True, check=True
    )
    return float(output.stdout.splitlines()[-1])


def run(contacts: int, queues: int, singles: int) -> None:
    packed = floor.records(floor.events(queues, contacts), PARTITIONS)
    events = sum(count for _, _, count in packed)
    print(
        f"{events:,} events of {contacts:,} contacts in {queues} queues, {len(packed):,} records of up to {floor.BATCH}"
    )
    results = []
    with own_parts() as (settings, folder):
        copy = Topic("bench.copy", retention_hours=24)
        newest = asyncio.run(publish(settings, copy, ((p, value) for p, value, _ in packed)))
        results.append(("bare aiokafka", asyncio.run(bare(settings, copy.name, events))))
        (port,) = free_ports(1)
        limits = [alone(packed)]
        with service("metrics", port, {}, folder / "log") as process:
            send = subprocess.Popen([sys.executable, "-m", "bench.copy_topic", copy.name, NAMES.contacts.name])
            spent = measured(process, settings.redis_url, newest, send)
            memory = process.memory_info().rss / 1e6
        limits.append(alone(packed))  # before and after: the machine's speed drifts
        results.append(("metrics service", events / spent))
        results.append(("plain Faust, one event a record", plain_faust(settings, packed, singles)))
    limit = sum(limits) / len(limits)
    for name, speed in [("decode + update alone", limit), *results]:
        print(f"{name:34} {speed:12,.0f} events/CPU-s   {speed / limit:6.3f} of the limit")
    print(f"metrics service: {memory:.0f} MB at the end")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=400_000)
    parser.add_argument("--queues", type=int, default=200)
    parser.add_argument("--singles", type=int, default=20_000, help="events for plain Faust")
    options = parser.parse_args()
    run(options.contacts, options.queues, options.singles)


if __name__ == "__main__":
    main()
