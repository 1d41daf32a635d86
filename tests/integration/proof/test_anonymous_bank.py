"""The proof: three months of a real call centre through ingest, Kafka and metrics, against the rows themselves."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from services.contracts.names import Names
from tests.oracle import bank
from tests.shared_data import shared_data

pytestmark = pytest.mark.timeout(600)

# Of shared/data/README.md, computed there twice and independently:
# AGENT, HANG in queue, HANG in IVR, PHANTOM, abandoned %, mean wait of answered, answered ≤ 20 s %, ≤ 30 s %.
KNOWN = {
    "1999-01": (27_060, 3_101, 1_198, 240, 10.281, 35.028, 54.381, 59.637),
    "1999-02": (27_162, 3_963, 1_941, 278, 12.733, 40.774, 52.077, 56.961),
    "1999-03": (27_847, 8_604, 1_943, 407, 23.604, 92.903, 31.239, 34.913),
}
FILLED_IN_BY_THE_PUBLISHER = {"1999-01-11", "1999-01-12"}

Report = dict[str, Any]


def replay(environment: dict[str, str], out: Path, months: list[Path], *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "services.cli", "replay", "anonymous-bank", *map(str, months)]
    return subprocess.Popen(
        [*command, "--report", str(out), *(options or ("--speed", "max"))],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(process: subprocess.Popen[str], out: Path) -> Report:
    output, _ = process.communicate()
    logs = [log.read_text()[-4000:] for log in out.parent.rglob("metrics.log")]  # kept if it fails
    assert process.returncode == 0, "\n".join([output, *logs])
    report: Report = json.loads(out.read_text())
    return report


def metrics_process(root: psutil.Process) -> psutil.Process | None:
    for child in root.children(recursive=True):
        try:
            if "services.metrics" in child.cmdline():
                return child
        except psutil.NoSuchProcess:
            continue
    return None


def in_month(days: dict[str, Report], month: str) -> list[Report]:
    return [figures for day, figures in days.items() if day.startswith(month)]


@pytest.fixture(scope="module")
def months() -> list[Path]:
    folder = shared_data() / "anonymous_bank"
    return [folder / f"{month}.txt" for month in KNOWN]


@pytest.fixture(scope="module")
def three_months(months, tmp_path_factory) -> Report:
    """One run over all files that brings its own Kafka and Redis up and takes them away again."""
    folder = tmp_path_factory.mktemp("proof")
    out = folder / "out.json"
    return finished(replay({"FLOORWATCH_STATE_DIR": str(folder / "state")}, out, months), out)


@pytest.mark.parametrize("month", KNOWN)
def test_every_known_figure_of_the_month(three_months, month):
    answered, abandoned, lost, phantom, abandoned_percent, mean_wait, within_20, within_30 = KNOWN[month]
    days = [day for queue in three_months["queues"].values() for day in in_month(queue["days"], month)]
    ivr = in_month(three_months["site"]["days"], month)
    offered = sum(day["offered"] for day in days)

    assert sum(day["answered"] for day in days) == answered
    assert sum(day["abandoned"] for day in days) == abandoned
    assert offered == answered + abandoned
    assert sum(day["ivr_lost"] for day in ivr) == lost
    assert sum(day["ivr_entered"] for day in ivr) == answered + abandoned + lost + phantom
    assert round(100 * abandoned / offered, 3) == abandoned_percent
    assert round(sum(day["wait_answered_sum_s"] for day in days) / answered, 3) == mean_wait
    assert round(100 * sum(day["answered_within"]["20"] for day in days) / offered, 3) == within_20
    assert round(100 * sum(day["answered_within"]["30"] for day in days) / offered, 3) == within_30


def test_arrivals_are_those_that_another_party_published(three_months, months):
    published: Counter[str] = Counter()
    with (months[0].parent / "arrivals_6min_1999-01_03.csv").open() as file:
        for row in csv.DictReader(file):
            published[row["date"]] += int(float(row["calls"]))
    entered = {day: figures["ivr_entered"] for day, figures in three_months["site"]["days"].items()}

    differing = {day for day, calls in published.items() if entered.get(day, 0) != calls}

    assert differing <= FILLED_IN_BY_THE_PUBLISHER
    assert len(published) == 90


def test_every_half_hour_equals_the_rows(three_months, months):
    assert three_months == bank.report(months)


def test_shuffled_and_repeated_the_numbers_are_the_same(environment, months, tmp_path):
    out = tmp_path / "out.json"
    disturbed = ["--speed", "max", "--shuffle-within", "300", "--repeat-share", "0.1", "--seed", "7"]

    report = finished(replay(environment, out, months[:1], *disturbed), out)

    assert report == bank.report(months[:1])


def applied(environment: dict[str, str]) -> int:
    """Records that metrics says it has counted and published."""
    names = Names(environment["FLOORWATCH_NAMESPACE"])
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        return sum(int(offset) + 1 for offset in client.hgetall(names.progress_key).values())


def test_metrics_killed_three_times_on_the_way_counts_the_same(environment, months, tmp_path):
    out = tmp_path / "out.json"
    # Slow enough that each kill hits a metrics service with work behind it and before it.
    process = replay(environment, out, months[1:2], "--speed", "60000")
    progress_at_kill = [0]

    while len(progress_at_kill) < 4 and process.poll() is None:
        metrics = metrics_process(psutil.Process(process.pid))
        done = applied(environment)
        if metrics is not None and done > progress_at_kill[-1] + 50:
            metrics.send_signal(signal.SIGKILL)
            progress_at_kill.append(done)
            time.sleep(1)
        time.sleep(0.2)
    report = finished(process, out)

    assert len(progress_at_kill) == 4, "the replay was over before the third kill"
    assert report == bank.report(months[1:2])
