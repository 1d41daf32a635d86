"""How long contacts waited in the last half-hour, to the millisecond: the area under the queue's length.

Every contact is two points in time, +1 where it came and −1 where its wait ended. A point p of sign s adds
s × (now − p) to the area while it lies in the window, and s × 30 min once it lies before it, for ever. So two sums over
the points of the window are enough, and each point is touched twice.
"""

from bisect import insort
from heapq import heappop, heappush

WINDOW_MS = 30 * 60 * 1000


class Meter:
    """Move it with `move`, tell it the points, read `total`.

    Attributes:
        told: a number that changes with the points and not with time.
    """

    __slots__ = ("_ahead", "_before", "_now", "_points", "_signs", "_sum", "told")

    def __init__(self) -> None:
        """Nobody has ever waited."""
        self._now = -1
        self._before = 0  # signs of the points before the window
        self._points: list[int] = []  # of the window, ascending: moment × 2, + 1 for one that came
        self._signs = 0
        self._sum = 0  # sign × moment
        self.told = 0
        self._ahead: list[int] = []  # heap of those that lie ahead: a clock that disagrees with ours

    @property
    def waiting(self) -> int:
        """The queue's length now."""
        return self._before + self._signs

    @property
    def total(self) -> int:
        """Milliseconds spent waiting in (now − 30 min, now]."""
        return self._before * WINDOW_MS + self._signs * self._now - self._sum

    @property
    def still(self) -> int | None:
        """When nothing of those who no longer wait is left in the window; None if that is so now."""
        return (self._points[-1] >> 1) + WINDOW_MS if self._points else None

    def move(self, now: int) -> None:
        """Go on to `now`, never back."""
        self._now = now
        points, gone, until = self._points, 0, (now - WINDOW_MS) * 2 + 1
        for point in points:
            if point > until:
                break
            gone += 1
            sign = 1 if point & 1 else -1
            self._signs -= sign
            self._sum -= sign * (point >> 1)
            self._before += sign
        if gone:
            del points[:gone]
        while self._ahead and self._ahead[0] >> 1 <= now:
            point = heappop(self._ahead)
            self.told -= point if point & 1 else -point
            self.mark([point])

    def mark(self, points: list[int]) -> None:
        """Take in points: moment × 2, + 1 for one that came; the other sign takes back what was told before."""
        past, now = (self._now - WINDOW_MS) * 2 + 1, self._now * 2 + 1
        known, signs, total = self._points, 0, 0
        newest = known[-1] if known else past
        for point in sorted(points):
            sign = 1 if point & 1 else -1
            self.told += sign * point
            if point <= past:
                self._before += sign
                continue
            if point > now:
                heappush(self._ahead, point)
                continue
            signs += sign
            total += sign * (point >> 1)
            if point >= newest:
                known.append(point)
                newest = point
            else:
                insort(known, point)
        self._signs += signs
        self._sum += total
