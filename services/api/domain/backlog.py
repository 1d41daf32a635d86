"""How one socket keeps up: where it is, whether it waits, what was conflated for it, when it is given up.

What a socket has not been sent is not stored: it is everything that the ledger holds after `position`, each item once
and with its newest value. So a socket that reads nothing costs this object and a full TCP buffer, as long as it sleeps.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Backlog:
    """State of one socket; times are real seconds, passed in.

    Attributes:
        position: the seq up to which it has been sent everything.
        changes: how many item changes its group had seen at `position`.
        conflated: changes that it was never sent, because a newer one of the same item came first.
        waiting_since: when its buffer was full and last seen not to shrink; None while it keeps up.
        buffered: bytes in its buffer at that time.
    """

    position: int
    changes: int = 0
    conflated: int = 0
    waiting_since: float | None = None
    buffered: int = 0

    def sent(self, seq: int, changes: int, items: int) -> int:
        """It was sent all up to `seq` in a message of `items`. Returns how many changes were conflated."""
        conflated = max(changes - self.changes - items, 0)
        self.position, self.changes = seq, changes
        self.conflated += conflated
        self.waiting_since = None
        return conflated

    def waits(self, now: float, buffered: int) -> None:
        """There is something for it and its buffer is full with `buffered` bytes. A shrinking buffer is progress."""
        if self.waiting_since is None or buffered < self.buffered:
            self.waiting_since = now
        self.buffered = buffered

    def too_slow(self, now: float, limit_s: float) -> bool:
        """Whether it has taken nothing for `limit_s` although there was something for it."""
        return self.waiting_since is not None and now - self.waiting_since >= limit_s
