"""Kafka, Redis and the services of one chaos run: brought up by the launcher's own supervisor, hurt by us.

The supervisor starts again whatever dies, as it does for users, and a guard ends everything should this process be
killed.
"""

import os
import re
import secrets
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from services.cli.child import Child
from services.cli.installation import not_ready
from services.cli.parts.kafka import kafka
from services.cli.parts.part import Part, at_once
from services.cli.parts.valkey import valkey
from services.cli.ports import free_ports
from services.cli.supervisor import Supervisor
from services.runtime.settings import CommonSettings
from tests.chaos.plan import MOST_WORKERS

NAMESPACE = "chaos"
PARTITIONS = 4
SILENT_S = 120
"""FLOORWATCH_METRICS_SILENT_S: of the floor's time, which goes faster than the heartbeats."""
_ASSIGNED = re.compile(rb"\bcounting\b.*partitions=")


class Crew:
    """Every process of a run, by name: kafka, redis, ingest, metrics-1 …, alerts, api."""

    def __init__(self, folder: Path, *, session_s: float, more: Mapping[str, str] | None = None) -> None:
        """Nothing is started yet. `more`: further variables of the services."""
        self.folder = folder
        self.said: list[str] = []
        ports = iter(free_ports(6 + MOST_WORKERS))
        self._kafka_port, self._controller_port, self._redis_port = next(ports), next(ports), next(ports)
        self.ports = {name: next(ports) for name in ("ingest", "alerts", "api")}
        self.ports |= {f"metrics-{number}": next(ports) for number in range(1, MOST_WORKERS + 1)}
        self.key = secrets.token_urlsafe(16)
        self._environment = {
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{self._kafka_port}",
            "REDIS_URL": f"redis://127.0.0.1:{self._redis_port}/0",
            "FLOORWATCH_NAMESPACE": NAMESPACE,
            "FLOORWATCH_PARTITIONS": str(PARTITIONS),
            "FLOORWATCH_STATE_DIR": str(folder),
            "FLOORWATCH_METRICS_SILENT_S": str(SILENT_S),
            "FLOORWATCH_INGEST_KEYS": self.key,
            "FLOORWATCH_SESSION_TIMEOUT_S": f"{session_s:g}",
            "FLOORWATCH_PARENT_PID": str(os.getpid()),
        } | dict(more or {})
        self._supervisor = Supervisor(folder / "log", say=self.said.append)
        self._stopped: set[int] = set()

    @property
    def settings(self) -> CommonSettings:
        """For clients of this run."""
        return CommonSettings(
            KAFKA_BOOTSTRAP_SERVERS=self._environment["KAFKA_BOOTSTRAP_SERVERS"],
            REDIS_URL=self._environment["REDIS_URL"],
            namespace=NAMESPACE,
            partitions=PARTITIONS,
        )

    def address(self, service: str) -> str:
        """Of its HTTP server."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def start_parts(self) -> None:
        """Kafka and Redis, each waited for."""
        ports = {"port": self._kafka_port, "controller_port": self._controller_port}
        self._supervisor.start(kafka(self.folder / "kafka", **ports), stage=0)
        self._supervisor.start(valkey(self.folder / "redis", port=self._redis_port), stage=0)

    def start(self, name: str, *, wait: bool = True) -> None:
        """A service, or one more worker."""
        service = name.partition("-")[0]
        port = self.ports[name]
        part = Part(
            name=name,
            command=[sys.executable, "-m", f"services.{service}"],
            environment=self._environment | {f"FLOORWATCH_{service.upper()}_PORT": str(port)},
            not_ready=(lambda: not_ready(f"127.0.0.1:{port}")) if wait else at_once,
            patience_s=120,
        )
        self._supervisor.start(part, stage=1)

    def hurt(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to the newest life of a process; whether it lived."""
        pid = self._newest(name).pid
        assert pid is not None
        if number == signal.SIGSTOP:
            self._stopped.add(pid)
        elif number == signal.SIGCONT:
            self._stopped.discard(pid)
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def leave(self, name: str) -> None:
        """Ask a worker to end for good."""
        self._newest(name).ask_to_stop()

    def lives(self, name: str) -> bool:
        """Whether it runs."""
        return self._newest(name).running

    def rebalances(self) -> int:
        """How often any worker has taken up partitions, as the logs tell."""
        logs = (self.folder / "log").glob("metrics-*.log*")
        return sum(len(_ASSIGNED.findall(log.read_bytes())) for log in logs)

    def stop(self) -> None:
        """End everything."""
        for pid in self._stopped:  # who sleeps can't end
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._supervisor.stop()

    def _newest(self, name: str) -> Child:
        return next(child for child in reversed(self._supervisor.children) if child.part.name == name)
