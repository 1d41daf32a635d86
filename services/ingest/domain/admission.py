"""How much one caller may send: a bucket that fills at a rate."""

from dataclasses import dataclass

BURST_S = 4.0


@dataclass(slots=True)
class _Bucket:
    level: float
    at_s: float


class Admission:
    """A token bucket for each API key.

    Args:
        rate_per_s: events a second; a burst may be four seconds' worth.
    """

    def __init__(self, rate_per_s: float) -> None:
        self._rate = rate_per_s
        self._buckets: dict[str, _Bucket] = {}

    def wait_s(self, key: str, now_s: float) -> float:
        """Seconds to wait before anything more is taken; 0 if it may come now."""
        return max(0.0, -self._bucket(key, now_s).level / self._rate)

    def take(self, key: str, events: int, now_s: float) -> None:
        """Count what has come. A batch is taken whole, so a big one leaves a debt that later ones wait for."""
        self._bucket(key, now_s).level -= events

    def _bucket(self, key: str, now_s: float) -> _Bucket:
        bucket = self._buckets.setdefault(key, _Bucket(self._rate * BURST_S, now_s))
        bucket.level = min(self._rate * BURST_S, bucket.level + (now_s - bucket.at_s) * self._rate)
        bucket.at_s = now_s
        return bucket
