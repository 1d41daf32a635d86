"""One partition of the contacts topic."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Any
from zlib import crc32

from services.contracts.contacts import (
    ABANDONED,
    ANSWERED,
    OFFERED,
    OUTCOME_OF_REASON,
    Contact,
    about_of,
    end,
    offer,
    resolve,
    take,
)
from services.contracts.definitions import COUNTERS
from services.contracts.events import Abandoned, Answered, AnyEvent, Ended, FlowedOut, Heartbeat, LegEvent, Offered
from services.contracts.metrics import HALF_HOUR_MS
from services.metrics.domain.clocks import SiteClock
from services.metrics.domain.half_hours import HalfHour, half_hour_at, half_hours_of
from services.metrics.domain.pages import SLOT_MS, Page
from services.metrics.domain.queues import Queue
from services.metrics.domain.shard import Shard
from services.metrics.domain.tallies import ContactPage, QueueTerms, arrived_on, tally
from services.metrics.domain.tiles import interval, sound, tile

_WAITING = COUNTERS.index("waiting")


TELL_EVERY_S = 0.1
"""A queue's tile is published at once when it was quiet so long, and never more often."""


class QueueShard(Shard[Queue, Contact]):
    """Contacts become pages, tiles and half-hours.

    Attributes:
        violations: tiles and half-hours that did not add up since the start. It is 0, or the program is wrong.
        violation: the first of them, in words.
    """

    page_type = ContactPage

    def __init__(self, *args: Any) -> None:
        """See Shard."""
        super().__init__(*args)
        self._changed: dict[str, Queue] = {}
        self._restored = False
        self._moved: dict[str, Queue] = {}  # queues with half-hours to publish beside those of their dirty pages
        self.violations = 0
        self.violation = ""

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
            if page.includes >= offset:
                continue  # it was kept after this record
            entries = page.entries
            if entries is None:
                entries = page.unfolded()
            key = (event.contact, arrived_at)
            known = entries.get(key)
            if kind is Offered:
                if event.segment or event.dialled or event.channel != "voice":
                    page.mixed = True
                    news = offer(known, about_of(event))
                elif known is None:
                    news = OFFERED
                else:
                    continue
            elif kind is Answered:
                news = resolve(known, ANSWERED, at - arrived_at)
            elif kind is Ended:
                news = end(known, at - arrived_at, event.talk_ms, event.hold_ms, event.wrap_up_ms)
            elif kind is Abandoned:
                news = resolve(known, ABANDONED, at - arrived_at)
            elif kind is FlowedOut:
                news = resolve(known, OUTCOME_OF_REASON[event.reason], at - arrived_at)
            else:
                news = take(known, event)
            if news is known:
                continue
            entries[key] = news
            page.offset = offset
            page.before.setdefault(key, known)
            if not page.dirty:
                self._soil(page)
            if not queue.touched:
                changed[queue.id] = queue
            queue.touched.setdefault(key, known)

    def _page(self, scope: Queue, slot: int, event: AnyEvent) -> Page[Contact] | None:
        """See Shard; a page that is closed still takes events about contacts on it that are not over.

        So e-mails that wait for days are answered on their own page, as long as they are no ghosts.
        """
        page = scope.pages.get(slot)
        if page is not None and slot < scope.clock.closed:
            if page.includes >= self.clocks.offset:
                return page  # it is in there already, and maybe it was what ended the contact
            assert isinstance(event, LegEvent)
            key = event.contact, event.at if isinstance(event, Offered) else event.offered_at
            contact = page.unfolded().get(key)
            if contact is not None and scope.lives(key, contact):
                return page
        return super()._page(scope, slot, event)

    def tiles(self, now: float) -> list[tuple[str, bytes]]:
        """(queue, Tile JSON) of every queue whose tile has changed, by events or by its site's clock.

        One that was told less than TELL_EVERY_S before `now` (real seconds; infinity: whenever) is held back.
        """
        self._wake()
        changed, self._changed = self._changed, {}
        tiles = []
        for queue in changed.values():
            if now - queue.told_at < TELL_EVERY_S:
                self._changed[queue.id] = queue
                continue
            self._catch_up(queue)
            value, wrong = tile(queue, self.clocks.offset)
            for what in wrong:
                self._violate(what)
            if value is not None:
                tiles.append((queue.id, value))
                if now != math.inf:
                    queue.told_at = now
            self._schedule(queue)
        return tiles

    def _wake(self) -> None:
        """Some queues' tiles may change because their site's clock has moved on."""
        for clock in self.clocks.sites.values():
            while clock.due and clock.due[0][0] <= clock.at:
                queue = self.scopes[heappop(clock.due)[1]]
                queue.scheduled = None
                self._changed[queue.id] = queue

    def _catch_up(self, queue: Queue) -> None:
        queue.catch_up()
        while queue.haunted:
            self._soil(queue.haunted.pop())
        if queue.moved:
            self._moved[queue.id] = queue

    def _violate(self, what: str) -> None:
        self.violations += 1
        self.violation = self.violation or what

    @property
    def holds_tiles_back(self) -> bool:
        """Whether there are queues that `tiles` has to be asked for again."""
        return bool(self._changed)

    def show_again(self) -> None:
        """Let the next `tiles` tell every queue."""
        for queue in self.scopes.values():
            queue.shown = None
            self._changed[queue.id] = queue

    def relearn(self, site: str | None, scope_id: str | None) -> None:
        """See Shard; a queue's windows are counted by its new terms."""
        super().relearn(site, scope_id)
        for queue in self.scopes.values():
            if site == queue.site or scope_id == queue.id:
                queue.adopt(self._terms(queue.id), self._timezone(queue.id))
                queue.tell_waits()
                self._changed[queue.id] = queue

    def restore(
        self,
        clocks: bytes | None,
        pages: Iterable[tuple[str, int, bytes]],
        parts: Iterable[tuple[str, int, bytes]] = (),
    ) -> None:
        """See Shard; what is derived is derived again."""
        self._restored = True
        super().restore(clocks, pages, parts)
        for queue in self.scopes.values():
            queue.rebuild()
            self._await_ends(queue)
            if self.clocks.terms.get(queue.id) != self._terms_mark(queue.id):
                queue.tell_waits()  # described anew while nobody counted
        self.show_again()

    def _moved_half_hours(self) -> Iterator[tuple[str, int]]:
        self._wake()
        for queue in self._changed.values():
            self._catch_up(queue)
        moved, self._moved = self._moved, {}
        for queue in moved.values():
            yield from ((queue.id, start) for start in sorted(queue.moved))
            queue.moved.clear()
        if self._restored:
            self._restored = False
            for queue in self.scopes.values():
                queue.restored = False

    def _await_ends(self, queue: Queue) -> None:
        """Half-hours that were published for those who waited in them, with no page of their own, end like others."""
        half_hour = queue.here
        while queue.pages and half_hour.start and half_hour.end + self._horizons.lateness_ms > queue.clock.at:
            self._await_end(queue, half_hour)
            half_hour = half_hour_at(self._timezone(queue.id), half_hour.start - 1)

    def _still_needed(self, scope: Queue, closed: list[Page[Contact]]) -> set[int]:
        """Pages of contacts that are not over; those of the same half-hours; those of contacts that waited in them.

        And those of contacts that waited in half-hours that are not closed, or not all of them.
        """
        timezone, open_since = self._timezone(scope.id), scope.clock.forgotten * SLOT_MS - HALF_HOUR_MS
        scope.forget_waits(open_since)
        alive = [page for page in closed if self._lives(scope, page)]
        half_hours = sorted({half_hour for page in alive for half_hour in half_hours_of(timezone, page.slot)})
        ends = [half_hour.end for half_hour in half_hours]
        needed = {page.slot for page in alive}
        for page in closed:
            until = _waited_until(page)
            place = bisect_right(ends, page.start)
            if until > open_since or (place < len(ends) and half_hours[place].start < max(until, page.end)):
                needed.add(page.slot)
        return needed

    def _lives(self, queue: Queue, page: Page[Contact]) -> bool:
        lanes = queue.terms.lanes
        longest_ms = (
            max(lane.ghost_after_ms for lane in lanes.values()) if page.mixed else lanes["voice"].ghost_after_ms
        )
        if page.until + longest_ms <= queue.clock.at and not page.open:
            return False
        return any(queue.lives(key, contact) for key, contact in page.peek().items())

    def _drop(self, scope: Queue, page: Page[Contact]) -> None:
        self.unresolved += page.open
        scope.forget(page.slot)
        self._changed[scope.id] = scope

    def _make_scope(self, scope_id: str, clock: SiteClock) -> Queue:
        queue = Queue(scope_id, clock, self._terms(scope_id), self._timezone(scope_id))
        queue.restored = self._restored
        return queue

    def _terms(self, queue: str) -> QueueTerms:
        return QueueTerms.of(self._floor.queue(queue))

    def _terms_mark(self, scope_id: str) -> int:
        return crc32(repr((self._timezone(scope_id), self.scopes[scope_id].terms.counting)).encode())

    def _schedule(self, queue: Queue) -> None:
        due = queue.due
        if due is not None and (queue.scheduled is None or due < queue.scheduled):
            queue.scheduled = due
            heappush(queue.clock.due, (due, queue.id))

    def _count(self, scope: Queue, half_hour: HalfHour, pages: list[Page[Contact]]) -> tuple[int, int, dict[str, Any]]:
        terms = scope.terms
        counted = tally(pages, half_hour, terms, terms.thresholds_s)
        view = interval(scope, half_hour, counted, min((page.first for page in pages), default=-1))
        arrived = arrived_on(pages, half_hour)
        for totals in (*counted.by_threshold.values(), counted.at_target(terms)):
            if totals[0] != arrived or not sound(totals):
                self._violate(f"half-hour {scope.id}|{half_hour.start}: {arrived} came, counted {totals}")
        waiting = counted.by_threshold[terms.target_s][_WAITING]
        return arrived or view.get("waiting_ms", 0), waiting, view


def _waited_until(page: Page[Contact]) -> int:
    """When the last one of a page stopped waiting, exactly: page.until may be much later."""
    assert isinstance(page, ContactPage)
    last = max(page.ghosts.values(), default=page.end)
    if page.until <= last:
        return last
    return max(last, *(key[1] + contact[1] for key, contact in page.peek().items()))
