"""Starts parts one after the other, keeps them alive, and stops them in reverse order."""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from services.cli.child import Child
from services.cli.guard import Guard
from services.cli.parts.part import CancelledError, Part, StartError
from services.cli.ports import holder, is_taken

MOST_STOP_S = 3.0
STOP_WITHIN_S = {2: 2.5, 1: 3.5, 0: 2.5}
"""Stage → seconds: feeds, services, Kafka and Redis. Together less than the ten seconds of a stop."""

Say = Callable[[str], None]


def check_ports(parts: Iterable[Part]) -> None:
    """Refuse to start while somebody else holds a port that we need.

    Raises:
        StartError: names the port, its holder if the system tells, and the variable that chooses another.
    """
    for part in parts:
        for port, variable in part.ports.items():
            if is_taken(port):
                by = f" by {who}" if (who := holder(port)) else ""
                raise StartError(
                    f"port {port}, wanted for {part.name}, is taken{by}: stop that, or choose another with {variable}=…"
                )


class Supervisor:
    """The processes of one installation, watched by one thread.

    Args:
        log_folder: for what they say, a file each.
        say: told in one line whenever one had to be started again, or killed.
        lock: a file that stays open as long as any of them may be left.
        cancelled: asked while a start is waited for; a signal handler may only set a flag, because an exception
            out of one could strike between a process's birth and the note that it is there.
    """

    def __init__(
        self,
        log_folder: Path,
        *,
        say: Say,
        lock: IO[str] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._log_folder = log_folder
        self._say = say
        self._cancelled = cancelled
        self._children: list[Child] = []
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._guard = Guard(lock)
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    @property
    def children(self) -> list[Child]:
        """All children in the order of their start."""
        return list(self._children)

    def child(self, name: str) -> Child:
        """The child of that name."""
        return next(child for child in self._children if child.part.name == name)

    def start(self, part: Part, *, stage: int) -> None:
        """Start a part and wait until it is ready.

        Raises:
            StartError: it ended, or did not become ready in time.
            CancelledError: nobody wants it any more.
        """
        part.prepare()
        child = Child(part, self._log_folder, stage=stage)
        with self._lock:
            self._go_on()
            self._spawn(child)
            self._children.append(child)
        self._wait_until_ready(child)
        child.settled = True

    def stop(self) -> None:
        """Stop all within ten seconds, whatever it takes: feeds first, then services, then what they stand on.

        Those of one stage are asked in reverse order and then waited for together.
        """
        self._stopping.set()
        with self._lock:
            running = [child for child in reversed(self._children) if child.running]
        for stage in sorted({child.stage for child in running}, reverse=True):
            asked = [child for child in running if child.stage == stage]
            deadline = time.monotonic() + STOP_WITHIN_S.get(stage, MOST_STOP_S)
            for child in asked:
                child.ask_to_stop()
            for child in asked:
                if child.stop(max(0.0, deadline - time.monotonic())):
                    self._say(f"{child.part.name} did not stop when asked and was killed")
                self._guard.ended(child.pid or 0)
        self._watcher.join(timeout=2)
        self._guard.dismiss()

    def _spawn(self, child: Child) -> None:
        self._guard.started(child.spawn(time.monotonic()), child.stage)

    def _wait_until_ready(self, child: Child) -> None:
        reason: str | None = "not started"
        deadline = time.monotonic() + child.part.patience_s
        while reason and time.monotonic() < deadline:
            self._go_on()
            if not child.running:
                if child.came_to_its_end:
                    return
                raise StartError(
                    f"{child.part.name} ended while starting ({child.cause()}): {child.last_line()} (log: {child.log})"
                )
            reason = child.part.not_ready()
            if reason:
                self._stopping.wait(0.1)
        if reason:
            raise StartError(
                f"{child.part.name} is not ready after {child.part.patience_s:.0f} s: {reason} (log: {child.log})"
            )

    def _go_on(self) -> None:
        if self._stopping.is_set() or self._cancelled():
            raise CancelledError("stopped while starting")

    def _watch(self) -> None:
        while not self._stopping.wait(0.2):
            for child in self.children:
                with self._lock:
                    if child.settled and not child.running and not child.done and not self._stopping.is_set():
                        self._look_after(child)

    def _look_after(self, child: Child) -> None:
        """Decide about a child that does not run: its normal end, its death just noticed, or time to start it again."""
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                self._spawn(child)
            return
        self._guard.ended(child.pid or 0)
        if child.came_to_its_end:
            child.done = True
            self._say(f"{child.part.name} has come to its end")
            return
        pause = child.died(now)
        name = child.part.name
        if child.keeps_dying:
            why = f"{child.last_line()} (log: {child.log})"
            self._say(f"{name} keeps dying ({child.cause()}), next try in {pause:g} s: {why}")
        else:
            self._say(f"{name} ended ({child.cause()}), starting it again in {pause:g} s")
