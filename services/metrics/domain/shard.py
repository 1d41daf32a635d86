"""One partition of one topic: its pages, clocks and half-hours. What contacts and visits have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from services.contracts.events import AnyEvent, Heartbeat
from services.contracts.keeping import key_prefix
from services.contracts.letters import DeadLetter
from services.contracts.metrics import HALF_HOUR_MS, interval_id
from services.metrics.domain.clocks import LATEST_MS, Clocks, Horizons, SiteClock
from services.metrics.domain.floor import Floor, is_scoped_id
from services.metrics.domain.half_hours import HalfHour, half_hour_at, half_hours_of, slots_of
from services.metrics.domain.pages import SLOT_MS, Entry, Page, merged
from services.metrics.domain.refusals import refusal, unheard

State = tuple[bytes, bytes | None]
"""(key, value): see contracts.keeping.StateEntry."""

_to_json = msgspec.json.Encoder().encode


class PublishedHalfHour(NamedTuple):
    """A half-hour as it was published: where it belongs, and its JSON (Interval or IvrInterval)."""

    scope: str
    date: str
    start: int
    value: bytes

    @property
    def id(self) -> str:
        """Key on the intervals topic."""
        return interval_id(self.scope, self.start)


def state_key(partition: int, topic: str) -> bytes:
    """Key of a partition's clocks, and the beginning of its pages' keys."""
    return key_prefix(partition) + topic.encode()


def page_key(partition: int, topic: str, scope: str, slot: int) -> bytes:
    """Key of a page."""
    return b"%b|%b|%d" % (state_key(partition, topic), scope.encode(), slot)


def parts_of(topic: str) -> str:
    """What stands for the topic in the keys of pages' parts."""
    return f"{topic}+"


class Scope(Generic[Entry]):
    """A queue or a flow: its pages by slot, and the half-hours that are not final yet by their start."""

    __slots__ = ("clock", "id", "pages", "site", "told", "unfinished")

    def __init__(self, scope_id: str, clock: SiteClock) -> None:
        """Without any page."""
        self.id = scope_id
        self.site = scope_id.partition("/")[0]
        self.clock = clock
        self.pages: dict[int, Page[Entry]] = {}
        self.unfinished: set[int] = set()
        self.told: set[int] = set()  # of these, those that were published


S = TypeVar("S", bound=Scope[Any])


