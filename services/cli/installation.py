"""A whole installation: Kafka, Redis and the four services, as processes that are started, watched and stopped.

The launcher runs one for its users, `floorwatch replay --report` one for a single run, tests one for a session.
"""

import fcntl
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from services.cli import running
from services.cli.child import Child
from services.cli.keys import keys
from services.cli.parts import kafka, valkey
from services.cli.parts.part import CancelledError, Part, StartError
from services.cli.ports import free_ports
from services.cli.settings import LauncherSettings
from services.cli.supervisor import Supervisor, check_ports

SERVICES = ("ingest", "metrics", "alerts", "api")
LEFTOVERS_WITHIN_S = 12.0


class Voice:
    """What an installation says while it starts and runs. This one says nothing."""

    def starting(self, name: str) -> None:
        """A part is being started."""

    def ready(self, name: str, seconds: float) -> None:
        """A part answers, so long after its start."""

    def note(self, text: str) -> None:
        """Something happened that people should know, such as a process that had to be started again."""


def on_free_ports(state_dir: Path, **more: object) -> LauncherSettings:
    """Settings for an installation beside others: ports of its own, everything else as the environment says."""
    names = (
        "kafka_port",
        "kafka_controller_port",
        "redis_port",
        "api_port",
        "ingest_port",
        "metrics_port",
        "alerts_port",
    )
    return LauncherSettings(state_dir=state_dir, **dict(zip(names, free_ports(len(names)), strict=True)), **more)  # type: ignore[arg-type]  # checked by pydantic


