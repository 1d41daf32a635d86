"""What every service that writes Redis needs. All of Redis can be thrown away; it is filled again from the log.

Whoever calls treats `UNAVAILABLE` as "Redis is away": nothing is retried here for long, because Kafka must not wait for
Redis.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from services.contracts.names import Names

UNAVAILABLE = (RedisError, OSError, TimeoutError)
PATIENCE_S = 3.0


class RedisStore:
    """One Redis, written in pipelines."""

    def __init__(self, client: "redis.asyncio.Redis", names: Names) -> None:
        """Use `client`; nothing is sent yet."""
        self._client = client
        self._names = names

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()

    async def show_progress(self, progress: Mapping[tuple[str, int], int]) -> None:
        """Tell how far all effects are published: (topic, partition) → offset."""
        if progress:
            pipe = self._pipeline()
            fields = {f"{topic}|{partition}": offset for (topic, partition), offset in progress.items()}
            pipe.hset(self._names.progress_key, mapping=fields)
            await self._run(pipe)

    def _pipeline(self, *, transaction: bool = False) -> Any:
        return self._client.pipeline(transaction=transaction)

    async def _run(self, pipe: Any) -> list[Any]:
        async with asyncio.timeout(PATIENCE_S):
            answers: list[Any] = await pipe.execute()
        return answers


def json_array(values: Iterable[bytes]) -> bytes:
    """A JSON array of values that are JSON already."""
    return b"[" + b",".join(values) + b"]"
