"""The hub: one reader of Redis keeps the board, one writer brings what changed to all sockets."""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

import redis.asyncio

from services.api.domain.access import Sight
from services.api.domain.answers import FeedPartition
from services.api.domain.audience import Audience, Seat, Wire
from services.api.domain.board import Board
from services.api.domain.days import weeks_before
from services.api.domain.feeds import FreshnessLimits
from services.api.domain.sums import WEEKS
from services.api.feed import Announcement, Changes, Connected, Lost
from services.api.settings import ApiSettings
from services.api.store import Store
from services.api.wire import text_frame
from services.contracts.desk import Outcome
from services.contracts.metrics import Interval
from services.contracts.socket import FeedView, Resume
from services.runtime.logs import get_logger

TICK_S = 0.25
"""Freshness is looked at this often when nothing is announced."""
DAYS_AT_ONCE = 100
EARLIER_EVERY_S = 2.0
"""Queues come into a new half-hour one after the other: what earlier weeks were like is asked for together."""
SHARE_OF_CORE = 0.5
"""The writer pauses so long after each round that it takes no more than this share: with many sockets or changes the
rounds come less often and carry more, instead of starving the reader and the REST answers."""
_AWAY = (redis.asyncio.RedisError, OSError, TimeoutError)


class Hub:
    """Board and audience of this process, and the two tasks that keep them."""

    def __init__(
        self, settings: ApiSettings, store: Store, changes: Changes, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.server = secrets.token_hex(4)
        self.board = Board(FreshnessLimits(settings.stale_after_s, settings.no_feed_after_s))
        self.audience = Audience(
            self.board.ledger, server=self.server, frame=text_frame, patience_s=settings.slow_socket_s
        )
        self.connected = False
        self.filled = False
        self.announced = 0
        self.on_outcome: Callable[[Outcome], None] = lambda _: None
        """Told of every command that the desk has answered."""
        self.accounts_known: Callable[[], bool] = lambda: True
        """Whether people can sign in, where they have to."""
        self._settings = settings
        self._store = store
        self._changes = changes
        self._clock = clock
        self._changed = asyncio.Event()
        self._first = asyncio.Event()
        self._in_step = False  # with storage, since the last time that announcements may have been missed
        self._complete = False
        self._checked_at = self._compared_at = float("-inf")

    @property
    def unready(self) -> dict[str, str]:
        """Name of what fails → why nobody should be sent here yet; empty when ready."""
        reasons = {}
        if not self.connected:
            reasons["redis"] = "Redis can't be reached"
        if not self.filled:
            reasons["snapshot"] = "the first snapshot has not been read yet"
        if not self.accounts_known():
            reasons["accounts"] = "accounts have not been read from Kafka yet"
        return reasons

    async def first_filling(self) -> None:
        """Wait until there is something to show."""
        await self._first.wait()

    def feeds(self) -> tuple[FeedView, ...]:
        """Feeds with their age at this moment."""
        return self.board.feeds(self._clock())

    def feed_partitions(self) -> tuple[FeedPartition, ...]:
        """The same, partition by partition."""
        listed = []
        for clock, freshness, age_s in self.board.partitions(self._clock()):
            topic, partition = clock.id.rsplit("|", 2)[1:]
            listed.append(
                FeedPartition(
                    source=clock.source,
                    site=clock.site,
                    topic=topic,
                    partition=int(partition),
                    at=clock.at,
                    freshness=freshness,
                    age_s=age_s,
                )
            )
        return tuple(sorted(listed, key=lambda each: (each.source, each.site, each.topic, each.partition)))

    def watch(self, wire: Wire, sight: Sight, resume: Resume | None) -> Seat:
        """Answer a socket's subscription and keep it up to date until `leave`."""
        return self.audience.join(wire, sight, resume, self._clock())

    def leave(self, seat: Seat) -> None:
        """The socket is gone, or subscribes anew."""
        self.audience.leave(seat)

    def has_room(self, seat: Seat) -> None:
        """A socket that was full takes messages again."""
        self.audience.catch_up(seat, self._clock())

    async def read(self) -> None:
        """Keep the board in step with Redis. Runs for ever."""
        async for event in self._changes.follow():
            match event:
                case Connected():
                    self._in_step = False
                case Lost():
                    self._lost(event.reason)
                    continue
                case Announcement():
                    self._announce(event)
            try:
                await self._keep_in_step()
            except _AWAY as error:
                self._lost(str(error))

    async def write(self) -> None:
        """Bring what changed to the sockets: at once when it was quiet, every `flush_ms` or less often when busy."""
        shortest_s = self._settings.flush_ms / 1000
        while True:
            with suppress(TimeoutError):  # freshness moves without announcements
                await asyncio.wait_for(self._changed.wait(), TICK_S)
            self._changed.clear()
            begun = self._clock()
            if self.filled:
                self.board.settle(begun)
                self.audience.broadcast(begun)
            took_s = self._clock() - begun
            await asyncio.sleep(max(shortest_s, took_s * (1 / SHARE_OF_CORE - 1)))

    def _announce(self, event: Announcement) -> None:
        now = self._clock()
        outcomes = []
        for item in event.items:
            if isinstance(item, Outcome):
                outcomes.append(item)
            else:
                self.board.take(item, now)
        for outcome in outcomes:  # whoever hears of one finds the board as it says
            self.on_outcome(outcome)
        if event.items:
            self.announced += len(event.items)
            self._changed.set()

    def _lost(self, reason: str) -> None:
        if self.connected or not self.filled:
            get_logger().warning("Redis is away, trying again", reason=reason)
        self.connected = self._in_step = False

    async def _keep_in_step(self) -> None:
        if not self._in_step:
            await self._read_all()
        elif self.board.met_strangers or self._clock() - self._checked_at >= self._settings.check_every_s:
            self._checked_at = self._clock()
            stored = await self._store.read_slow()
            self.board.read_slow(stored)
            # The marks were gone and are back: Redis was emptied and refilled, compare with all that it has.
            refilled, self._complete = stored.metrics_complete and not self._complete, stored.metrics_complete
            if refilled:
                await self._read_all()
            self._changed.set()
        await self._read_days()
        if self._clock() - self._compared_at >= EARLIER_EVERY_S:
            await self._read_earlier()

    async def _read_all(self) -> None:
        stored = await self._store.read()
        self.board.read(stored, self._clock())
        self._complete = stored.metrics_complete
        self._checked_at = self._clock()
        self.board.settle(self._clock())
        await self._read_days()
        if not self.connected:
            get_logger().info("in step with Redis", tiles=len(stored.tiles), complete=stored.metrics_complete)
        self.connected = self.filled = self._in_step = True
        self._first.set()
        self._changed.set()

    async def _read_days(self) -> None:
        missing = self.board.missing_days()
        for first in range(0, len(missing), DAYS_AT_ONCE):
            wanted = missing[first : first + DAYS_AT_ONCE]
            for (queue, date), day in zip(wanted, await self._store.days(wanted), strict=True):
                self.board.read_day(queue, date, (half for half in day if isinstance(half, Interval)))
            self._changed.set()

    async def _read_earlier(self) -> None:
        self._compared_at = self._clock()
        missing = self.board.missing_earlier()
        for first in range(0, len(missing), DAYS_AT_ONCE):
            wanted = missing[first : first + DAYS_AT_ONCE]
            halves = [(queue, weeks_before(start, timezone, WEEKS)) for queue, start, timezone in wanted]
            found = await self._store.offered_earlier(halves)
            for (queue, start, _), weeks in zip(wanted, found, strict=True):
                self.board.read_earlier(queue, start, weeks)
            self._changed.set()
