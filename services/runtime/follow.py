"""A compacted topic that this process follows for ever: read whole again whenever Kafka was away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from aiokafka.errors import KafkaError

from services.contracts.names import Topic
from services.runtime import kafka
from services.runtime.logs import get_logger
from services.runtime.settings import CommonSettings
from services.runtime.topology import CompactedFeed

AGAIN_S = 1.0


async def followed(
    settings: CommonSettings,
    topics: Sequence[Topic],
    *,
    what: str,
    learn: Callable[[str, bytes | None], None],
    first: Callable[[], Awaitable[None]],
    told: Callable[[dict[str, bytes | None]], Awaitable[None]],
) -> None:
    """Read the first of the topics and follow it; all of them are made where they are missing.

    Args:
        settings: where Kafka is.
        topics: the one to follow, and others that are written with it.
        what: stands on it, for the log.
        learn: takes each record's key and value; ValueError means that it can't be used.
        first: called when all that there was has been read.
        told: called after each batch of news.
    """
    away = False
    while True:
        feed = CompactedFeed(settings, topics[0], learn)
        try:
            await kafka.ensure_topics(settings, topics)
            await feed.read_to_end()
            away = False
            await first()
            await feed.follow(told)
        except (KafkaError, OSError, TimeoutError) as error:
            if not away:
                get_logger().warning(f"{what} can't be read from Kafka, trying again", error=repr(error))
            away = True
        finally:
            with suppress(Exception):
                await feed.stop()
        await asyncio.sleep(AGAIN_S)
