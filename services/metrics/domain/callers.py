"""Repeat calls: who called the same queue shortly before, by half-hour of arrival (contracts.metrics.Repeats).

A contact is a repeat within N days if its customer's previous contact of the queue lies at most N days back. The
previous one may come to be known later: then the half-hour of the repeat gets a new revision, too.

What is kept: while the ledger takes late events, every contact with its customer's hash, on pages of five minutes like
the ledger's; after that, of each UTC day, only the last arrival of each customer, as sorted arrays of 16 bytes a
customer; and after N days nothing. Pages are sets, so their records may come again.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from services.contracts.events import Offered
from services.contracts.metrics import repeats_id
from services.metrics.domain.clocks import Horizons, SiteClock
from services.metrics.domain.floor import Floor
from services.metrics.domain.half_hours import HalfHour, half_hours_of, slots_of
from services.metrics.domain.pages import SLOT_MS
from services.metrics.domain.shard import Shard, State, page_key

PAGES, DAYS = "callers", "caller-days"
"""Topics of the state's keys."""
DAY_MS = 24 * 3600 * 1000

Leg = tuple[str, int]
"""(contact, arrival in epoch ms)"""

_to_json = msgspec.json.Encoder().encode
_encode = msgspec.msgpack.Encoder().encode
_decode_page = msgspec.msgpack.Decoder(tuple[int, int, dict[tuple[str, int], tuple[int, int]]]).decode
_decode_offset = msgspec.msgpack.Decoder(tuple[int, int, msgspec.Raw]).decode
_decode_day = msgspec.msgpack.Decoder(tuple[int, bytes, bytes]).decode


class PublishedRepeats(NamedTuple):
    """Repeats of a half-hour as they were published: where they belong, and the JSON."""

    scope: str
    date: str
    start: int
    value: bytes

    @property
    def id(self) -> str:
        """Key on the intervals topic."""
        return repeats_id(self.scope, self.start)


class _Page:
    """Arrivals of five minutes. `repeats` by span are counted as they come; `legs` is None while folded."""

    __slots__ = ("dirty", "folded", "known", "legs", "offset", "repeats", "slot")

    def __init__(self, slot: int, spans: int) -> None:
        self.slot = slot
        self.offset = -1
        self.legs: dict[Leg, tuple[int, int]] | None = {}
        self.folded = b""
        self.known = 0
        self.repeats = [0] * spans
        self.dirty = False

    def unfolded(self) -> dict[Leg, tuple[int, int]]:
        """Leg → (customer, offset of the first record that told of it)."""
        if self.legs is None:
            _, _, self.legs = _decode_page(self.folded)
            self.folded = b""
        return self.legs

    def encode(self) -> bytes:
        return self.folded if self.legs is None else _encode((self.offset, 0, self.legs))

    def fold(self) -> None:
        if self.legs is not None:
            self.folded = self.encode()
            self.legs = None


class _Day:
    """The last arrival of each customer on a UTC day that is closed."""

    __slots__ = ("arrivals", "customers", "offset")

    def __init__(self, offset: int, customers: "array[int]", arrivals: "array[int]") -> None:
        self.offset = offset
        self.customers, self.arrivals = customers, arrivals

    def of(self, customer: int) -> int | None:
        place = bisect_left(self.customers, customer)
        if place < len(self.customers) and self.customers[place] == customer:
            return self.arrivals[place]
        return None

    def encode(self) -> bytes:
        return _encode((self.offset, _little(self.customers).tobytes(), _little(self.arrivals).tobytes()))

    @classmethod
    def decode(cls, value: bytes) -> "_Day":
        offset, customers, arrivals = _decode_day(value)
        return cls(offset, _little(array("Q", customers)), _little(array("q", arrivals)))


