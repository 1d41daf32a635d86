"""Kafka clients, made in one place so that all services agree on acknowledgement, compression and hashing."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError
from aiokafka.partitioner import murmur2
from aiokafka.structs import TopicPartition

from services.contracts.names import MAX_RECORD_BYTES, Topic
from services.runtime.settings import CommonSettings


def partition_of(key: str, partitions: int) -> int:
    """Partition of a key by Kafka's standard hash, the one that every client library uses."""
    return int((murmur2(key.encode()) & 0x7FFFFFFF) % partitions)


def producer(settings: CommonSettings, *, linger_ms: int = 0) -> AIOKafkaProducer:
    """A producer, not yet started, that loses and repeats nothing between itself and the broker."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=linger_ms,
        max_request_size=MAX_RECORD_BYTES,
        max_batch_size=256 * 1024,
        compression_type="lz4",
    )


def reader(
    settings: CommonSettings, *topics: str, fetch_bytes: int = MAX_RECORD_BYTES, wait_ms: int = 500
) -> AIOKafkaConsumer:
    """A consumer outside any group, not yet started, that reads whole topics from their beginning.

    `fetch_bytes`: asked for at once of one partition; a larger record comes all the same. `wait_ms`: so long the broker
    may wait for something new, and whoever goes to another partition meanwhile waits with it.
    """
    return AIOKafkaConsumer(
        *topics,
        bootstrap_servers=settings.kafka_bootstrap_servers,
        group_id=None,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=fetch_bytes,
        fetch_max_wait_ms=wait_ms,
        isolation_level="read_committed",
    )


async def first_offset_from(settings: CommonSettings, topic: str, partition: int, offset: int) -> int:
    """Offset of the first record at or after `offset` that a reader gets. Waits until there is one."""
    place = TopicPartition(topic, partition)
    consumer = reader(settings)
    consumer.assign([place])
    await consumer.start()
    try:
        consumer.seek(place, offset)
        record = await consumer.getone(place)
        return int(record.offset)
    finally:
        await consumer.stop()


async def ensure_topics(settings: CommonSettings, topics: Iterable[Topic] | None = None) -> None:
    """Create the topics that are missing. Those that exist are left as they are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        for topic in topics if topics is not None else settings.names.topics:
            if topic.name in existing:
                continue
            new = NewTopic(
                name=topic.name,
                num_partitions=topic.partitions or settings.partitions,
                replication_factor=settings.replication,
                topic_configs=topic.config,
            )
            try:
                await admin.create_topics([new])
            except TopicAlreadyExistsError:
                continue  # another service was quicker
    finally:
        await admin.close()
