"""One running process of an installation, and what is decided when it dies."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import IO

from services.cli.parts.part import Part

BIG_LOG_BYTES = 20 * 1024 * 1024
HEALTHY_S = 30.0
ROOT = Path(__file__).parents[2]  # where `python -m services.…` finds the services
MANY_DEATHS = 4


def pause_before_restart(deaths: int) -> float:
    """Seconds to wait before the restart after so many deaths in a row: 0.5, 1, 2, 4 … at most 15."""
    return float(min(15.0, 0.5 * 2 ** (deaths - 1)))


class Child:
    """A process in a session of its own, so that the terminal's Ctrl-C reaches only the launcher."""

    def __init__(self, part: Part, log_folder: Path, *, stage: int) -> None:
        self.part = part
        self.stage = stage
        self.log = log_folder / f"{part.name}.log"
        self.deaths = 0
        self.started_at = 0.0
        self.restart_at: float | None = None
        self.settled = False  # ready for the first time; until then whoever starts it looks after it
        self.done = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the newest life."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def spawn(self, now: float) -> int:
        """Start the process; its output goes to the log. Returns its id."""
        self.started_at, self.restart_at = now, None
        with self._open_log() as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own parts
                self.part.command,
                env={**os.environ, **self.part.environment},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._process.pid

    def died(self, now: float) -> float:
        """Note that the process has ended though it should not; returns the pause before the next life."""
        self.deaths = 1 if now - self.started_at > HEALTHY_S else self.deaths + 1
        pause = pause_before_restart(self.deaths)
        self.restart_at = now + pause
        return pause

    @property
    def keeps_dying(self) -> bool:
        """Whether restarting alone does not seem to help."""
        return self.deaths >= MANY_DEATHS

    @property
    def exit_code(self) -> int | None:
        """Exit code of the newest life, negative for a signal; None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def came_to_its_end(self) -> bool:
        """Whether it has done what it was started for."""
        return self.part.may_end and self.exit_code == 0

    def cause(self) -> str:
        """How the process ended, in words."""
        code = self.exit_code
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"

    def last_line(self) -> str:
        """The last line of the log that says anything."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 8192))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            lines = []
        return next((line.strip() for line in reversed(lines) if line.strip()), "nothing was logged")

    def ask_to_stop(self) -> None:
        """Send SIGTERM, once; whoever gets it twice may take it for impatience."""
        if self._process and self.running and not self.done:
            self._process.terminate()
        self.restart_at, self.done = None, True

    def stop(self, within_s: float) -> bool:
        """Ask the process to stop and kill it if it does not in time. Returns whether it had to be killed."""
        if self._process is None or not self.running:
            return False
        self.ask_to_stop()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            return True
        return False

    def _open_log(self) -> IO[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > BIG_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        return self.log.open("ab")