class _Queue:
    """A queue: its pages by slot, closed days by number, and each customer's arrivals on the pages, ascending."""

    __slots__ = ("arrivals", "clock", "days", "id", "open_since", "pages", "site")

    def __init__(self, queue: str, clock: SiteClock) -> None:
        self.id = queue
        self.site = queue.partition("/")[0]
        self.clock = clock
        self.pages: dict[int, _Page] = {}
        self.days: dict[int, _Day] = {}
        self.arrivals: dict[int, int | list[int]] = {}
        self.open_since = 0

    def times(self, customer: int) -> list[int]:
        """Arrivals of a customer on the pages."""
        found = self.arrivals.get(customer)
        return [] if found is None else [found] if isinstance(found, int) else found

    def put(self, customer: int, times: list[int]) -> None:
        """Most customers come once: a number takes a third of a list's memory."""
        if times:
            self.arrivals[customer] = times[0] if len(times) == 1 else times
        else:
            self.arrivals.pop(customer, None)

    def before_pages(self, customer: int) -> int | None:
        """The last arrival of a customer on the closed days."""
        for number in sorted(self.days, reverse=True):
            at = self.days[number].of(customer)
            if at is not None:
                return at
        return None


class Callers:
    """One partition of the contacts topic, beside its QueueShard, by whose clocks it goes.

    Feed it what that one is fed, after it; ask it for its `checkpoint` at the same moment, before that one's: the
    clocks must not be kept before what came in by them.
    """

    def __init__(self, beside: Shard[Any, Any], floor: Floor, horizons: Horizons) -> None:
        """Without any caller; `beside` is the QueueShard."""
        self._partition, self._floor, self._clocks = beside.partition, floor, beside.clocks
        self._scopes = beside.scopes
        self._spans = [(n, n * DAY_MS) for n in sorted(set(horizons.repeat_days))]
        self._folded_ms = horizons.folded_ms
        self._stale: list[State] = []
        self._queues: dict[str, _Queue] = {}
        self._dirty: list[tuple[_Queue, _Page]] = []
        self._swept: dict[str, int] = {}

    # -- feeding

    def apply(self, offset: int, contacts: Iterable[Any]) -> None:
        """Take in a record's events, after the ledger: arrivals on its pages whose customer is known."""
        for event in contacts:
            if type(event) is Offered and event.customer:
                self._arrive(offset, event)

    def _arrive(self, offset: int, event: Offered) -> None:
        at, slot = event.at, event.at // SLOT_MS
        leg, scope = (event.contact, at), self._scopes.get(event.queue)
        written_on = scope and scope.pages.get(slot)
        if not written_on or leg not in (written_on.entries or written_on.unfolded()):
            return  # refused by the ledger: too late, of nowhere, or of a time that can't be
        queue = self._queues.get(event.queue) or self._queue(event.queue)
        customer = hash_of(event.customer)
        page = queue.pages.get(slot)
        if page is None:
            page = queue.pages[slot] = _Page(slot, len(self._spans))
        legs = page.legs or page.unfolded()
        known = legs.get(leg)
        if known is not None:
            if known[0] <= customer:
                return
            self._move(queue, known[0], at, -1, offset)  # of two customers of one contact the lesser stands
        legs[leg] = customer, offset
        if customer in queue.arrivals:
            self._move(queue, customer, at, 1, offset)
            return
        queue.arrivals[customer] = at  # most come for the first time in days
        page.known += 1
        if queue.days:
            self._count(page, at, queue.before_pages(customer), 1)
        self._soil(queue, page, offset)

    def _move(self, queue: _Queue, customer: int, at: int, sign: int, offset: int) -> None:
        """An arrival comes (1) or goes (−1): it may be a repeat, and make the next one a repeat."""
        times = queue.times(customer)
        if sign < 0:
            times.remove(at)
        place = bisect_right(times, at)
        before = times[place - 1] if place else queue.before_pages(customer)
        here = queue.pages[at // SLOT_MS]
        here.known += sign
        self._count(here, at, before, sign)
        self._soil(queue, here, offset)
        if place < len(times):
            after = times[place]
            there = queue.pages[after // SLOT_MS]
            self._count(there, after, before, -sign)
            self._count(there, after, at, sign)
            self._soil(queue, there, offset)
        if sign > 0:
            times.insert(place, at)
        queue.put(customer, times)

    def _count(self, page: _Page, at: int, before: int | None, sign: int) -> None:
        if before is not None:
            for number, (_, span_ms) in enumerate(self._spans):
                if at - before <= span_ms:
                    page.repeats[number] += sign

    def _soil(self, queue: _Queue, page: _Page, offset: int) -> None:
        page.offset = max(page.offset, offset)
        if not page.dirty:
            page.dirty = True
            self._dirty.append((queue, page))

    # -- asking

    def checkpoint(self, pages_at_once: int) -> Iterator[tuple[list[PublishedRepeats], list[State]]]:
        """What changed since the last one, in slices: repeats to publish, states to keep or (value None) to forget."""
        dirty, self._dirty = self._dirty, []
        published: set[tuple[str, int]] = set()
        for first in range(0, len(dirty), pages_at_once):
            some = dirty[first : first + pages_at_once]
            told = [one for queue, page in some for one in self._changed(queue, page, published)]
            yield told, [self._kept(queue, page) for queue, page in some]
        stale, self._stale = self._stale, []
        yield [], stale
        for queue in self._queues.values():
            if states := self._put_away(queue):
                yield [], states

    def _changed(self, queue: _Queue, page: _Page, published: set[tuple[str, int]]) -> Iterator[PublishedRepeats]:
        for half_hour in half_hours_of(self._floor.timezone(queue.site), page.slot):
            name = queue.id, half_hour.start
            if name not in published and half_hour.start >= queue.open_since:
                published.add(name)
                yield from self._publish(queue, half_hour)

    def _publish(self, queue: _Queue, half_hour: HalfHour) -> Iterator[PublishedRepeats]:
        known, repeats, revision = 0, [0] * len(self._spans), -1
        for page in (queue.pages[slot] for slot in slots_of(half_hour) if slot in queue.pages):
            whole = half_hour.start <= page.slot * SLOT_MS and (page.slot + 1) * SLOT_MS <= half_hour.end
            here, again = (page.known, page.repeats) if whole else self._part(queue, page, half_hour)
            known += here
            repeats = [one + other for one, other in zip(repeats, again, strict=True)]
            revision = max(revision, page.offset)
        if not known:
            return
        view = {
            "kind": "repeats",
            "id": repeats_id(queue.id, half_hour.start),
            "scope": queue.id,
            **half_hour._asdict(),
            "revision": revision,
            "known": known,
            "within_days": {n: count for (n, _), count in zip(self._spans, repeats, strict=True)},
        }
        yield PublishedRepeats(queue.id, half_hour.date, half_hour.start, _to_json(view))

    def _part(self, queue: _Queue, page: _Page, half_hour: HalfHour) -> tuple[int, list[int]]:
        """What of a page belongs to a half-hour that begins or ends within it."""
        part = _Page(page.slot, len(self._spans))
        seen: dict[tuple[int, int], int] = {}
        for (_, at), (customer, _) in page.unfolded().items():
            if half_hour.start <= at < half_hour.end:
                times = queue.times(customer)
                place = bisect_left(times, at) + seen.get((customer, at), 0)
                seen[customer, at] = seen.get((customer, at), 0) + 1
                part.known += 1
                self._count(part, at, times[place - 1] if place else queue.before_pages(customer), 1)
        return part.known, part.repeats

    def _kept(self, queue: _Queue, page: _Page) -> State:
        page.dirty = False
        page.unfolded()  # what was folded has the offset of then
        return page_key(self._partition, PAGES, queue.id, page.slot), page.encode()

    # -- putting away

    def _put_away(self, queue: _Queue) -> list[State]:
        """Once per closed page of the ledger: fold what rests, close days that are over, forget the oldest."""
        closed = queue.clock.closed
        if self._swept.get(queue.id) == closed:
            return []
        self._swept[queue.id] = closed
        for page in queue.pages.values():
            if (page.slot + 1) * SLOT_MS < queue.clock.at - self._folded_ms and not page.dirty:
                page.fold()
        states: list[State] = []
        over = queue.clock.forgotten * SLOT_MS // DAY_MS  # days before this one take no more arrivals
        for number in sorted({slot * SLOT_MS // DAY_MS for slot in queue.pages}):
            if number < over:
                states += self._close(queue, number)
        queue.open_since = max(queue.open_since, over * DAY_MS)
        longest_ms = self._spans[-1][1] if self._spans else 0
        for number in [n for n in queue.days if (n + 1) * DAY_MS <= queue.open_since - longest_ms]:
            del queue.days[number]
            states.append((page_key(self._partition, DAYS, queue.id, number), None))
        return states

    def _close(self, queue: _Queue, number: int) -> Iterator[State]:
        """Keep of a day only the last arrival of each customer."""
        slots = [slot for slot in sorted(queue.pages) if slot * SLOT_MS // DAY_MS == number]
        last: dict[int, int] = {}
        for slot in slots:
            for (_, at), (customer, _) in queue.pages[slot].unfolded().items():
                last[customer] = max(at, last.get(customer, at))
        customers = array("Q", sorted(last))
        offset = max(queue.pages[slot].offset for slot in slots)
        day = _Day(offset, customers, array("q", [last[customer] for customer in customers]))
        queue.days[number] = day
        yield page_key(self._partition, DAYS, queue.id, number), day.encode()
        for slot in slots:
            del queue.pages[slot]
            yield page_key(self._partition, PAGES, queue.id, slot), None
        for customer in customers:
            queue.put(customer, [at for at in queue.times(customer) if at >= (number + 1) * DAY_MS])

    # -- restoring

    def restore(self, pages: Iterable[tuple[str, int, bytes]], days: Iterable[tuple[str, int, bytes]]) -> None:
        """Take up what was kept: (queue, slot, value) of each page, (queue, day, value) of each day."""
        self._queues.clear()
        self._dirty.clear()
        self._swept.clear()
        self._stale.clear()
        for name, number, value in days:
            queue = self._queue(name)
            queue.days[number] = _Day.decode(value)
            queue.open_since = max(queue.open_since, (number + 1) * DAY_MS)
        for name, slot, value in pages:
            queue = self._queue(name)
            page = queue.pages[slot] = _Page(slot, len(self._spans))
            page.offset, _, _ = _decode_offset(value)
            page.folded, page.legs = value, None
        for queue in self._queues.values():
            self._recount(queue)

    def _queue(self, name: str) -> _Queue:
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = _Queue(name, self._clocks.site(name.partition("/")[0]))
        return queue

    def _recount(self, queue: _Queue) -> None:
        """Derive what is derived. A page that was closed with its day came back from a worker that slept: close it."""
        told: dict[int, list[tuple[int, int]]] = {}
        for slot, page in list(queue.pages.items()):
            if slot * SLOT_MS < queue.open_since:
                del queue.pages[slot]
                self._stale.append((page_key(self._partition, PAGES, queue.id, slot), None))
                continue
            for (_, at), (customer, offset) in page.unfolded().items():
                told.setdefault(customer, []).append((at, offset))
            page.known = len(page.unfolded())
        for customer, legs in told.items():
            legs.sort()
            queue.put(customer, [at for at, _ in legs])
            first = legs[0][0]
            self._count(queue.pages[first // SLOT_MS], first, queue.before_pages(customer), 1)
            for (before, offset), (at, _) in pairwise(legs):
                page = queue.pages[at // SLOT_MS]
                self._count(page, at, before, 1)
                page.offset = max(page.offset, offset)

    def relearn(self, site: str) -> None:
        """The description of a site has changed: publish its half-hours again."""
        for queue in self._queues.values():
            if queue.site == site:
                for page in queue.pages.values():
                    self._soil(queue, page, page.offset)


def hash_of(customer: str) -> int:
    """64 bits of a pseudonym. Of a million customers two are taken for one with a chance of 1 in 37 million."""
    return int.from_bytes(blake2b(customer.encode(), digest_size=8).digest(), "little")


def _little(numbers: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers
