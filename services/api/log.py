"""Reading stretches of topics: a consumer of its own for each reading, so that nobody waits for another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.api.pen import LogAwayError

AT_ONCE = 2
"""Readings of one kind at a time; others wait."""
PATIENCE_S = 10.0
WHOLE_S = 30.0
RECORDS_AT_ONCE = 200


@asynccontextmanager
async def reading(
    consumer: AIOKafkaConsumer, *topics: str, within_s: float = WHOLE_S
) -> AsyncIterator[list[TopicPartition]]:
    """All partitions that these topics have, for a consumer that is started here and stopped; it has none assigned.

    Raises:
        LogAwayError: Kafka does not answer, or not within so many seconds.
    """
    try:
        async with asyncio.timeout(within_s):
            await asyncio.wait_for(consumer.start(), PATIENCE_S)
            cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001  # a reader of no topic knows of none
            yield [
                TopicPartition(topic, partition)
                for topic in topics
                for partition in sorted(cluster.partitions_for_topic(topic) or ())
            ]
    except (KafkaError, OSError, TimeoutError) as error:
        raise LogAwayError(str(error) or type(error).__name__) from error
    finally:
        await consumer.stop()


async def extent(consumer: AIOKafkaConsumer, place: TopicPartition) -> tuple[int, int]:
    """Assign this partition alone; its oldest offset, and the one that is written next."""
    consumer.assign([place])
    first = (await consumer.beginning_offsets([place]))[place]
    return first, (await consumer.end_offsets([place]))[place]


async def stretch(
    consumer: AIOKafkaConsumer, place: TopicPartition, begin: int, end: int
) -> AsyncIterator[list[ConsumerRecord]]:
    """The records of a partition from offset `begin` to the one before `end`, some at a time."""
    consumer.seek(place, begin)
    while await consumer.position(place) < end:
        found = (await consumer.getmany(place, timeout_ms=500, max_records=RECORDS_AT_ONCE)).get(place, ())
        if records := [record for record in found if record.offset < end]:
            yield records
