"""The `floorwatch` command on real processes: start, look, kill, stop, go on."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
import redis

from services.cli import running
from services.cli.ports import free_ports, is_taken
from services.contracts.names import Names
from tests.parts import Parts

PORTS = ("KAFKA", "KAFKA_CONTROLLER", "REDIS", "API", "INGEST", "METRICS", "ALERTS")
ORDER = ["Kafka", "Redis", "ingest", "metrics", "alerts", "api"]
PATIENCE_S = 120


@dataclass
class Floor:
    """A state folder with ports of its own, and the launchers that ran on it."""

    folder: Path
    variables: dict[str, str]
    launchers: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def ports(self) -> list[int]:
        return [int(self.variables[f"FLOORWATCH_{name}_PORT"]) for name in PORTS]

    @property
    def environment(self) -> dict[str, str]:
        others = {k: v for k, v in os.environ.items() if k not in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL")}
        return {**others, **self.variables}

    def launch(self, *arguments: str) -> subprocess.Popen[str]:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "services.cli", *arguments],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self.launchers.append(launcher)
        return launcher

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *arguments],
            env={**self.environment, **variables}, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip

    def processes(self) -> list[psutil.Process]:
        """Every process of this floor: its state folder stands in their environment or command."""
        found = []
        for process in psutil.process_iter():
            try:
                told = f"{process.cmdline()} {process.environ().get('FLOORWATCH_STATE_DIR')}"
            except psutil.Error:
                continue
            if str(self.folder) in told and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found


def read_until(launcher: subprocess.Popen[str], pattern: str) -> list[str]:
    """Lines of the launcher up to the first that matches."""
    lines: list[str] = []
    assert launcher.stdout
    for line in launcher.stdout:
        lines.append(line.rstrip())
        if re.search(pattern, line):
            return lines
    raise AssertionError(f"no line matched {pattern!r}: {lines}")


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    ports = dict(zip((f"FLOORWATCH_{name}_PORT" for name in PORTS), map(str, free_ports(len(PORTS))), strict=True))
    floor = Floor(tmp_path / "state", {**ports, "FLOORWATCH_STATE_DIR": str(tmp_path / "state"), "COLUMNS": "200"})
    yield floor
    for launcher in floor.launchers:
        if launcher.poll() is None:
            launcher.kill()
        launcher.communicate()
    for process in floor.processes():
        process.kill()


def steps(lines: list[str]) -> list[str]:
    return [match[1] for line in lines if (match := re.match(r"✓ (\S+) +\d+\.\d s$", line))]


def test_starts_in_order_repairs_what_is_killed_and_leaves_nothing_after_ctrl_c(floor: Floor):
    launcher = floor.launch("up")
    lines = read_until(launcher, "The wall: ")
    assert steps(lines) == ORDER
    token = re.search(r"/sign-in\?token=(\S+)", lines[-1])
    assert token
    found = running.find(floor.folder)
    assert found
    with redis.Redis.from_url(found.environment["REDIS_URL"]) as client:
        key = Names().sign_in_key(token[1])
        assert client.get(key) == b"supervisor"
        assert 0 < client.ttl(key) <= 3600

    again = floor.run("up")
    assert again.returncode == 1
    assert f"already runs (process {launcher.pid})" in again.stderr
    assert floor.run("link", "--role", "viewer").stdout.startswith(f"{found.wall}/sign-in?token=")

    looked = floor.run("doctor")
    assert looked.returncode == 0, looked.stdout
    for what in ("Kafka 4.3", "Valkey", f"all {len(Names().topics)} are there", "metrics", "port", "ready"):
        assert what in looked.stdout

    (metrics,) = [one for one in floor.processes() if "services.metrics" in one.cmdline()]
    metrics.kill()
    read_until(launcher, r"metrics ended \(killed by SIGKILL\), starting it again")
    eventually(lambda: floor.run("doctor").returncode == 0)

    launcher.send_signal(signal.SIGINT)
    said, _ = launcher.communicate(timeout=PATIENCE_S)
    assert launcher.returncode == 0
    assert said.splitlines()[-1] == "stopped"
    assert floor.processes() == []
    assert not any(map(is_taken, floor.ports))
    assert running.find(floor.folder) is None


def test_goes_on_from_its_state_even_after_the_launcher_and_the_broker_were_killed(floor: Floor):
    launcher = floor.launch("up")
    read_until(launcher, "The wall: ")
    kept = (floor.folder / "secrets.json").read_text()
    cluster = (floor.folder / "kafka" / "data" / "meta.properties").read_text()

    (broker,) = [one for one in floor.processes() if "kafka.Kafka" in one.cmdline()]
    broker.kill()
    read_until(launcher, r"kafka ended \(killed by SIGKILL\), starting it again")
    launcher.kill()
    launcher.wait()

    # At once, while what the dead launcher left is still on its way out: waited for, not stumbled over.
    second = floor.launch("up")
    lines = read_until(second, "The wall: ")
    assert steps(lines) == ORDER
    assert (floor.folder / "secrets.json").read_text() == kept
    assert (floor.folder / "kafka" / "data" / "meta.properties").read_text() == cluster

    second.kill()
    second.wait()
    eventually(lambda: floor.processes() == [])
    assert not any(map(is_taken, floor.ports))
    assert running.find(floor.folder) is None


def test_sigterm_stops_as_ctrl_c_does_even_while_starting(floor: Floor):
    launcher = floor.launch("up")
    eventually(lambda: any("kafka.Kafka" in one.cmdline() for one in floor.processes()))
    launcher.send_signal(signal.SIGTERM)
    said, _ = launcher.communicate(timeout=PATIENCE_S)
    assert (launcher.returncode, said.splitlines()[-1]) == (0, "stopped")
    assert floor.processes() == []
    assert not any(map(is_taken, floor.ports))


def test_a_taken_port_is_named_with_its_holder_and_the_variable_before_anything_starts(floor: Floor):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(floor.variables["FLOORWATCH_API_PORT"])))
        taken.listen()
        done = floor.run("up")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    port, me = floor.variables["FLOORWATCH_API_PORT"], psutil.Process()
    assert line == (
        f"✗ port {port}, wanted for api, is taken by {me.name()}, process {me.pid}: "
        "stop that, or choose another with FLOORWATCH_API_PORT=…"
    )
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://127.0.0.1:1/0", "no Redis answers at redis://127.0.0.1:1/0 (ConnectionError): check REDIS_URL"),
        ("http://127.0.0.1:1", "REDIS_URL=http://127.0.0.1:1: Redis URL must specify one of the following schemes"),
    ],
)
def test_a_redis_of_the_users_own_that_does_not_answer_is_said_in_one_line(
    floor: Floor, parts: Parts, url: str, told: str
):
    done = floor.run("up", KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers, REDIS_URL=url)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert told in line


def test_a_kafka_of_the_users_own_that_does_not_answer_is_said_in_one_line(floor: Floor, parts: Parts):
    done = floor.run("up", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1", REDIS_URL=parts.redis_url)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "no Kafka answers at 127.0.0.1:1: check KAFKA_BOOTSTRAP_SERVERS, or unset it" in line


def test_a_wrong_setting_is_named_with_what_is_allowed(floor: Floor):
    done = floor.run("up", FLOORWATCH_API_PORT="eighty")
    assert done.returncode == 2
    assert "FLOORWATCH_API_PORT='eighty'" in done.stderr


def test_doctor_says_what_is_missing_and_fails(floor: Floor):
    done = floor.run("doctor")
    assert done.returncode == 1
    assert "✗ Kafka" in done.stdout
    assert "✗ Redis" in done.stdout
    assert "✗ metrics" in done.stdout
    assert "Traceback" not in done.stderr


def test_link_without_an_installation_says_so(floor: Floor):
    done = floor.run("link")
    assert done.returncode == 1
    assert done.stderr.strip() == "✗ no Floorwatch runs on this state folder: start it with `floorwatch up`"
