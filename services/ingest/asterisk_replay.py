"""Asterisk's queue logs and their database exports → a recording."""

from collections.abc import Callable, Sequence
from pathlib import Path

from services.contracts.events import AnyEvent, key_of
from services.contracts.topology import Queue, Site, Text, unknown_queue
from services.ingest.domain.disorder import Disorder
from services.ingest.domain.packing import lane_of
from services.ingest.replay import Recording
from services.ingest.sources.asterisk import Reader, read_file
from services.ingest.sources.files import fingerprint

EDITION = 1
"""Raise it whenever the same lines would give other events, or the same events in another order."""

REPORT_EVERY_ROWS = 5_000


def asterisk_site(site: str, timezone: str) -> Site:
    """The site of an Asterisk; nothing in its log describes it."""
    return Site(
        id=site,
        name=Text(en="Asterisk", zh="Asterisk") if site == "asterisk" else Text(en=site, zh=site),
        timezone=timezone,
    )


def record_asterisk(
    paths: Sequence[Path],
    *,
    reader: Reader,
    feed: str,
    site: Site,
    export: bool | None,
    on_progress: Callable[[int], None],
) -> Recording:
    """Read the files in the order given, which must be that of the log, and put their events in time order."""
    events: list[AnyEvent] = []
    for path in paths:
        for made in read_file(path, reader, export=export):
            events += made
            if reader.rows % REPORT_EVERY_ROWS == 0:
                on_progress(reader.rows)
    on_progress(reader.rows)
    return Recording(
        site=site.id,
        coming=Disorder().arrange(events),
        topology=[site],
        discovered=queues_of(events),
        rows=reader.rows,
        fingerprint=fingerprint(paths, EDITION, feed, site.id, site.timezone, export),
        aside=tuple(reader.aside.letters),
    )


def queues_of(events: Sequence[AnyEvent]) -> list[Queue]:
    """The queues that these events name."""
    return [unknown_queue(id_) for id_ in sorted({key_of(e) for e in events if lane_of(e) == "contacts"})]
