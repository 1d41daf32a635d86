"""Service processes under measurement."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from services.cli.installation import not_ready


@contextmanager
def service(name: str, port: int, environment: dict[str, str], folder: Path) -> Iterator[psutil.Process]:
    """Run one service until it is ready, and stop it at the end. Its log goes to `folder`."""
    variables = {**os.environ, **environment, f"FLOORWATCH_{name.upper()}_PORT": str(port)}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{name}"], env=variables, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until_ready(name, port, process)
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(name: str, port: int, process: "subprocess.Popen[bytes]", *, patience_s: float = 90) -> None:
    """Wait for GET /ready.

    Raises:
        RuntimeError: the process ended, or is not ready in time.
    """
    deadline = time.monotonic() + patience_s
    reason = not_ready(f"127.0.0.1:{port}")
    while reason:
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} is not ready: {reason}")
        time.sleep(0.1)
        reason = not_ready(f"127.0.0.1:{port}")


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds of a process so far, user and system."""
    times = process.cpu_times()
    return float(times.user + times.system)


def percentiles(values: list[float]) -> str:
    """p50, p95, p99 and the worst of milliseconds, as text."""
    ordered = sorted(values)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)]
    return f"p50 {at[0]:6.1f}  p95 {at[1]:6.1f}  p99 {at[2]:6.1f}  max {ordered[-1]:6.1f} ms  (n={len(ordered):,})"
