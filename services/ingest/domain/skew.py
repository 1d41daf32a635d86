"""How far a source's clock runs ahead of ours, measured by the events that it sends as they happen."""

from typing import Final

SPAN_S: Final = 60.0
BELIEVED_MS: Final = 6 * 3600 * 1000
"""A larger difference is no clock that runs wrong: the feed tells of another time."""


class Skew:
    """The largest of (event's time − our time when it came) over the last one to two minutes.

    An event is always told after it happened, so a clock that is right gives a little less than 0, and the largest is
    that of the event that travelled quickest. What is well below 0 is a clock behind ours, or a feed that comes late.
    """

    __slots__ = ("_before", "_began_s", "_now")

    def __init__(self) -> None:
        """Nothing measured."""
        self._began_s = float("-inf")
        self._before: int | None = None
        self._now: int | None = None

    def heard(self, at_ms: int, now_ms: int, now_s: float) -> None:
        """An event of `at_ms` has come at `now_ms` of the wall clock, `now_s` of a monotonic one."""
        ahead_ms = at_ms - now_ms
        if now_s - self._began_s >= SPAN_S:
            self._before = self._now if now_s - self._began_s < 2 * SPAN_S else None
            self._began_s, self._now = now_s, None
        self._now = ahead_ms if self._now is None else max(self._now, ahead_ms)

    @property
    def ahead_ms(self) -> int | None:
        """How far the source's clock runs ahead (behind: negative); None if that can't be said."""
        measured = [ahead_ms for ahead_ms in (self._before, self._now) if ahead_ms is not None]
        if not measured or abs(max(measured)) > BELIEVED_MS:
            return None
        return max(measured)
