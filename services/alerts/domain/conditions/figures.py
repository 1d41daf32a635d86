"""A figure as time passes while nothing new is told: it stays, grows with a wait, or moves with agents' times."""

from collections.abc import Callable, Iterable
from math import floor
from typing import Protocol

_HOUR_MS = 3_600_000


class Figure(Protocol):
    """A number that holds until something else is known. Times are epoch ms of the scope's clock."""

    def at(self, instant: int) -> float | None:
        """The number at a moment; None without data."""
        ...

    def turn(self, limits: Iterable[float], after: int) -> int | None:
        """The first moment after `after` at which it may be on another side of a limit, or begin to be known.

        None: there is none. Whenever it is asked before that moment, the answer is the same: so who was restarted in
        between hears of it no less.
        """
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

    def turn(self, limits: Iterable[float], after: int) -> int | None:  # noqa: ARG002  # never
        """See Figure."""
        return None


class Since:
    """Seconds since `start`."""

    __slots__ = ("start",)

    def __init__(self, start: int) -> None:
        """Know when it began."""
        self.start = start

    def at(self, instant: int) -> float | None:
        """See Figure."""
        return max(0, instant - self.start) / 1000

    def turn(self, limits: Iterable[float], after: int) -> int | None:
        """It reaches a limit, and one ms later it is past it."""
        reached = [self.start + floor(limit * 1000) for limit in limits]
        return min((at + more for at in reached for more in (0, 1) if at + more > after), default=None)


class Moving:
    """A figure that is a function of time and goes one way, as shares of agents' times do until their day ends."""

    __slots__ = ("_figure", "_until")

    def __init__(self, figure: Callable[[int], float | None], until: int) -> None:
        """Know how to compute it at a moment; from `until` on it stands still until it is told anew."""
        self._figure = figure
        self._until = until

    def at(self, instant: int) -> float | None:
        """See Figure."""
        return self._figure(min(instant, self._until))

    def turn(self, limits: Iterable[float], after: int) -> int | None:
        """The moment at which its side of a limit changes, to the ms."""
        return min((at for limit in limits if (at := self._turn(limit, after)) is not None), default=None)

    def _turn(self, limit: float, after: int) -> int | None:
        side = self._side(after, limit)
        for until in (min(after + _HOUR_MS, self._until), self._until):  # most of the time it is soon, or not at all
            if until > after and self._side(until, limit) != side:
                low, high = after, until
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (middle, high) if self._side(middle, limit) == side else (low, middle)
                return high
        return None

    def _side(self, instant: int, limit: float) -> int | None:
        value = self._figure(instant)
        return None if value is None else (value > limit) - (value < limit)


class Stepped:
    """A figure that changes at known moments alone."""

    __slots__ = ("_figure", "_steps")

    def __init__(self, figure: Callable[[int], float | None], steps: Iterable[int]) -> None:
        """Know how to compute it at a moment, and when it changes."""
        self._figure = figure
        self._steps = steps

    def at(self, instant: int) -> float | None:
        """See Figure."""
        return self._figure(instant)

    def turn(self, limits: Iterable[float], after: int) -> int | None:  # noqa: ARG002  # whatever the limits
        """See Figure."""
        return min((step for step in self._steps if step > after), default=None)


NOTHING = Steady(None)
