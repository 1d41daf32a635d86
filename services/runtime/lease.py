"""A worker that was stopped (SIGSTOP, a paused machine) learns that its partitions may be another's by now.

Kafka tells it only with the next heartbeat; until then Faust believes in the old assignment, and what the worker writes
would overwrite newer things. A thread that should tick five times a second sees the gap at once.
"""

import threading
import time
from collections.abc import Callable


class Lease:
    """Holds as long as this process was never stopped for longer than `limit_s` since `renew`.

    `limit_s` must be shorter than the session, by the age that the last heartbeat may have had.
    """

    def __init__(self, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to hold; nothing ticks before `start`."""
        self._limit_s = limit_s
        self._clock = clock
        self._lapsed = False
        self._beat = clock()
        self._stop = threading.Event()

    def start(self, every_s: float = 0.2) -> None:
        """Tick in a thread of its own, so that a busy event loop is not taken for a stopped process."""

        def tick() -> None:
            while not self._stop.wait(every_s):
                self.beat()

        threading.Thread(target=tick, name="lease", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()

    def beat(self) -> None:
        """We are running."""
        now = self._clock()
        if now - self._beat > self._limit_s:
            self._lapsed = True
        self._beat = now  # after the flag: whoever sees the new beat sees the flag too

    @property
    def lapsed(self) -> bool:
        """Whether we were stopped for too long, be it until this very moment."""
        gap = self._clock() - self._beat
        return gap > self._limit_s or self._lapsed

    def renew(self) -> None:
        """A new assignment has been received."""
        self._beat = self._clock()
        self._lapsed = False
