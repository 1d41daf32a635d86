"""When the next checkpoint and the next flush are due. Pure: seconds in, seconds out."""

import time
from collections.abc import Awaitable, Coroutine, Generator
from dataclasses import dataclass
from types import coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pace:
    """A checkpoint costs per dirty key, and what it writes is read again on recovery, so many keys make it rarer.

    Attributes:
        least_s: never more often than that.
        most_s: never (by this rule) less often than that.
        share: a checkpoint that took t seconds is followed by at least share × t seconds without one.
        keys_per_s: states written a second, on the average. The changelog keeps all of them until they may be
            compacted, and a restart reads them.
    """

    least_s: float = 0.3
    most_s: float = 5.0
    share: float = 5.0
    keys_per_s: float = 200.0

    def pause_s(self, *, took_s: float, keys: int = 0) -> float:
        """Seconds from the end of a checkpoint that took `took_s` and wrote `keys` states to the next one."""
        return min(self.most_s, max(self.least_s, self.share * took_s, keys / self.keys_per_s))


@dataclass(frozen=True, slots=True)
class FlushPace:
    """A flush comes at once when quiet, and carries more when busy: what changed meanwhile is told once.

    Attributes:
        least_s: never more often than that.
        most_s: never less often than that: no number is a second old.
        share: a flush that worked for t seconds is followed by at least share × t seconds without one. Its waiting for
            Kafka and Redis is nobody's loss and does not count.
        hiccup_s: who will have caught up in so many seconds goes on as if nothing were: it was busy with a checkpoint.
        part: who needs t seconds more than that publishes every part × t: numbers that are late anyway need not come
            often, and the sooner they are current.
    """

    least_s: float
    most_s: float = 0.5
    share: float = 0.7
    hiccup_s: float = 1.0
    part: float = 0.25

    def pause_s(self, *, worked_s: float, counted: int, since_s: float, waiting: int) -> float:
        """Seconds from the end of a flush to the next one.

        Args:
            worked_s: the flush's own work.
            counted: records counted since the flush before.
            since_s: seconds since then.
            waiting: records that wait to be counted.
        """
        behind_s = waiting * since_s / counted if counted else 0.0
        return min(self.most_s, max(self.least_s, self.share * worked_s, self.part * (behind_s - self.hiccup_s)))


class Stopwatch:
    """CPU seconds that a coroutine worked by itself, its waiting left out."""

    seconds = 0.0

    def time(self, work: Coroutine[Any, Any, _T]) -> Awaitable[_T]:
        """Do the work and add up its steps."""
        return self._steps(work)

    @coroutine
    def _steps(self, work: Coroutine[Any, Any, _T]) -> Generator[Any, Any, _T]:
        error: BaseException | None = None
        while True:
            began = time.thread_time()
            try:
                awaited = work.send(None) if error is None else work.throw(error)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # StopIteration is untyped
            finally:
                self.seconds += time.thread_time() - began
            error = None
            try:
                yield awaited
            except GeneratorExit:
                work.close()
                raise
            except BaseException as thrown:  # noqa: BLE001  # it is the work's
                error = thrown
