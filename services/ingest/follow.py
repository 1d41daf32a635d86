"""Following a queue_log as it grows: live, patient, and going on after a crash where Kafka had it."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.contracts.events import AnyEvent
from services.contracts.topology import Site
from services.ingest.domain.packing import count_kinds
from services.ingest.domain.skew import Skew
from services.ingest.outlet import Outlet
from services.ingest.progress import Standing
from services.ingest.replay import Tell
from services.ingest.settings import IngestSettings
from services.ingest.sources.asterisk import Reader
from services.ingest.sources.discovery import Discovery
from services.ingest.sources.followed_file import FollowedFile, Mark
from services.runtime.logs import get_logger

POLL_EVERY_S = 0.2


@dataclass(slots=True)
class Follow:
    """Follows one file for ever.

    Args:
        path: the file, there or not yet.
        site: whose log it is.
        reader: takes its lines.
        outlet: where events go.
        settings: how often heartbeats go out.
        tell: told how far it is.
        standing: what is told.
    """

    path: Path
    site: Site
    reader: Reader
    outlet: Outlet
    settings: IngestSettings
    tell: Tell
    standing: Standing = field(default_factory=Standing)
    skew: Skew = field(default_factory=Skew)

    async def run(self) -> None:
        """Follow until cancelled."""
        await self.outlet.topology([self.site], only_missing=True)
        discovery = Discovery(self.outlet)
        file = await self._resumed()
        beat_at, missed, live = 0.0, False, False
        while True:
            lines = file.read()
            made: list[AnyEvent] = []
            for line in lines:
                made += self.reader.line(line.text, file=str(self.path), number=line.number)
            if lines:
                await discovery.describe(made)
                await self.outlet.reject(self._counted())
                await self.outlet.send(made, position=self._position(file))
                self._count(made)
                if live:  # it had been read to its end: these lines are new
                    self._measure(made)
            live = not lines
            if not file.there and not missed:
                get_logger().info("the file is not there yet, waiting for it", file=str(self.path))
            missed = not file.there
            if time.monotonic() - beat_at >= self.settings.ingest_heartbeat_s and file.there:
                beat_at = time.monotonic()
                await self._beat(caught_up=not lines)
            self.tell("follow", self.standing)
            if not lines:
                await asyncio.sleep(POLL_EVERY_S)

    async def _resumed(self) -> FollowedFile:
        position = await self.outlet.load_position()
        if position is None or position.get("path") != str(self.path.absolute()):
            return FollowedFile(self.path)
        self.reader.tracker.restore(position["tracker"])
        self.standing.feed_clock = position["clock"]
        return FollowedFile(self.path, Mark(**position["mark"]))

    def _position(self, file: FollowedFile) -> dict[str, Any]:
        mark = file.mark()
        assert mark is not None
        return {
            "path": str(self.path.absolute()),
            "mark": mark.as_json(),
            "tracker": self.reader.tracker.snapshot(),
            "clock": self.standing.feed_clock,
        }

    async def _beat(self, *, caught_up: bool) -> None:
        """Live, the wall clock: what is not in the log has not happened. Behind, the newest event's."""
        clock = round(time.time() * 1000) if caught_up else self.standing.feed_clock
        if clock is not None:
            await self.outlet.heartbeat(self.site.id, clock, 1.0, ahead_ms=self.skew.ahead_ms)

    def _measure(self, made: list[AnyEvent]) -> None:
        newest = max((event.at for event in made), default=None)
        if newest is not None:
            self.skew.heard(newest, round(time.time() * 1000), time.monotonic())

    def _counted(self) -> list[Any]:
        self.standing.rejected += len(self.reader.rejects.letters)
        return self.reader.taken_aside()

    def _count(self, made: list[AnyEvent]) -> None:
        self.standing.events.update(count_kinds(made))
        self.standing.rows, self.standing.kept_aside = self.reader.rows, self.reader.names
        newest = max((event.at for event in made), default=0)
        self.standing.feed_clock = max(self.standing.feed_clock or 0, newest) or None
