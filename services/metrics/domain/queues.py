"""A queue: its pages, and what is derived from them: who waits, who is a ghost, the rolling half-hour, waiting time.

Only pages are kept. The rest is brought up to date when a tile is asked for: events just note which contacts changed.
"""

import math
from collections.abc import Iterable, Iterator

from services.contracts.contacts import ANSWERED, GHOST, SERVED, WAITING, Contact, Key, channel_of, count, ghost_at
from services.contracts.events import Channel
from services.metrics.domain.clocks import SiteClock
from services.metrics.domain.half_hours import HalfHour, half_hour_at, half_hours_of, slots_of
from services.metrics.domain.pages import SLOT_MS, Page
from services.metrics.domain.rolling import NEVER, Rolling, Window
from services.metrics.domain.shard import Scope
from services.metrics.domain.tallies import ContactPage, QueueTerms, tally, total
from services.metrics.domain.waits import WINDOW_MS, Meter

_NOWHERE = HalfHour(0, 0, "", "")
_SERVED = (ANSWERED, SERVED)


class LaneNow:
    """A channel of a queue that takes several: its window at its own target, and who waits."""

    __slots__ = ("waiting", "window")

    def __init__(self, terms: QueueTerms, channel: Channel) -> None:
        """A lane that nobody has taken yet."""
        self.window = Window(terms.lanes[channel].terms)
        self.waiting: dict[Key, int] = {}


