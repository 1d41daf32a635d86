"""Kafka and Redis for tests: the real embedded ones, started once, or those that the environment names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.cli.parts.kafka import kafka
from services.cli.parts.valkey import valkey
from services.cli.ports import free_ports
from services.cli.supervisor import Supervisor


@dataclass(frozen=True)
class Parts:
    """Where they are."""

    kafka_bootstrap_servers: str
    redis_url: str


@contextmanager
def running_parts(folder: Path) -> Iterator[Parts]:
    """Bring up what the environment does not name, on free ports, and take it away again."""
    kafka_port, controller_port, redis_port = free_ports(3)
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    redis_url = os.environ.get("REDIS_URL")
    if bootstrap and redis_url:
        yield Parts(bootstrap, redis_url)
        return
    supervisor = Supervisor(folder / "log", say=print)
    try:
        if not bootstrap:
            supervisor.start(kafka(folder / "kafka", port=kafka_port, controller_port=controller_port), stage=0)
        if not redis_url:
            supervisor.start(valkey(folder / "redis", port=redis_port), stage=0)
        yield Parts(bootstrap or f"127.0.0.1:{kafka_port}", redis_url or f"redis://127.0.0.1:{redis_port}/0")
    finally:
        supervisor.stop()
