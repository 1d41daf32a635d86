"""Anonymous Bank files → a recording."""

from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from services.contracts.events import AnyEvent
from services.contracts.topology import Description, Site, unknown_queue
from services.ingest.domain.bank import translate
from services.ingest.domain.disorder import Disorder
from services.ingest.domain.pseudonym import Pseudonym
from services.ingest.replay import Recording
from services.ingest.sources.bank_files import Span, read_calls
from services.ingest.sources.files import fingerprint, shipped_topology
from services.ingest.sources.rejects import Rejects

EDITION = 1
"""Raise it whenever the same rows would give other events, or the same events in another order."""


def bank_topology(site: str) -> tuple[Description, ...]:
    """The bank's floor, under the id that the user has chosen for it."""

    def moved(record: Description) -> Description:
        tail = record.id.partition("/")[2]
        return record.model_copy(update={"id": f"{site}/{tail}" if tail else site})

    return tuple(moved(record) for record in shipped_topology("bank.yaml").records)


def bank_zone(topology: Sequence[Description]) -> ZoneInfo:
    """The bank's time zone."""
    return ZoneInfo(next(record.timezone for record in topology if isinstance(record, Site)))


def record_bank(
    paths: Sequence[Path],
    *,
    feed: str,
    site: str,
    span: Span,
    disorder: Disorder,
    pseudonym: Pseudonym,
    rejects: Rejects,
    on_progress: Callable[[int], None],
) -> Recording:
    """Read the files and put their events in the order of coming."""
    topology = bank_topology(site)
    zone = bank_zone(topology)
    read = 0

    def count(rows: int) -> None:
        nonlocal read
        read = rows
        on_progress(rows)

    events: list[AnyEvent] = []
    types: set[str] = set()
    for call in read_calls(paths, zone=zone, span=span, rejects=rejects, on_progress=count):
        types.add(call.type)
        events += translate(call, feed=feed, site=site, zone=zone, pseudonym=pseudonym)
    described = {record.id for record in topology}
    return Recording(
        site=site,
        coming=disorder.arrange(events),
        topology=topology,
        discovered=[unknown_queue(queue) for queue in sorted({f"{site}/{type_}" for type_ in types} - described)],
        rows=read,
        fingerprint=fingerprint(paths, EDITION, feed, site, span, disorder),
        begins_ms=None if span.start is None else round(span.start.replace(tzinfo=zone).timestamp() * 1000),
    )