class Queue(Scope[Contact]):
    """A queue.

    Attributes:
        touched: contacts that changed since the derived parts were brought up to date, as they were before.
        scheduled: when its site's clock will ask for its tile again, or None.
        told_at: when its tile was last told, real seconds of the caller's clock.
        shown: what its last tile showed.
        waiting: who waits, and when they came.
        ghosts: who is a ghost, and since when.
        lanes: by channel, where some channel has terms of its own.
        here: the half-hour that the site's clock is in.
        moved: starts of the half-hours that are to be published because of contacts that came before them.
        haunted: pages on which somebody became a ghost as time passed.
        restored: taken up from another worker, and nothing published since: that one may have published half-hours of
            which nothing was kept.
    """

    __slots__ = (
        "_ghost_due", "_longest_ms", "_moved_since", "_running", "_timezone", "_waited", "ghosts", "haunted", "here",
        "lanes", "meter", "moved", "restored", "rolling", "scheduled", "shown", "terms", "told_at", "touched",
        "waiting",
    )  # fmt: skip

    def __init__(self, scope_id: str, clock: SiteClock, terms: QueueTerms, timezone: str) -> None:
        """A queue that nobody has called yet."""
        super().__init__(scope_id, clock)
        self.touched: dict[Key, Contact | None] = {}
        self.moved: set[int] = set()
        self._moved_since = NEVER  # everything from there on is to be published
        self._longest_ms = SLOT_MS  # from the start of any page to the end of its waits
        self.haunted: list[Page[Contact]] = []
        self.restored = False
        self.scheduled: int | None = None
        self.told_at = -math.inf
        self.shown: object = None
        self._start_anew(terms, timezone)

    def _start_anew(self, terms: QueueTerms, timezone: str) -> None:
        self.terms = terms
        self._timezone = timezone
        self.waiting: dict[Key, int] = {}
        self.ghosts: dict[Key, int] = {}
        self.lanes: dict[Channel, LaneNow] = {channel: LaneNow(terms, channel) for channel in terms.split}
        self.rolling = Rolling(terms.thresholds_s, terms.short_ms, terms.objective_ms)
        self.meter = Meter()
        self.here = _NOWHERE
        self._ghost_due = NEVER
        self._running: list[int] | None = (
            None  # counters of `here` at the target, where no channel has terms of its own
        )
        self._waited: dict[int, int] = {}  # start of a half-hour → time spent in it by those who wait no more

    @property
    def due(self) -> int | None:
        """When its tile may change without any event, or None. May be too early, never too late."""
        dues = [self._ghost_due, self.rolling.due, self.meter.still, self.here.end if self.pages else None]
        dues += [lane.window.due for lane in self.lanes.values()]
        due = min(due for due in dues if due is not None)
        return due if due < NEVER else None

    def at_target(self, totals: dict[int, tuple[int, ...]]) -> list[int]:
        """The rolling half-hour, each contact at its own target."""
        if self.terms.split:
            return total(lane.window.totals for lane in self.lanes.values())
        return list(totals[self.terms.target_s])

    def within_target(self, came_after: int = -1) -> int:
        """Of those who wait (and came after a moment), how many still wait less than their target T."""
        now = self.clock.at
        if not self.lanes:
            return _younger(self.waiting, max(now - self.terms.target_s * 1000, came_after))
        return sum(
            _younger(lane.waiting, max(now - self.terms.lanes[channel].terms.threshold_ms, came_after))
            for channel, lane in self.lanes.items()
        )

    def running(self) -> list[int]:
        """The clock half-hour so far, each contact at its own target."""
        if self._running is None or self.terms.split:
            pages = [self.pages[slot] for slot in slots_of(self.here) if slot in self.pages]
            self._running = tally(pages, self.here, self.terms, (self.terms.target_s,)).at_target(self.terms)
        return list(self._running)

    # -- bringing it up to date

    def catch_up(self) -> None:
        """Bring the derived parts up to the site's clock and the touched contacts."""
        now = self.clock.at
        if now >= self.here.end:
            self._turn_the_page(now)
        self.meter.move(now)
        changed: list[tuple[Key, Contact]] = []
        if self.touched:
            touched, self.touched = self.touched, {}
            changed = self._take(touched)
        if now >= self._ghost_due:
            changed += self._haunt(now)
        if self._moved_since < NEVER:
            self._move(self._moved_since, now)
            self._moved_since = NEVER
        self.rolling.move(now, changed)
        if self.terms.split:
            self._move_lanes(now, changed)

    def _turn_the_page(self, now: int) -> None:
        """A half-hour is over: from now on those who wait count in it, too."""
        before, self.here = self.here, self._half_hour(now)
        self._running = None
        if self.waiting:
            self._move(max(before.start, min(self.waiting.values())), self.here.start)

    def _take(self, touched: dict[Key, Contact | None]) -> list[tuple[Key, Contact]]:  # noqa: C901, PLR0912, PLR0915  # speed
        """What became of contacts and of their waits; `touched` has what they were when we last looked.

        Nearly all of them came and were answered within one half-hour, the running one or, while we catch up, one
        before it that nobody has looked at since: they are seen to here, for speed.
        """
        start, end = self.here.start, self.here.end
        pages, waiting, ghosts, split = self.pages, self.waiting, self.ghosts, self.terms.split
        changed: list[tuple[Key, Contact]] = []
        points: list[int] = []
        old: list[Contact] = []
        new: list[Contact] = []
        waited = {start: 0}
        ends: dict[int, tuple[int, int]] = {}  # slot → half-hour
        for key, before in touched.items():
            page = pages[key[1] // SLOT_MS]
            contact = page.unfolded()[key]
            came = key[1]
            outcome, wait_ms = contact[0], contact[1]
            until = came + wait_ms
            if until > page.until and outcome != WAITING:
                self._wait_until(page, until)
            home: int | None = None  # the half-hour that has all of its wait
            if outcome == WAITING or split or key in ghosts:
                pass
            elif came >= start:
                if until <= end:
                    home = start
            elif not self.restored and (before is None or (before[0] != WAITING and before[1] == wait_ms)):
                begins, over = ends.get(page.slot) or ends.setdefault(page.slot, self._half_hour(came)[:2])
                if begins <= came and until <= over:
                    home = begins
            if home is None:
                counted, formerly = self._take_any(page, key, before, points)
            else:
                counted, formerly = contact, before
                if before is None or before[0] == WAITING or before[1] != wait_ms:
                    more = wait_ms
                    if before is None:
                        points.append(came * 2 + 1)
                    elif before[0] == WAITING:
                        del waiting[key]
                    else:
                        more -= before[1]
                        points.append((came + before[1]) * 2 + 1)
                    points.append(until * 2)
                    waited[home] = waited.get(home, 0) + more
            changed.append((key, counted))
            if start <= came < end:
                new.append(counted)
                if formerly is not None:
                    old.append(formerly)
        for half_hour, more in waited.items():
            if half_hour in self._waited:
                self._waited[half_hour] += more
        if self._running is not None:
            terms = self.terms.at(self.terms.target_s)
            count(self._running, old, terms, -1)
            count(self._running, new, terms, 1)
        self.meter.mark(points)
        return changed

    def _take_any(
        self, page: Page[Contact], key: Key, before: Contact | None, points: list[int]
    ) -> tuple[Contact, Contact | None]:
        """One contact of any kind: as it counts now, and as it counted."""
        contact, came, now = page.unfolded()[key], key[1], self.clock.at
        was_ghost, is_ghost = self.ghosts.get(key), None
        until: int | None = came + contact[1]  # when its wait ended; None: it waits
        if contact[0] == WAITING:
            ghost = self._ghost_at(key, contact)
            until = is_ghost = ghost if ghost <= now else None
            self._ghost_due = self._ghost_due if is_ghost else min(self._ghost_due, ghost)
        if was_ghost is not None or is_ghost is not None:
            self._set_ghost(page, key, is_ghost)
        ended = came if before is None else was_ghost if before[0] == WAITING else came + before[1]
        if before is None:
            points += (came * 2 + 1, came * 2)  # as if it had come and gone
        if ended != until:
            if ended is not None:
                points.append(ended * 2 + 1)
            if until is not None:
                points.append(until * 2)
        if ended != until or before is None:
            self._tell_wait(came, ended, until)
        if until is None:
            self.waiting[key] = came
        else:
            self.waiting.pop(key, None)
        formerly = before if before is None or was_ghost is None else _settled(before, key, was_ghost)
        return _settled(contact, key, is_ghost), formerly

    def _ghost_at(self, key: Key, contact: Contact) -> int:
        about = contact[7]
        return ghost_at(key, contact, self.terms.lane(about).ghost_after_ms if about else self.terms.voice_ghost_ms)

    def _haunt(self, now: int) -> list[tuple[Key, Contact]]:
        """Those of whom nobody has heard for too long wait no more."""
        gone = []
        self._ghost_due = NEVER
        for key in self.waiting:
            page = self.pages[key[1] // SLOT_MS]
            contact = page.unfolded()[key]
            ghost = self._ghost_at(key, contact)
            if ghost > now:
                self._ghost_due = min(self._ghost_due, ghost)
                continue
            self._set_ghost(page, key, ghost)
            self._tell_wait(key[1], None, ghost)
            self.haunted.append(page)
            gone.append((key, _settled(contact, key, ghost)))
        for key, _ in gone:
            del self.waiting[key]
        self.meter.mark([self.ghosts[key] * 2 for key, _ in gone])
        self._running = None
        return gone

    def _set_ghost(self, page: Page[Contact], key: Key, since: int | None) -> None:
        assert isinstance(page, ContactPage)
        page.haunt(key, since)
        if since is None:
            self.ghosts.pop(key, None)
        else:
            self.ghosts[key] = since
            self._wait_until(page, since)

    def _wait_until(self, page: Page[Contact], until: int) -> None:
        page.until = max(page.until, until)
        self._longest_ms = max(self._longest_ms, page.until - page.start)

    def _move_lanes(self, now: int, changed: list[tuple[Key, Contact]]) -> None:
        """Each contact in its own lane; one whose offer came after its answer may have been in another."""
        by_lane: dict[str, list[tuple[Key, Contact]]] = {}
        for item in changed:
            by_lane.setdefault(channel_of(item[1][7]), []).append(item)
        for channel in by_lane.keys() - self.lanes.keys():
            self.lanes[channel] = LaneNow(self.terms, channel)  # type: ignore[index, arg-type]  # it is a channel
        for channel, lane in self.lanes.items():
            mine, known = by_lane.get(channel, []), lane.window.known
            others = [key for other, items in by_lane.items() if other != channel for key, _ in items if key in known]
            lane.window.move(now, mine, others)
            for key, contact in changed:
                if contact[0] == WAITING and channel_of(contact[7]) == channel:
                    lane.waiting[key] = key[1]
                else:
                    lane.waiting.pop(key, None)

    # -- waiting time by half-hours

    def waited(self, half_hour: HalfHour) -> int:
        """Time spent waiting in a half-hour, whenever the contacts came. Who still waits counts once it is over."""
        known = self._waited.get(half_hour.start)
        if known is None:
            known = self._waited[half_hour.start] = sum(
                _overlap(came, until, half_hour) for came, until in self._waits_since(half_hour)
            )
        if self.clock.at < half_hour.end:
            return known
        return known + self.still_waited(half_hour, half_hour.end)

    def still_waited(self, half_hour: HalfHour, until: int) -> int:
        """Time that those who wait have waited in a half-hour up to a moment of it."""
        return sum(until - max(came, half_hour.start) for came in self.waiting.values() if came < until)

    def running_waited(self) -> int:
        """Time spent waiting in the running half-hour, up to now."""
        return self.waited(self.here) + self.still_waited(self.here, self.clock.at)

    def _waits_since(self, half_hour: HalfHour) -> Iterator[tuple[int, int]]:
        """(when it came, when its wait ended) of those who wait no more and may have waited in the half-hour."""
        for page in self._pages_between(half_hour.start - self._longest_ms, half_hour.end):
            if page.start < half_hour.end and page.until > half_hour.start:
                for key, contact in page.peek().items():
                    until = key[1] + contact[1] if contact[0] != WAITING else self.ghosts.get(key)
                    if until is not None:
                        yield key[1], until

    def _pages_between(self, low: int, high: int) -> Iterable[Page[Contact]]:
        """Pages of two moments and what lies between: while we catch up there may be those of months."""
        slots = range(low // SLOT_MS, high // SLOT_MS + 1)
        if len(slots) > len(self.pages):
            return self.pages.values()
        return (self.pages[slot] for slot in slots if slot in self.pages)

    def _tell_wait(self, came: int, old: int | None, new: int | None) -> None:
        """A wait that had ended at `old` has ended at `new`; None: it goes on, `came`: nobody knew of it."""
        if old is not None and old > came:
            self._spread(came, old, -1)
        if new is not None:
            self._spread(came, new, 1)
        start = self.here.start
        if came < start:  # else it is all in the half-hour of its own page
            old, new = start if old is None else old, start if new is None else new
            if self.restored:
                self._moved_since = min(self._moved_since, old, new)
            else:
                self._move(min(old, new), max(old, new))

    def tell_waits(self) -> None:
        """Let the half-hours be published again into which somebody waited who had come before them."""
        for page in self.pages.values():
            end = self._half_hour(page.start).end
            for key, contact in page.peek().items():
                until = key[1] + contact[1] if contact[0] != WAITING else self.ghosts.get(key, self.clock.at)
                if until > end:
                    self._move(end, until)

    def _spread(self, came: int, until: int, sign: int) -> None:
        """Add a wait to the half-hours that it lies in, where they are known."""
        here = self.here
        if came >= here.start and until <= here.end:
            if here.start in self._waited:
                self._waited[here.start] += sign * (until - came)
            return
        half_hour = self._half_hour(came)
        while half_hour.start < until:
            if half_hour.start in self._waited:
                self._waited[half_hour.start] += sign * _overlap(came, until, half_hour)
            half_hour = half_hour_at(self._timezone, half_hour.end)

    def _move(self, low: int, high: int) -> None:
        """Somebody waits longer or shorter between two moments: these half-hours are to be published."""
        half_hour = self._half_hour(max(low, self.clock.kept_from * SLOT_MS, 0))
        while half_hour.start < high:
            if half_hour.start // SLOT_MS >= self.clock.kept_from:
                self.moved.add(half_hour.start)
            half_hour = half_hour_at(self._timezone, half_hour.end)

    def _half_hour(self, moment: int) -> HalfHour:
        first, *more = half_hours_of(self._timezone, moment // SLOT_MS)
        return more[0] if more and moment >= first.end else first

    # -- pages that come and go

    def lives(self, key: Key, contact: Contact) -> bool:
        """Whether something is still to come: it waits and is no ghost, or it was answered not too long ago."""
        over = contact[2] >= 0 if contact[0] in _SERVED else contact[0] != WAITING
        return not over and ghost_at(key, contact, self.terms.lane(contact[7]).ghost_after_ms) > self.clock.at

    def forget(self, slot: int) -> None:
        """Drop a page that is closed for ever; who is a ghost on it is none any more."""
        page = self.pages.pop(slot)
        assert isinstance(page, ContactPage)
        for key in page.ghosts:
            del self.ghosts[key]

    def forget_waits(self, before: int) -> None:
        """Half-hours that began before a moment are counted from the pages if they are asked for again."""
        if self._waited and min(self._waited) < before:
            self._waited = {start: waited for start, waited in self._waited.items() if start >= before}

    def adopt(self, terms: QueueTerms, timezone: str) -> None:
        """Count by other terms from now on, the last half-hour included."""
        self.catch_up()
        self._start_anew(terms, timezone)
        self.rebuild()

    def rebuild(self) -> None:
        """Derive everything from the pages, after they were restored."""
        now = self.clock.at
        if now >= 0:
            self.here = self._half_hour(now)
        self.meter.move(now)
        recent = now - WINDOW_MS - self.terms.longest_ms
        for page in sorted(self.pages.values(), key=lambda page: page.slot):
            assert isinstance(page, ContactPage)
            page.ghosts.clear()
            self._longest_ms = max(self._longest_ms, page.until - page.start)
            if page.end >= recent or page.open or page.dirty or page.until > now - WINDOW_MS:
                self._derive(page, now)

    def _derive(self, page: ContactPage, now: int) -> None:
        contacts, points = [], []
        for key, contact in page.unfolded().items():
            points.append(key[1] * 2 + 1)
            until: int | None = key[1] + contact[1]
            if contact[0] == WAITING:
                until = self._ghost_at(key, contact)
                if until > now:
                    self._ghost_due = min(self._ghost_due, until)
                    self.waiting[key] = key[1]
                    until = None
                else:
                    page.ghosts[key] = self.ghosts[key] = until
                    self._wait_until(page, until)
            if until is not None:
                points.append(until * 2)
            contacts.append((key, _settled(contact, key, self.ghosts.get(key))))
        self.meter.mark(points)
        self.rolling.move(now, contacts)
        if self.terms.split:
            self._move_lanes(now, contacts)


def _settled(contact: Contact, key: Key, ghost: int | None) -> Contact:
    """The contact as it counts; `ghost`: since when it is one."""
    return contact if ghost is None else (GHOST, ghost - key[1], *contact[2:])


def _overlap(came: int, until: int, half_hour: HalfHour) -> int:
    return max(min(until, half_hour.end) - max(came, half_hour.start), 0)


def _younger(waiting: dict[Key, int], moment: int) -> int:
    return sum(map(moment.__lt__, waiting.values()))
