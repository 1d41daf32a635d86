"""How often: requests of a session or key, and attempts to sign in. Kept in this process's memory."""

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter


class Throttle:
    """Counts by name of what is counted and of whom.

    Args:
        limits: what → how many a minute.
    """

    def __init__(self, **limits: int) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._limits: dict[str, RateLimitItem] = {
            what: RateLimitItemPerMinute(most, namespace=what) for what, most in limits.items()
        }

    def too_often(self, what: str, *whom: str) -> int | None:
        """Count once more; None if that is in order, else seconds to wait."""
        limit = self._limits[what]
        return None if self._limiter.hit(limit, *whom) else self._wait(limit, *whom)

    def full(self, what: str, *whom: str) -> int | None:
        """The same without counting."""
        limit = self._limits[what]
        return None if self._limiter.test(limit, *whom) else self._wait(limit, *whom)

    def _wait(self, limit: RateLimitItem, *whom: str) -> int:
        reset = self._limiter.get_window_stats(limit, *whom).reset_time
        return max(1, math.ceil(reset - time.time()))

    def forgive(self, what: str, *whom: str) -> None:
        """Count anew."""
        self._limiter.clear(self._limits[what], *whom)