class Installation:
    """Kafka, Redis and services of one state folder.

        with Installation(on_free_ports(folder)) as floor:
            subprocess.run([...], env=os.environ | floor.environment)

    Args:
        settings: ports, state folder, namespace; an address of the user's own Kafka or Redis wins over starting one.
        command: what `run.json` says of who started it.
        services: which of the four to run.
        voice: is told of every step.
        cancelled: asked now and then while it starts; true gives up the start.
        extra: variables for the services, on top of the others.
    """

    def __init__(
        self,
        settings: LauncherSettings,
        *,
        command: str = "up",
        services: Iterable[str] = SERVICES,
        voice: Voice | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        extra: dict[str, str] | None = None,
    ) -> None:
        self.settings = settings
        self.state_dir = settings.state_dir.absolute()
        self.command = command
        self._services = tuple(services)
        self._voice = voice or Voice()
        self._cancelled = cancelled
        self._extra = extra or {}
        self._lock: IO[str] | None = None
        self._supervisor: Supervisor | None = None
        self._keys: dict[str, str] = {}

    @property
    def wall(self) -> str:
        """Address of the wall, for people."""
        return f"http://{self.settings.reach}:{self.settings.api_port}"

    @property
    def log_folder(self) -> Path:
        """Where every child's output goes, one file each."""
        return self.state_dir / "log"

    @property
    def addresses(self) -> dict[str, str]:
        """Variables with which a client finds this installation. No secrets."""
        settings = self.settings
        return {
            "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_address,
            "REDIS_URL": settings.redis_address,
            "FLOORWATCH_NAMESPACE": settings.namespace,
            "FLOORWATCH_PARTITIONS": str(settings.partitions),
            "FLOORWATCH_STATE_DIR": str(self.state_dir),
            "FLOORWATCH_HOST": settings.host,
            **{f"FLOORWATCH_{name.upper()}_PORT": str(self.port(name)) for name in SERVICES},
        }

    @property
    def environment(self) -> dict[str, str]:
        """All variables of this installation's processes, secrets included."""
        return {**self.addresses, **self._keys, "FLOORWATCH_PARENT_PID": str(os.getpid()), **self._extra}

    def port(self, service: str) -> int:
        """HTTP port of a service."""
        return int(getattr(self.settings, f"{service}_port"))

    def child(self, name: str) -> Child:
        """The process `kafka`, `redis`, a service or a feed. Raises StopIteration for one that was not started."""
        return self._running().child(name)

    @property
    def children(self) -> list[Child]:
        """Every process of this installation, in the order of its start."""
        return self._supervisor.children if self._supervisor else []

    def start(self) -> None:
        """Start all, one after the other, each waited for.

        Raises:
            StartError: with one line that says why. What had been started is stopped again.
            CancelledError: the same, because nobody wants it any more.
        """
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self._lock_state()
        try:
            self._keys = keys(self.settings, self.state_dir)
            base, services = self._base(), [self._service(name) for name in self._services]
            check_ports([*base, *services])
            self._check_users_own()
            self._supervisor = Supervisor(
                self.log_folder, say=self._voice.note, lock=self._lock, cancelled=self._cancelled
            )
            running.announce(
                self.state_dir,
                command=self.command,
                wall=self.wall,
                own_parts=[part.name for part in base],
                environment=self.addresses,
            )
            for part in base:
                self._step(part, stage=0)
            for part in services:
                self._step(part, stage=1)
        except BaseException:
            self.stop()
            raise

    def feed(self, part: Part) -> None:
        """Start a process that sends events, such as a replay; it is watched like the others.

        Raises:
            StartError: it ended at once.
        """
        self._step(part, stage=2)

    def stop(self) -> None:
        """Stop all in reverse order. Does nothing the second time."""
        if self._supervisor:
            self._supervisor.stop()
            self._supervisor = None
        if self._lock:
            running.withdraw(self.state_dir)
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise StartError("the installation does not run")
        return self._supervisor

    def _step(self, part: Part, *, stage: int) -> None:
        began = time.monotonic()
        self._voice.starting(part.name)
        self._running().start(part, stage=stage)
        self._voice.ready(part.name, time.monotonic() - began)

    def _base(self) -> list[Part]:
        settings, parts = self.settings, []
        if settings.own_kafka:
            ports = {"port": settings.kafka_port, "controller_port": settings.kafka_controller_port}
            parts.append(kafka.kafka(self.state_dir / "kafka", **ports))
        if settings.own_redis:
            parts.append(valkey.valkey(self.state_dir / "redis", port=settings.redis_port))
        return parts

    def _check_users_own(self) -> None:
        settings = self.settings
        checks = []
        if not settings.own_kafka:
            checks.append(("KAFKA_BOOTSTRAP_SERVERS", kafka.not_answering(settings.kafka_address, timeout_s=10)))
        if not settings.own_redis:
            checks.append(("REDIS_URL", valkey.not_answering(settings.redis_address, timeout_s=5)))
        for variable, reason in checks:
            if reason:
                raise StartError(f"{reason}: check {variable}, or unset it and one is started for you")

    def _service(self, name: str) -> Part:
        port = self.port(name)
        return Part(
            name=name,
            command=[sys.executable, "-m", f"services.{name}"],
            environment=self.environment,
            ports={port: f"FLOORWATCH_{name.upper()}_PORT"},
            not_ready=lambda: not_ready(f"{self.settings.reach}:{port}"),
            patience_s=90,
        )

    def _lock_state(self) -> None:
        """Only one launcher a state folder.

        The system gives the lock back however its holders end: the launcher, and the guard that cleans up after it.
        """
        self._lock = (self.state_dir / "lock").open("w")
        deadline = time.monotonic() + LEFTOVERS_WITHIN_S
        while True:
            with suppress(OSError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            other = running.find(self.state_dir)
            if self._cancelled():
                self._lock = None
                raise CancelledError("stopped while waiting for what an earlier run left")
            if other or time.monotonic() > deadline:
                self._lock = None
                where = f", process {other.pid}, wall at {other.wall}" if other else ""
                raise StartError(f"Floorwatch already runs on {self.state_dir}{where}")
            time.sleep(0.2)


def not_ready(address: str) -> str | None:
    """Why the service at host:port does not serve yet; None when GET /ready answers 200."""
    try:
        with urllib.request.urlopen(f"http://{address}/ready", timeout=2):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return reasons(error.read()) or f"answers {error.code}"
    except OSError:
        return "does not answer yet"


def reasons(body: bytes) -> str:
    """The reasons out of a /ready answer, in one line."""
    with suppress(ValueError, AttributeError):
        listed = json.loads(body).get("reasons")
        return "; ".join(str(one) for one in listed) if isinstance(listed, list) else str(listed or "")
    return ""
