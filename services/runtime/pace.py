"""When the next checkpoint is due. Pure: seconds in, seconds out."""

from dataclasses import dataclass


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
