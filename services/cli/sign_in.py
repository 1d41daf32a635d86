"""One-time links that sign a person in on the wall without a password."""

import secrets

import redis

from services.contracts.names import Names
from services.contracts.people import Role

VALID_S = 3600


def link(*, redis_url: str, namespace: str, wall: str, role: Role = "supervisor") -> str:
    """A link that works once, within an hour. Raises redis.RedisError when Redis can't be reached."""
    token = secrets.token_urlsafe(24)
    with redis.Redis.from_url(redis_url, socket_connect_timeout=5, socket_timeout=5) as client:
        client.set(Names(namespace).sign_in_key(token), role, ex=VALID_S)
    return f"{wall}/sign-in?token={token}"
