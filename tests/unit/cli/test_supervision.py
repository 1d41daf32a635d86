"""What is decided when a process dies, on real short-lived processes."""

import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from services.cli.child import HEALTHY_S, MANY_DEATHS, Child, pause_before_restart
from services.cli.guard import Charge, Guard, stop
from services.cli.parts.part import Part, StartError
from services.cli.ports import free_ports, holder, is_taken
from services.cli.supervisor import Supervisor, check_ports

LISTEN = """
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); print("listening", flush=True); time.sleep(600)
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)


def python(name: str, code: str, *arguments: str, **more) -> Part:
    return Part(name=name, command=[sys.executable, "-c", code, *arguments], **more)


def listener(port: int) -> Part:
    return python(
        "listener", LISTEN, str(port), ports={port: "FLOORWATCH_X_PORT"},
        not_ready=lambda: None if is_taken(port) else "not yet",
    )  # fmt: skip


def eventually(true) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]):
    supervisor = Supervisor(tmp_path / "log", say=said.append)
    yield supervisor
    supervisor.stop()


def test_pauses_grow_with_deaths_in_a_row_and_no_further_than_15_s():
    assert [pause_before_restart(deaths) for deaths in range(1, 8)] == [0.5, 1, 2, 4, 8, 15, 15]


def test_a_healthy_life_forgives_earlier_deaths(tmp_path: Path):
    child = Child(python("x", "pass"), tmp_path, stage=1)
    for _ in range(MANY_DEATHS):
        child.died(now=1.0)
    assert child.keeps_dying
    assert child.died(now=1.0 + HEALTHY_S + 1) == 0.5
    assert not child.keeps_dying


def test_a_killed_process_is_started_again_and_one_line_says_so(supervisor: Supervisor, said: list[str]):
    (port,) = free_ports(1)
    supervisor.start(listener(port), stage=1)
    child = supervisor.child("listener")
    first = child.pid
    psutil.Process(first).kill()
    eventually(lambda: child.pid != first and is_taken(port))
    assert said == ["listener ended (killed by SIGKILL), starting it again in 0.5 s"]


def test_a_feed_may_come_to_its_end(supervisor: Supervisor, said: list[str]):
    supervisor.start(python("replay", "print('all sent')", may_end=True), stage=2)
    eventually(lambda: said == ["replay has come to its end"])


def test_one_that_keeps_dying_is_named_with_its_last_words_and_its_log(supervisor: Supervisor, said: list[str]):
    supervisor.start(
        python("weak", "import time; print('no memory', flush=True); time.sleep(0.3); raise SystemExit(3)"), stage=1
    )
    eventually(lambda: any("keeps dying" in line for line in said))
    line = next(line for line in said if "keeps dying" in line)
    assert line.startswith("weak keeps dying (exit code 3), next try in 4 s: no memory (log: ")
    assert line.endswith("weak.log)")


def test_one_that_ends_before_it_is_ready_fails_the_start_with_its_last_words(supervisor: Supervisor):
    part = python("broken", "raise SystemExit('FLOORWATCH_X=7: too odd')", not_ready=lambda: "not yet")
    with pytest.raises(
        StartError, match=r"broken ended while starting \(exit code 1\): FLOORWATCH_X=7: too odd \(log: "
    ):
        supervisor.start(part, stage=1)


def test_one_that_never_becomes_ready_is_given_up_with_its_reason(supervisor: Supervisor):
    part = python("slow", "import time; time.sleep(600)", not_ready=lambda: "still recovering", patience_s=0.3)
    with pytest.raises(StartError, match="slow is not ready after 0 s: still recovering"):
        supervisor.start(part, stage=1)


def test_stop_ends_even_the_deaf_and_says_so(supervisor: Supervisor, said: list[str], tmp_path: Path):
    log = tmp_path / "log" / "deaf.log"
    supervisor.start(python("deaf", STUBBORN, not_ready=lambda: None if log.read_text() else "not yet"), stage=1)
    pid = supervisor.child("deaf").pid
    supervisor.stop()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert said == ["deaf did not stop when asked and was killed"]


def test_a_taken_port_is_named_with_its_holder_and_the_way_out(supervisor: Supervisor):
    (port,) = free_ports(1)
    supervisor.start(listener(port), stage=1)
    pid = supervisor.child("listener").pid
    assert holder(port) == f"{psutil.Process(pid).name()}, process {pid}"
    with pytest.raises(
        StartError, match=rf"port {port}, wanted for listener, is taken by .*process {pid}: .*FLOORWATCH_X_PORT"
    ):
        check_ports([listener(port)])


def test_free_ports_are_free_and_differ():
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert not any(map(is_taken, ports))


def test_the_guard_stops_what_it_answers_for_when_the_launcher_is_gone(tmp_path: Path):
    guard = Guard()
    child = Child(python("orphan", "import time; time.sleep(600)"), tmp_path, stage=0)
    guard.started(child.spawn(0.0), 0)
    guard.dismiss()  # the pipe ends, as it does when the launcher is killed
    eventually(lambda: child.exit_code == -signal.SIGTERM)


def test_the_guard_never_touches_a_later_process_of_the_same_id(tmp_path: Path):
    child = Child(python("other", "import time; time.sleep(600)"), tmp_path, stage=0)
    pid = child.spawn(0.0)
    try:
        stop([Charge(pid, created=psutil.Process(pid).create_time() - 100, stage=0)], within_s=0.1)
        assert child.running
    finally:
        child.stop(5)
