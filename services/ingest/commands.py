"""What the subcommands do: build the parts, run them to their end, tell the result."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from services.ingest import process
from services.ingest.asterisk_replay import asterisk_site, record_asterisk
from services.ingest.bank_replay import record_bank
from services.ingest.domain.disorder import Disorder
from services.ingest.domain.pseudonym import pseudonyms
from services.ingest.domain.queue_log import Tracker
from services.ingest.follow import Follow
from services.ingest.keys import pseudonym_key
from services.ingest.outlet import Outlet
from services.ingest.progress import Phase, Standing, Style, Teller, teller
from services.ingest.replay import Recording, Replay
from services.ingest.settings import IngestSettings
from services.ingest.sources.asterisk import Reader
from services.ingest.sources.bank_files import Span
from services.ingest.sources.files import SHIPPED_JANUARY, shipped
from services.ingest.sources.rejects import Rejects
from services.runtime.ending import UNAVAILABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """What all replays are told.

    Attributes:
        files: what is replayed.
        speed: feed seconds per real second; 0 for as fast as Kafka takes it.
        feed: id of the feed.
        site: id of the site.
        progress: how it is told.
        again: from the beginning, whatever an earlier run has sent.
        rejected_out: file for the rejected rows.
    """

    files: tuple[Path, ...]
    speed: float
    feed: str
    site: str
    progress: Style
    again: bool
    rejected_out: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankOptions(ReplayOptions):
    """A replay of bank files."""

    span: Span
    disorder: Disorder


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskOptions(ReplayOptions):
    """A replay of queue logs. `export`: database exports; None: told by each file's first line."""

    timezone: str
    export: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowOptions:
    """Following a queue log."""

    file: Path
    feed: str
    site: str
    timezone: str
    progress: Style


def serve() -> int:
    """Serve HTTP until stopped; the exit code."""
    from services.ingest import app  # noqa: PLC0415  # other commands need no web framework, a third of their start

    settings = process.prepared("ingest")
    problem: app.PortTakenError | None = None

    async def work() -> None:
        nonlocal problem
        try:
            await app.serve(settings)
        except app.PortTakenError as taken:
            problem = taken

    code = process.run(settings, work)
    if problem is not None:
        print(problem, file=sys.stderr)  # noqa: T201  # this is the command's answer
        return UNAVAILABLE
    return 0 if code == process.STOPPED else code  # being stopped is how a server ends


def replay_bank(options: BankOptions) -> int:
    """Replay bank files; the exit code."""
    settings = process.prepared("ingest")
    rejects = Rejects(options.feed)
    standing = Standing()
    told = teller(options.progress)

    def on_progress(rows: int) -> None:
        standing.rows, standing.rejected = rows, len(rejects.letters)
        told.tell("read", standing)

    def read() -> Recording:
        return record_bank(
            options.files or (shipped(SHIPPED_JANUARY),), feed=options.feed, site=options.site, span=options.span,
            disorder=options.disorder, pseudonym=pseudonyms(pseudonym_key(settings)), rejects=rejects,
            on_progress=on_progress,
        )  # fmt: skip

    return _replay(settings, options, read, rejects=rejects, standing=standing, told=told)


def replay_asterisk(options: AsteriskOptions) -> int:
    """Replay queue logs; the exit code."""
    settings = process.prepared("ingest")
    standing = Standing()
    told = teller(options.progress)
    reader = _reader(settings, options.feed, options.site)

    def on_progress(rows: int) -> None:
        standing.rows, standing.rejected, standing.kept_aside = rows, len(reader.rejects.letters), reader.names
        told.tell("read", standing)

    def read() -> Recording:
        return record_asterisk(
            options.files, reader=reader, feed=options.feed, site=asterisk_site(options.site, options.timezone),
            export=options.export, on_progress=on_progress,
        )  # fmt: skip

    return _replay(settings, options, read, rejects=reader.rejects, standing=standing, told=told, row_kind=None)


def follow_asterisk(options: FollowOptions) -> int:
    """Follow a queue log until stopped; the exit code."""
    settings = process.prepared("ingest")
    standing = Standing()
    told = teller(options.progress)
    reader = _reader(settings, options.feed, options.site)

    async def work() -> None:
        async with Outlet(settings, feed=options.feed) as outlet:
            await Follow(
                path=options.file, site=asterisk_site(options.site, options.timezone), reader=reader, outlet=outlet,
                settings=settings, tell=told.tell, standing=standing,
            ).run()  # fmt: skip

    code = process.run(settings, work)
    told.end("stopped", standing, [])
    return 0 if code == process.STOPPED else code  # being stopped is how following ends


def _reader(settings: IngestSettings, feed: str, site: str) -> Reader:
    tracker = Tracker(feed=feed, site=site, pseudonym=pseudonyms(pseudonym_key(settings)))
    ahead_ms = settings.ingest_ahead_s * 1000
    return Reader(tracker, Rejects(feed), Rejects(feed), lambda: time.time() * 1000 + ahead_ms)


def _replay(
    settings: IngestSettings,
    options: ReplayOptions,
    read: Callable[[], Recording],
    *,
    rejects: Rejects,
    standing: Standing,
    told: Teller,
    row_kind: str | None = "ivr_entered",
) -> int:
    phase: Phase = "stopped"

    async def work() -> None:
        nonlocal phase
        recording = await asyncio.to_thread(read)
        async with Outlet(settings, feed=options.feed) as outlet:
            await Replay(
                recording=recording, outlet=outlet, rejects=rejects, settings=settings, speed=options.speed,
                tell=told.tell, standing=standing, again=options.again, row_kind=row_kind,
            ).run()  # fmt: skip
        phase = "done"

    code = process.run(settings, work)
    rows = rejects.listed()
    if options.rejected_out is not None:
        options.rejected_out.write_bytes(msgspec.json.encode(rows))
    told.end(phase, standing, rows)
    return code