class Shard(ABC, Generic[S, Entry]):
    """Feed it with `apply`, ask it for its `checkpoint`, `restore` it after a crash.

    Attributes:
        letters: what could not be used since they were last taken.
        unresolved: contacts or visits that were dropped with their page before their outcome was known.
        page_type: what its pages are.
    """

    page_type: type[Page[Any]] = Page

    def __init__(self, topic: str, partition: int, floor: Floor, horizons: Horizons) -> None:
        """An empty shard; `topic` is its name without the namespace."""
        self.topic, self.partition = topic, partition
        self._floor, self._horizons = floor, horizons
        self.clocks = Clocks(topic, partition, horizons.horizon_ms)
        self.scopes: dict[str, S] = {}
        self.letters: list[DeadLetter] = []
        self.unresolved = 0
        self._dirty: list[Page[Entry]] = []
        self._kept_clocks = b""

    # -- feeding

    @abstractmethod
    def apply(self, offset: int, events: Sequence[Any]) -> None:
        """Take in a record's events. A record that the clocks include already changes nothing."""

    @abstractmethod
    def _make_scope(self, scope_id: str, clock: SiteClock) -> S:
        """A new queue or flow."""

    def _scope(self, scope_id: str, event: AnyEvent) -> S | None:
        """The queue or flow, made now if it is new; None, and a letter, if its id can't be one."""
        known = self.scopes.get(scope_id)
        if known is not None:
            return known
        if not is_scoped_id(scope_id):
            self._refuse(event, f"{scope_id[:200]!r} has not the form site/name", "queue or flow")
            return None
        scope = self._make_scope(scope_id, self.clocks.site(scope_id.partition("/")[0]))
        self.scopes[scope_id] = scope
        return scope

    def _page(self, scope: S, slot: int, event: AnyEvent) -> Page[Entry] | None:
        """The page to write the event on; None, and a letter, if it is closed for ever or no moment of ours."""
        if slot < scope.clock.closed:
            self._refuse(event, "too late: its half-hour is closed for ever")
            return None
        page: Page[Entry] | None = scope.pages.get(slot)
        if page is None:
            page = self.page_type(scope.id, slot)
            if page.end > LATEST_MS:
                self._refuse(event, "a time after the year 2099")
                return None
            page.first = self.clocks.offset
            scope.pages[slot] = page
        return page

    def _reach(self, clock: SiteClock, event: AnyEvent) -> bool:
        if event.at >= LATEST_MS:
            self._refuse(event, "a time after the year 2099", "at")
            return False
        clock.reach(event.at)
        return True

    def _hear(self, heartbeat: Heartbeat) -> None:
        letter = unheard(self.topic, heartbeat)
        if letter is None:
            self.clocks.hear(heartbeat)
        else:
            self.letters.append(letter)

    def _refuse(self, event: AnyEvent, reason: str, field: str | None = None) -> None:
        self.letters.append(refusal(self.topic, event, reason, field))

    def _soil(self, page: Page[Entry]) -> None:
        """The page has changed: count and keep it at the next checkpoint."""
        if not page.dirty:
            page.dirty = True
            self._dirty.append(page)

    # -- asking

    def checkpoint(self, pages_at_once: int) -> Iterator[tuple[list[PublishedHalfHour], list[State]]]:
        """What changed since the last one, in slices: half-hours to publish, states to keep.

        The clocks come after all pages, and the keys to forget (value None) last. That order must reach the log: then
        no page lacks a record that the clocks include, whenever the process ends, and a replayed event finds the very
        clock that it found at first.
        """
        published: set[tuple[str, int]] = set()
        moved = list(self._moved_half_hours())
        dirty, self._dirty = self._dirty, []
        for first in range(0, len(moved), pages_at_once):
            yield list(self._publish_each(moved[first : first + pages_at_once], published, empty=True)), []
        for first in range(0, len(dirty), pages_at_once):
            pages = dirty[first : first + pages_at_once]
            yield list(self._changed_half_hours(pages, published)), list(self._keep(pages))
        yield list(self._ended_half_hours(published)), []
        self.clocks.terms = {scope_id: self._terms_mark(scope_id) for scope_id in self.scopes}
        clocks = self.clocks.encode()
        if clocks != self._kept_clocks and self.clocks.offset >= 0:
            self._kept_clocks = clocks
            yield [], [(state_key(self.partition, self.topic), clocks)]
        yield [], [(key, None) for key in self.put_away()]

    def _changed_half_hours(
        self, pages: list[Page[Entry]], published: set[tuple[str, int]]
    ) -> Iterator[PublishedHalfHour]:
        for page in pages:
            for half_hour in half_hours_of(self._timezone(page.scope), page.slot):
                name = page.scope, half_hour.start
                if name not in published:
                    published.add(name)
                    yield from self._publish(self.scopes[page.scope], half_hour)

    def _keep(self, pages: list[Page[Entry]]) -> Iterator[State]:
        for page in pages:
            page.dirty = False
            part = page.encode_part()
            if part is None:
                page.kept = True
                yield page_key(self.partition, self.topic, page.scope, page.slot), page.encode()
            else:
                page.parted = True
                yield page_key(self.partition, parts_of(self.topic), page.scope, page.slot), part

    def _ended_half_hours(self, published: set[tuple[str, int]]) -> Iterator[PublishedHalfHour]:
        for scope_id, start in self._ended():
            told = start in self.scopes[scope_id].told
            yield from self._publish_each([(scope_id, start)], published, empty=told)
            self.scopes[scope_id].told.discard(start)

    def _moved_half_hours(self) -> Iterable[tuple[str, int]]:
        """(scope, start) of the half-hours that changed by other half-hours' pages, or as time passed."""
        return ()

    def _publish_each(
        self, half_hours: Iterable[tuple[str, int]], published: set[tuple[str, int]], *, empty: bool = False
    ) -> Iterator[PublishedHalfHour]:
        for name in half_hours:
            if name not in published:
                published.add(name)
                scope_id, start = name
                half_hour = half_hour_at(self._timezone(scope_id), start)
                yield from self._publish(self.scopes[scope_id], half_hour, empty=empty)

    def put_away(self) -> list[bytes]:
        """Drop the pages that are closed and fold those that rest; the keys that are to be forgotten."""
        forgotten: list[bytes] = []
        for clock in self.clocks.sites.values():
            if clock.swept == clock.closed:
                continue
            clock.swept, clock.kept_from = clock.closed, clock.forgotten
            for scope in self.scopes.values():
                if scope.clock is clock:
                    forgotten += self._sweep(scope)
        return forgotten

    def _sweep(self, scope: S) -> Iterator[bytes]:
        resting = scope.clock.at - self._horizons.folded_ms
        closed = [page for slot, page in scope.pages.items() if slot < scope.clock.forgotten]
        needed = self._still_needed(scope, closed) if closed else set()
        for slot, page in list(scope.pages.items()):
            if slot < scope.clock.forgotten and slot not in needed:
                self._drop(scope, page)
                if page.kept:
                    yield page_key(self.partition, self.topic, scope.id, slot)
                if page.parted:
                    yield page_key(self.partition, parts_of(self.topic), scope.id, slot)
            elif page.entries is not None and page.end < resting and not page.open:
                page.fold()

    def _still_needed(self, scope: S, closed: list[Page[Entry]]) -> set[int]:  # noqa: ARG002  # of queues
        """Slots of the closed pages that must not be dropped yet."""
        return set()

    def _drop(self, scope: S, page: Page[Entry]) -> None:
        self.unresolved += page.open
        del scope.pages[page.slot]

    # -- restoring

    def restore(
        self,
        clocks: bytes | None,
        pages: Iterable[tuple[str, int, bytes]],
        parts: Iterable[tuple[str, int, bytes]] = (),
    ) -> None:
        """Take up what was kept: the clocks' value and (scope, slot, value) of each page, and of each part of one."""
        part_of = {(scope_id, slot): value for scope_id, slot, value in parts}
        if clocks is not None:
            self.clocks.restore(clocks)
            self._kept_clocks = clocks
        for scope_id, slot, value in pages:
            scope = self.scopes.get(scope_id)
            if scope is None:
                scope = self._make_scope(scope_id, self.clocks.site(scope_id.partition("/")[0]))
                self.scopes[scope_id] = scope
            part = part_of.get((scope_id, slot))
            whole = value if part is None else merged(value, part)
            page: Page[Entry] = self.page_type.restore(scope_id, slot, whole)
            page.parted = part is not None
            scope.pages[slot] = page
            for half_hour in half_hours_of(self._timezone(scope_id), slot):
                self._await_end(scope, half_hour)
            if self.clocks.terms.get(scope_id) != self._terms_mark(scope_id) and self._is_whole(scope, page):
                self._soil(page)  # described anew while nobody counted

    def relearn(self, site: str | None, scope_id: str | None) -> None:
        """The description of a site or a scope has changed: publish its half-hours again."""
        for scope in self.scopes.values():
            if site == scope.site or scope_id == scope.id:
                for page in scope.pages.values():
                    page.tallies.clear()
                    if self._is_whole(scope, page):
                        self._soil(page)

    def _is_whole(self, scope: S, page: Page[Entry]) -> bool:
        """Whether all pages of its half-hour are there."""
        return page.slot - HALF_HOUR_MS // SLOT_MS >= scope.clock.forgotten

    # -- half-hours

    def _publish(self, scope: S, half_hour: HalfHour, *, empty: bool = False) -> Iterator[PublishedHalfHour]:
        """The half-hour as it is now; `empty`: even if there is nothing to tell, as there may have been before."""
        pages = [scope.pages[slot] for slot in slots_of(half_hour) if slot in scope.pages]
        arrived, open_, counted = self._count(scope, half_hour, pages)
        if not arrived and not empty:
            return  # a page of two half-hours, and this one has nothing to tell
        over = half_hour.end + self._horizons.lateness_ms <= scope.clock.at
        self._await_end(scope, half_hour)
        if not over:
            scope.told.add(half_hour.start)
        view = {
            "id": interval_id(scope.id, half_hour.start),
            "scope": scope.id,
            **half_hour._asdict(),
            "status": "final" if over and not open_ else "provisional",
            "revision": max((page.offset for page in pages), default=-1),
            **counted,
        }
        yield PublishedHalfHour(scope.id, half_hour.date, half_hour.start, _to_json(view))

    @abstractmethod
    def _terms_mark(self, scope_id: str) -> int:
        """A number that changes with the terms by which a scope's half-hours are counted."""

    @abstractmethod
    def _count(self, scope: S, half_hour: HalfHour, pages: list[Page[Entry]]) -> tuple[int, int, dict[str, Any]]:
        """(is there anything to tell, how many have no outcome yet, the part of the JSON that is this kind's own)."""

    def _await_end(self, scope: S, half_hour: HalfHour) -> None:
        """Publish it again when it is over, if that is still to come."""
        over = half_hour.end + self._horizons.lateness_ms
        if scope.clock.at < over and half_hour.start not in scope.unfinished:
            scope.unfinished.add(half_hour.start)
            heappush(scope.clock.ending, (over, scope.id, half_hour.start))

    def _ended(self) -> Iterator[tuple[str, int]]:
        for clock in self.clocks.sites.values():
            while clock.ending and clock.ending[0][0] <= clock.at:
                _, scope_id, start = heappop(clock.ending)
                self.scopes[scope_id].unfinished.discard(start)
                yield scope_id, start

    def _timezone(self, scope_id: str) -> str:
        return self._floor.timezone(scope_id.partition("/")[0])
