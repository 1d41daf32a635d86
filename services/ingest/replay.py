"""Replaying what is recorded: in time order, at a chosen speed, going on after a crash where Kafka had it."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.contracts.events import AnyEvent
from services.contracts.letters import DeadLetter
from services.contracts.topology import Description
from services.ingest.domain.packing import KIND_NAMES, count_kinds
from services.ingest.outlet import Outlet
from services.ingest.progress import Phase, Standing
from services.ingest.settings import IngestSettings
from services.ingest.sources.rejects import Rejects

CHUNK = 1_000
OTHERS_KEPT = 30
Tell = Callable[[Phase, Standing], None]


@dataclass(frozen=True, slots=True)
class Recording:
    """What is to be replayed, whole and in order.

    Attributes:
        site: whose floor it is.
        coming: (when it comes, event) in that order; epoch ms of the feed's clock.
        topology: what is known of the site; published first.
        discovered: queues that nobody has described; published unless somebody has by then.
        rows: how many rows it was read from.
        fingerprint: changes whenever `coming` would; a position counts only for the same recording.
        aside: letters about what was read but not understood.
        begins_ms: where the feed's clock starts, if not at the first event.
    """

    site: str
    coming: list[tuple[int, AnyEvent]]
    topology: Sequence[Description]
    discovered: Sequence[Description]
    rows: int
    fingerprint: str
    aside: Sequence[DeadLetter] = ()
    begins_ms: int | None = None


@dataclass(slots=True)
class Replay:
    """One replay of one recording.

    Args:
        recording: what is replayed.
        outlet: where it goes.
        rejects: the rows that could not be read.
        settings: how often heartbeats go out.
        speed: feed seconds per real second; 0 for as fast as Kafka takes it.
        tell: told how far it is.
        standing: what is told.
        again: from the beginning, even if an earlier run came further.
        row_kind: kind of the events of which each row has one, for counting rows; None: there is none.
    """

    recording: Recording
    outlet: Outlet
    rejects: Rejects
    settings: IngestSettings
    speed: float
    tell: Tell
    standing: Standing = field(default_factory=Standing)
    again: bool = False
    row_kind: str | None = "ivr_entered"

    _next: int = 0
    _clock: int = 0
    _newest: int = 0
    _beat_at: float = 0.0
    _others: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> None:
        """Send all of it; returns when Kafka has it."""
        await self._prepare()
        coming = self.recording.coming
        origin, started = self._clock, time.monotonic()
        while self._next < len(coming):
            if self.speed:
                self._clock = max(self._clock, origin + int((time.monotonic() - started) * 1000 * self.speed))
            await self._send_due()
            await self._beat()
            self.tell("send", self.standing)
            if self.speed and self._next < len(coming):
                await asyncio.sleep(self._pause_s(coming[self._next][0]))
        await self._beat(now=True)
        await self.outlet.save_position(self._position())
        self.standing.rows = self.recording.rows

    async def _prepare(self) -> None:
        recording, standing = self.recording, self.standing
        await self.outlet.topology(recording.topology)
        if recording.discovered:
            await self.outlet.topology(recording.discovered, only_missing=True)
        self._clock = self._newest = self._first_clock()
        self._others = dict((await self.outlet.load_position() or {}).get("recordings", {}))
        reached = self._others.pop(recording.fingerprint, None)
        if reached is not None and not self.again:
            self._next = min(int(reached["next"]), len(recording.coming))
            self._clock, self._newest = max(self._clock, int(reached["clock"])), int(reached["newest"])
            standing.skipped_events = self._next
        await self.outlet.reject([*self.rejects.letters, *recording.aside])
        standing.rows = self._rows_begun(event for _, event in recording.coming[: self._next])
        standing.total_rows, standing.total_events = recording.rows, len(recording.coming)
        standing.rejected = len(self.rejects.letters)
        standing.feed_clock = self._clock

    def _first_clock(self) -> int:
        if self.recording.begins_ms is not None:
            return self.recording.begins_ms
        return self.recording.coming[0][0] if self.recording.coming else 0

    async def _send_due(self) -> None:
        coming, begin, end = self.recording.coming, self._next, self._next
        while end < len(coming) and end - begin < CHUNK and (not self.speed or coming[end][0] <= self._clock):
            end += 1
        if end == begin:
            return
        events = [event for _, event in coming[begin:end]]
        self._next = end
        self._newest = max(self._newest, *(event.at for event in events))
        if not self.speed:
            self._clock = self._newest
        self.standing.events.update(count_kinds(events))
        self.standing.rows = min(self.standing.rows + self._rows_begun(events), self.recording.rows)
        self.standing.feed_clock = self._clock
        await self.outlet.send(events, position=self._position())

    async def _beat(self, *, now: bool = False) -> None:
        """The feed's clock, after the events that it covers: paced, its own; at `max`, the newest event's.

        It never passes what is still to be sent, also when the replay can't keep its pace.
        """
        if not now and time.monotonic() - self._beat_at < self.settings.ingest_heartbeat_s:
            return
        coming = self.recording.coming
        covered = self._clock if self._next == len(coming) else min(self._clock, coming[self._next][0] - 1)
        self._beat_at = time.monotonic()
        self.standing.feed_clock = self._clock
        await self.outlet.heartbeat(self.recording.site, covered, self.speed)

    def _pause_s(self, next_at: int) -> float:
        until_event = (next_at - self._clock) / 1000 / self.speed
        until_beat = self._beat_at + self.settings.ingest_heartbeat_s - time.monotonic()
        return max(0.0, min(until_event, until_beat))

    def _position(self) -> dict[str, Any]:
        """How far this recording has come, beside the last others of this feed, which are not to be sent again."""
        mine = {"next": self._next, "clock": self._clock, "newest": self._newest, "total": len(self.recording.coming)}
        kept = dict(list(self._others.items())[-OTHERS_KEPT:])
        return {"recordings": {**kept, self.recording.fingerprint: mine}}

    def _rows_begun(self, events: Iterable[AnyEvent]) -> int:
        """How many rows these events begin; repeats may count some twice."""
        if self.row_kind is None:
            return self.recording.rows
        return sum(KIND_NAMES[type(event)] == self.row_kind for event in events)


def parse_speed(text: str) -> float:
    """`max` → 0, `60` or `60x` → 60.0.

    Raises:
        ValueError: neither.
    """
    if text == "max":
        return 0.0
    speed = float(text.lower().removesuffix("x").removesuffix("×"))
    if not 0 < speed <= 100_000:
        raise ValueError(text)
    return speed


def parse_local(text: str) -> datetime:
    """A site-local day, or day and time; the site's zone is added later.

    Raises:
        ValueError: it is neither.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError("the time is the site's own; leave the offset away")
    return moment
