"""The rolling half-hour of a queue for one threshold T: contacts whose service-level event lies in (now − 30 min, now].

A contact is *due* when its event comes (it enters the window) and again half an hour later (it leaves). A waiting
contact's event lies ahead, at offered + T; when the clock gets there before its answer, it is lost at that moment.
One heap holds both kinds of moments; what has changed in the meantime is recognised when it is popped.

          enters at e                           leaves at e + 30 min
    ──────────●═════════════════════════════════════○──────────> feed's clock
"""

from collections.abc import Iterable
from heapq import heappop, heappush

from services.contracts.definitions import COUNTERS
from services.metrics.domain.contacts import WAITING, Contact, Key, count, recount

WINDOW_MS = 30 * 60 * 1000


class Rolling:
    """Feed it with `put`, move it with `advance`, read `totals`; `due` says when it would change by itself."""

    __slots__ = ("_due", "_members", "_now", "_short_ms", "_threshold_ms", "totals")

    def __init__(self, threshold_ms: int, short_ms: float, now: int) -> None:
        """An empty window.

        Args:
            threshold_ms: T.
            short_ms: an abandon sooner than this is short.
            now: the feed's clock, epoch ms.
        """
        self._threshold_ms = threshold_ms
        self._short_ms = short_ms
        self._now = now
        self._members: dict[Key, tuple[int, Contact, bool]] = {}  # (event's moment, contact, counted)
        self._due: list[tuple[int, Key]] = []
        self.totals = [0] * len(COUNTERS)

    @property
    def due(self) -> int | None:
        """When the totals may change without any event, or None if never. May be too early, never too late."""
        return self._due[0][0] if self._due else None

    def put(self, contacts: Iterable[tuple[Key, Contact]]) -> None:
        """Take in contacts, new or changed. One whose event is long past is passed over."""
        members, now, threshold_ms = self._members, self._now, self._threshold_ms
        for key, contact in contacts:
            # The service-level event: its outcome, or T passing while it waits, whatever comes first.
            settled = contact[0] != WAITING and contact[1] < threshold_ms
            at = key[1] + (contact[1] if settled else threshold_ms)
            known = members.get(key)
            if known is not None and known[0] == at:
                if known[2]:
                    recount(self.totals, known[1], contact, threshold_ms, self._short_ms)
                members[key] = (at, contact, known[2])
                continue
            if known is not None:
                if known[2]:
                    count(self.totals, known[1], threshold_ms, self._short_ms, -1)
                del members[key]
            if at > now:
                members[key] = (at, contact, False)
                heappush(self._due, (at, key))
            elif at + WINDOW_MS > now:
                self._enter(key, at, contact)

    def advance(self, now: int) -> None:
        """Move to `now`. The clock never runs backwards here: a contact that has left can't come back."""
        self._now = max(now, self._now)
        due, members = self._due, self._members
        while due and due[0][0] <= self._now:
            when, key = heappop(due)
            member = members.get(key)
            if member is None:
                continue
            at, contact, inside = member
            if inside and when == at + WINDOW_MS:
                count(self.totals, contact, self._threshold_ms, self._short_ms, -1)
                del members[key]
            elif not inside and when == at:
                if at + WINDOW_MS > self._now:
                    self._enter(key, at, contact)
                else:
                    del members[key]  # it came and went within one step

    def _enter(self, key: Key, at: int, contact: Contact) -> None:
        count(self.totals, contact, self._threshold_ms, self._short_ms, 1)
        self._members[key] = (at, contact, True)
        heappush(self._due, (at + WINDOW_MS, key))
