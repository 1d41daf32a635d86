"""A small process that outlives the launcher and ends what the launcher left behind.

Kafka and Redis do not notice that the launcher is gone. The guard does: it reads from a pipe whose other end only the
launcher holds, and however the launcher ends, the pipe ends too. Lines on the pipe: `+ <pid> <created> <stage>` for a
process that was started, `- <pid>` for one that has ended. Higher stages are stopped first.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

STOP_WITHIN_S = 3.5


@dataclass(frozen=True)
class Charge:
    """A process that the guard answers for. Its time of creation tells it from a later process of the same id."""

    pid: int
    created: float
    stage: int

    def process(self) -> psutil.Process | None:
        """The process, if it is still that one and still there."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if same else None


class Guard:
    """The launcher's end of the pipe.

    Args:
        holds: a file that stays open until the guard ends too, such as a lock that says that processes are left.
    """

    def __init__(self, holds: IO[str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.cli.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
            pass_fds=[holds.fileno()] if holds else [],
            start_new_session=True,
        )

    def started(self, pid: int, stage: int) -> None:
        """Answer for this process from now on."""
        with contextlib.suppress(psutil.Error):
            self._say(f"+ {pid} {psutil.Process(pid).create_time()} {stage}\n")

    def ended(self, pid: int) -> None:
        """Forget this process."""
        self._say(f"- {pid}\n")

    def dismiss(self) -> None:
        """Let the guard go; whatever it still answers for is stopped."""
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait()

    def _say(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        with contextlib.suppress(OSError):
            pipe.write(line.encode())
            pipe.flush()


def stop(charges: Iterable[Charge], *, within_s: float = STOP_WITHIN_S) -> None:
    """Stop processes, higher stages first: ask each, wait at most `within_s` a stage, then kill."""
    charges = list(charges)
    for stage in sorted({charge.stage for charge in charges}, reverse=True):
        processes = [found for charge in charges if charge.stage == stage and (found := charge.process())]
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        _, alive = psutil.wait_procs(processes, timeout=within_s)
        for process in alive:
            with contextlib.suppress(psutil.Error, OSError):
                os.killpg(process.pid, signal.SIGKILL)


def main() -> None:
    """Wait for the launcher's end, then stop what is left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    charges: dict[int, Charge] = {}
    for line in sys.stdin:
        verb, pid, *more = line.split()
        if verb == "+":
            charges[int(pid)] = Charge(int(pid), float(more[0]), int(more[1]))
        else:
            charges.pop(int(pid), None)
    stop(charges.values())


if __name__ == "__main__":
    main()
