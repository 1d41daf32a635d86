"""`simulate` on a real Kafka: stopped, killed, gone on with; what is on Kafka is the undisturbed simulation, once."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.contracts.events import AnyEvent, Heartbeat, decode_agents, decode_contacts, decode_ivr
from services.ingest.domain.simulator import Simulator
from services.ingest.profiles import shipped_profiles
from services.ingest.simulate import read_floor
from services.runtime.kafka import reader
from services.runtime.settings import CommonSettings

START, SEED = "1999-01-13T10:00+02:00", 7
DECODE = {"contacts": decode_contacts, "ivr": decode_ivr, "agents": decode_agents}


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@dataclass
class Command:
    """`python -m services.ingest simulate`, on the demo floor."""

    environment: dict[str, str]

    def start(self, *options: str) -> "subprocess.Popen[str]":
        command = [
            sys.executable,
            "-m",
            "services.ingest",
            "simulate",
            "--progress",
            "json",
            "--start",
            START,
            *options,
        ]
        return subprocess.Popen(
            command, env=os.environ | self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *options: str, seed: int = SEED) -> tuple[int, list[dict[str, Any]], str]:
        out, complaint = (running := self.start("--seed", str(seed), *options)).communicate(timeout=120)
        return running.returncode, [json.loads(line) for line in out.splitlines()], complaint

    def end_at(self, clock: str, how: signal.Signals, *options: str) -> int:
        """Run until the feed's clock has passed `clock`, then send a signal; the exit code."""
        running = self.start("--seed", str(SEED), *options)
        assert running.stdout is not None
        for line in running.stdout:
            if at(json.loads(line)["feed_clock"]) >= at(clock):
                break
        running.send_signal(how)
        running.communicate(timeout=60)
        return running.returncode


@pytest.fixture
def command(settings: CommonSettings, environment: dict[str, str]) -> Command:
    return Command(environment)


@dataclass
class Log:
    """What is on one partition: events in the order of their first coming, and the clocks told in between."""

    events: list[AnyEvent] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    clocks: dict[str, int] = field(default_factory=dict)

    def take(self, event: AnyEvent) -> None:
        if isinstance(event, Heartbeat):
            self.clocks[event.site] = max(event.at, self.clocks.get(event.site, 0))
        elif event.event_id not in self.ids:
            assert event.at > min(self.clocks.values(), default=0), "a clock was told before its events had come"
            self.ids.add(event.event_id)
            self.events.append(event)


async def logs(settings: CommonSettings) -> list[Log]:
    found = []
    for topic, decode in DECODE.items():
        consumer = reader(settings, getattr(settings.names, topic).name)
        await consumer.start()
        try:
            for partition, end in (await consumer.end_offsets(list(consumer.assignment()))).items():
                log = Log()
                consumer.seek(partition, 0)
                while await consumer.position(partition) < end:
                    records = (await consumer.getmany(partition, timeout_ms=500)).get(partition, [])
                    for record in records:
                        for event in decode(record.value):  # type: ignore[attr-defined]  # mypy joins the three decoders to object
                            log.take(event)
                found.append(log)
        finally:
            await consumer.stop()
    return found


def undisturbed(until: str) -> Iterator[AnyEvent]:
    simulator = Simulator(read_floor("demo"), SEED, at(START), profiles=shipped_profiles())
    yield from simulator.run_until(at(until))


def check(settings: CommonSettings, until: str) -> None:
    """Every event of the undisturbed simulation is on Kafka, nothing else is, in order; every clock is at the end."""
    found = asyncio.run(logs(settings))
    expected = {event.event_id: event for event in undisturbed(until) if not isinstance(event, Heartbeat)}
    seen = [event for log in found for event in log.events if not isinstance(event, Heartbeat)]
    assert len(seen) == len(expected)
    assert {event.event_id: event for event in seen} == expected
    for log in found:
        times = [event.at for event in log.events]
        assert times == sorted(times)
        assert log.clocks == dict.fromkeys(("lisbon", "athens", "cape-town"), at(until))


def test_stopped_and_killed_it_loses_nothing_and_repeats_nothing_that_counts(
    command: Command, settings: CommonSettings
) -> None:
    until, pace = "1999-01-13T12:00+02:00", ("--speed", "1200", "--until", "1999-01-13T12:00+02:00")
    assert command.end_at("1999-01-13T10:20+02:00", signal.SIGTERM, *pace) == 143
    for clock in ("1999-01-13T10:50+02:00", "1999-01-13T11:15+02:00", "1999-01-13T11:40+02:00"):
        assert command.end_at(clock, signal.SIGKILL, *pace) == -signal.SIGKILL
    code, told, _ = command.run(*pace)
    assert (code, told[-1]["phase"]) == (0, "done")
    assert told[-1]["skipped_events"] > 0
    check(settings, until)


def test_a_snapshot_shortens_the_way_back_and_can_be_thrown_away(
    command: Command, settings: CommonSettings, tmp_path: Path
) -> None:
    snapshot = tmp_path / "simulator" / "simulator.snapshot"

    def go_on(until: str) -> int:
        code, told, complaint = command.run("--speed", "max", "--until", until)
        assert code == 0, complaint
        return int(told[-1]["skipped_events"])

    assert go_on("1999-01-13T10:30+02:00") == 0
    assert snapshot.is_file()
    assert go_on("1999-01-13T11:00+02:00") == 0  # nothing had to be computed again
    ahead = snapshot.read_bytes()
    snapshot.unlink()
    assert go_on("1999-01-13T11:30+02:00") == len(list(undisturbed("1999-01-13T11:00+02:00")))
    snapshot.write_bytes(ahead[: len(ahead) // 2])
    assert go_on("1999-01-13T12:00+02:00") == len(list(undisturbed("1999-01-13T11:30+02:00")))
    check(settings, "1999-01-13T12:00+02:00")


def test_another_seed_is_refused_and_says_what_to_do(command: Command) -> None:
    until = ("--speed", "max", "--until", "1999-01-13T10:10+02:00")
    assert command.run(*until)[0] == 0
    code, told, complaint = command.run(*until, seed=SEED + 1)
    assert (code, told[-1]["phase"]) == (2, "stopped")
    assert "with another seed" in complaint
    assert "--again" in complaint
    assert command.run(*until, "--again", seed=SEED + 1)[0] == 0


def test_a_floor_that_can_not_be_used_is_refused_with_the_path(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("sites:\n  - {id: here, colour: red}\n")
    code, _, complaint = command.run("--floor", str(file))
    assert code == 2
    assert "sites.0.colour" in complaint.replace("\n", "")
