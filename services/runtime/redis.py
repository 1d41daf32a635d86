"""Redis clients."""

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from services.runtime.settings import CommonSettings


def client(settings: CommonSettings) -> "redis.asyncio.Redis":
    """A client that answers bytes and retries a lost connection for about a second."""
    return redis.asyncio.Redis.from_url(
        settings.redis_url,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 5),
        socket_connect_timeout=2,
        socket_timeout=5,
        health_check_interval=10,
    )
