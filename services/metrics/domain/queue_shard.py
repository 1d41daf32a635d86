"""One partition of the contacts topic."""

import math
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Any
from zlib import crc32

from services.contracts.definitions import COUNTERS
from services.contracts.events import Abandoned, Answered, Ended, Heartbeat, Offered
from services.metrics.domain.clocks import SiteClock
from services.metrics.domain.contacts import ABANDONED, ANSWERED, FLOWED_OUT, OFFERED, Contact, count, end, resolve
from services.metrics.domain.half_hours import HalfHour
from services.metrics.domain.pages import SLOT_MS, Page
from services.metrics.domain.queues import Queue, Terms
from services.metrics.domain.shard import Shard

_OFFERED = COUNTERS.index("offered")
_WAITING = COUNTERS.index("waiting")


TELL_EVERY_S = 0.1
"""A queue's tile is published at once when it was quiet so long, and never more often."""


class QueueShard(Shard[Queue, Contact]):
    """Contacts become pages, tiles and half-hours."""

    def __init__(self, *args: Any) -> None:
        """See Shard."""
        super().__init__(*args)
        self._changed: dict[str, Queue] = {}

    def apply(self, offset: int, events: Sequence[Any]) -> None:  # noqa: C901, PLR0912, PLR0915  # calls cost a fifth
        """Take in a record's ContactEvents. A record that the clocks include already changes nothing.

        This is the hot path, so it is one loop: who calls, whose page, what is new, and nothing else.
        """
        if offset <= self.clocks.offset:
            return
        self.clocks.offset = offset
        queues, changed = self.scopes, self._changed
        for event in events:
            kind = type(event)
            if kind is Heartbeat:
                self._hear(event)
                continue
            queue = queues.get(event.queue) or self._scope(event.queue, event)
            if queue is None:
                continue
            clock, at = queue.clock, event.at
            if at > clock.at:
                if at < clock.closes_next:
                    clock.at = at
                elif not self._reach(clock, event):
                    continue
            arrived_at = at if kind is Offered else event.offered_at
            slot = arrived_at // SLOT_MS
            page = queue.pages.get(slot)
            if page is None or slot < clock.closed:
                page = self._page(queue, slot, event)
                if page is None:
                    continue
            if page.offset > offset:
                continue  # it was kept after this record
            entries = page.entries
            if entries is None:
                entries = page.unfolded()
            key = (event.contact, arrived_at)
            known = entries.get(key)
            if kind is Offered:
                if known is not None:
                    continue
                news = OFFERED
            elif kind is Answered:
                news = resolve(known, ANSWERED, at - arrived_at)
            elif kind is Ended:
                news = end(known, at - arrived_at, event.talk_ms, event.hold_ms, event.wrap_up_ms)
            else:
                news = resolve(known, ABANDONED if kind is Abandoned else FLOWED_OUT, at - arrived_at)
            if news is known:
                continue
            entries[key] = news
            page.offset = offset
            page.before.setdefault(key, known)
            if not page.dirty:
                self._soil(page)
            if not queue.touched:
                changed[queue.id] = queue
            queue.touched[key] = news

    def tiles(self, now: float) -> list[tuple[str, bytes]]:
        """(queue, Tile JSON) of every queue whose tile has changed, by events or by its site's clock.

        One that was told less than TELL_EVERY_S before `now` (real seconds; infinity: whenever) is held back.
        """
        for clock in self.clocks.sites.values():
            while clock.due and clock.due[0][0] <= clock.at:
                queue = self.scopes[heappop(clock.due)[1]]
                queue.scheduled = None
                self._changed[queue.id] = queue
        changed, self._changed = self._changed, {}
        tiles = []
        for queue in changed.values():
            if now - queue.told_at < TELL_EVERY_S:
                self._changed[queue.id] = queue
                continue
            tile = queue.tile(self.clocks.offset)
            if tile is not None:
                tiles.append((queue.id, tile))
                if now != math.inf:
                    queue.told_at = now
            self._schedule(queue)
        return tiles

    @property
    def holds_tiles_back(self) -> bool:
        """Whether there are queues that `tiles` has to be asked for again."""
        return bool(self._changed)

    def show_again(self) -> None:
        """Let the next `tiles` tell every queue."""
        for queue in self.scopes.values():
            queue.show_again()
            self._changed[queue.id] = queue

    def relearn(self, site: str | None, scope_id: str | None) -> None:
        """See Shard; a queue's windows are counted by its new terms."""
        super().relearn(site, scope_id)
        queue = self.scopes.get(scope_id or "")
        if queue is not None:
            queue.adopt(self._terms(queue.id))
            self._changed[queue.id] = queue

    def restore(self, clocks: bytes | None, pages: Iterable[tuple[str, int, bytes]]) -> None:
        """See Shard; what is derived is derived again."""
        super().restore(clocks, pages)
        for queue in self.scopes.values():
            queue.rebuild()
        self.show_again()

    def put_away(self) -> list[bytes]:
        """See Shard; what is derived comes first, it needs the pages."""
        for queue in self._changed.values():
            queue.catch_up()
        return super().put_away()

    def _drop(self, scope: Queue, page: Page[Contact]) -> None:
        self.unresolved += page.open
        scope.forget(page.slot)
        self._changed[scope.id] = scope

    def _make_scope(self, scope_id: str, clock: SiteClock) -> Queue:
        return Queue(scope_id, clock, self._terms(scope_id))

    def _terms(self, queue: str) -> Terms:
        return Terms.of(self._floor.queue(queue))

    def _terms_mark(self, scope_id: str) -> int:
        terms = self.scopes[scope_id].terms
        return crc32(repr((self._timezone(scope_id), terms.thresholds_s, terms.short_ms)).encode())

    def _schedule(self, queue: Queue) -> None:
        due = queue.due
        if due is not None and (queue.scheduled is None or due < queue.scheduled):
            queue.scheduled = due
            heappush(queue.clock.due, (due, queue.id))

    def _count(self, scope: Queue, half_hour: HalfHour, pages: list[Page[Contact]]) -> tuple[int, int, dict[str, Any]]:
        short_ms = scope.terms.short_ms
        by_threshold, arrived, waiting = {}, 0, 0
        for t in scope.terms.thresholds_s:
            totals = [0] * len(COUNTERS)
            for page in pages:
                for i, value in enumerate(_tally(page, half_hour, t * 1000, short_ms)):
                    totals[i] += value
            by_threshold[t] = dict(zip(COUNTERS, totals, strict=True))
            arrived, waiting = totals[_OFFERED], totals[_WAITING]
        return arrived, waiting, {"kind": "interval", "by_threshold": by_threshold}


def _tally(page: Page[Contact], half_hour: HalfHour, threshold_ms: int, short_ms: float) -> list[int]:
    if page.before:
        _count_changes(page)
    whole = half_hour.start <= page.start and page.end <= half_hour.end
    totals = page.tallies.get((threshold_ms, short_ms)) if whole else None
    if totals is None:
        totals = [0] * len(COUNTERS)
        entries = page.unfolded().items()
        arrived = (contact for key, contact in entries if whole or half_hour.start <= key[1] < half_hour.end)
        count(totals, arrived, threshold_ms, short_ms, 1)
        if whole:
            page.tallies[threshold_ms, short_ms] = totals
    return totals


def _count_changes(page: Page[Contact]) -> None:
    """Take what was counted of changed contacts out of the tallies, and count them as they are now."""
    entries = page.unfolded()
    for (threshold_ms, short_ms), totals in page.tallies.items():
        count(totals, (contact for contact in page.before.values() if contact), threshold_ms, short_ms, -1)
        count(totals, (entries[key] for key in page.before), threshold_ms, short_ms, 1)
    page.before.clear()
