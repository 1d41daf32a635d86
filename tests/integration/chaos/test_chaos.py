"""The chaos program itself, for a short while: real processes, killed and stopped under a feed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.timeout(300)


def chaos(*arguments: str, program: str = "tests.chaos") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", program, *arguments], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def left_in(folder: Path) -> list[int]:
    """Processes that work in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), process.environ().get("FLOORWATCH_STATE_DIR", "")]
        except psutil.Error:
            continue
        if any(str(folder) in text for text in told) and process.pid != os.getpid():
            found.append(process.pid)
    return found


def test_every_number_is_right_after_kills_stops_and_an_emptied_redis(tmp_path):
    folder = tmp_path / "run"
    with chaos("--seed", "6", "--duration", "36", "--session", "3", "--contacts", "12", "--keep", str(folder)) as run:
        said, _ = run.communicate(timeout=240)

    assert run.returncode == 0, said
    assert "numbers compared at the end, 0 wrong" in said, said
    assert "of which 0 found a wrong number" in said, said
    assert "right and current again after: min" in said, said
    assert not left_in(folder)


def test_ctrl_c_ends_all_that_was_started(tmp_path):
    folder = tmp_path / "run"
    with chaos("--keep", str(folder)) as run:
        while len(left_in(folder)) < 4:
            assert run.poll() is None, run.communicate()
            time.sleep(0.2)
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=60)

    assert run.returncode == 130, said
    assert not left_in(folder)
