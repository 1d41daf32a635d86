"""A figure as time passes while nothing new is told: it stays, grows with a wait, or moves with agents' times."""

from collections.abc import Callable, Iterable, Iterator
from math import floor
from typing import Protocol

DAY_MS = 86_400_000
_AHEAD = (3_600_000, DAY_MS)
"""So far ahead is looked: within the hour, and within the day, if really nothing new is told for so long."""


class Figure(Protocol):
    """A number that holds until something else is known. Times are epoch ms of the scope's clock."""

    def at(self, instant: int) -> float | None:
        """The number at a moment; None without data."""
        ...

    def turns(self, limits: Iterable[float], now: int) -> Iterator[int]:
        """Moments after `now` at which it may be on another side of a limit than before, or begin to be known."""
        ...


class Steady:
    """It stays as it is."""

    __slots__ = ("value",)

    def __init__(self, value: float | None) -> None:
        """Know the value, or that there is none."""
        self.value = value

    def at(self, instant: int) -> float | None:  # noqa: ARG002  # it is the same at every moment
        """See Figure."""
        return self.value

    def turns(self, limits: Iterable[float], now: int) -> Iterator[int]:  # noqa: ARG002  # never
        """See Figure."""
        return iter(())


class Since:
    """Seconds since `start`."""

    __slots__ = ("start",)

    def __init__(self, start: int) -> None:
        """Know when it began."""
        self.start = start

    def at(self, instant: int) -> float | None:
        """See Figure."""
        return max(0, instant - self.start) / 1000

    def turns(self, limits: Iterable[float], now: int) -> Iterator[int]:
        """It reaches a limit, and one ms later it is past it."""
        for limit in limits:
            for more in (0, 1):
                if (instant := self.start + floor(limit * 1000) + more) > now:
                    yield instant


class Moving:
    """A figure that is a function of time and goes one way, as shares of agents' times do."""

    __slots__ = ("_figure",)

    def __init__(self, figure: Callable[[int], float | None]) -> None:
        """Know how to compute it at a moment."""
        self._figure = figure

    def at(self, instant: int) -> float | None:
        """See Figure."""
        return self._figure(instant)

    def turns(self, limits: Iterable[float], now: int) -> Iterator[int]:
        """The moments within the next day at which its side of a limit changes, to the ms."""
        for limit in limits:
            yield from self._turns_of(limit, now)

    def _turns_of(self, limit: float, now: int) -> Iterator[int]:
        at = now
        for ahead in _AHEAD:
            until = now + ahead
            while (side := self._side(at, limit)) != self._side(until, limit):
                low, high = at, until
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if self._side(middle, limit) == side else (low, middle)
                yield high
                at = high
            at = until

    def _side(self, instant: int, limit: float) -> int | None:
        value = self._figure(instant)
        return None if value is None else (value > limit) - (value < limit)


class Stepped:
    """A figure that changes at known moments alone."""

    __slots__ = ("_figure", "_steps")

    def __init__(self, figure: Callable[[int], float | None], steps: tuple[int, ...]) -> None:
        """Know how to compute it at a moment, and when it changes."""
        self._figure = figure
        self._steps = steps

    def at(self, instant: int) -> float | None:
        """See Figure."""
        return self._figure(instant)

    def turns(self, limits: Iterable[float], now: int) -> Iterator[int]:  # noqa: ARG002  # whatever the limits
        """See Figure."""
        return (step for step in self._steps if step > now)


NOTHING = Steady(None)
