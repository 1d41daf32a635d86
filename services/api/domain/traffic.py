"""What came in lately, counted from the log: events by source and site, those that came again, and what was refused."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import Field

from services.contracts.events import AnyEvent, Heartbeat
from services.contracts.letters import DeadLetter
from services.contracts.topology import Contract

_OURS = "metrics|"


class SiteTraffic(Contract):
    """Events of one source for one site."""

    site: str
    taken: int = Field(description="events on the log, those that came again not among them")
    repeated: int = Field(description="events whose event_id came before in the same stretch of the log: counted once")
    last_at: int | None = Field(description="the latest moment that an event tells of, by the source's clock, epoch ms")


class SourceTraffic(Contract):
    """One source: the sums of its sites, and what of it could not be used."""

    source: str
    taken: int
    repeated: int
    rejected: int = Field(description="inputs that ingest could not read")
    uncounted: int = Field(description="events that came in well, and metrics could not count")
    last_at: int | None
    sites: tuple[SiteTraffic, ...]


class Traffic(Contract):
    """Counted from the log, from `since` to `until` (our clock, epoch ms)."""

    since: int
    until: int
    sources: tuple[SourceTraffic, ...]
    incomplete: str | None = Field(description="why not everything was counted; None: everything was")


@dataclass(slots=True)
class _Site:
    taken: int = 0
    repeated: int = 0
    last_at: int | None = None


@dataclass(slots=True)
class _Source:
    sites: dict[str, _Site] = field(default_factory=dict)
    rejected: int = 0
    uncounted: int = 0


class Tally:
    """Feed it events and letters in any order of their partitions, and ask for the traffic."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}
        self._seen: set[int] = set()

    def events(self, events: Iterable[AnyEvent]) -> None:
        """Take in a record's events; heartbeats say nothing here."""
        for event in events:
            if isinstance(event, Heartbeat):
                continue
            site = self._source(event.source).sites.setdefault(_site_of(event), _Site())
            mark = hash((event.source, event.event_id))
            if mark in self._seen:
                site.repeated += 1
                continue
            self._seen.add(mark)
            site.taken += 1
            site.last_at = event.at if site.last_at is None else max(site.last_at, event.at)

    def letter(self, letter: DeadLetter) -> None:
        """Take in a dead letter."""
        source = self._source(letter.source)
        if letter.id.startswith(_OURS):
            source.uncounted += 1
        else:
            source.rejected += 1

    def _source(self, name: str) -> _Source:
        return self._sources.setdefault(name, _Source())

    def traffic(self, *, since: int, until: int, incomplete: str | None) -> Traffic:
        """All that was taken in, by source and site."""
        return Traffic(
            since=since,
            until=until,
            incomplete=incomplete,
            sources=tuple(_told(name, source) for name, source in sorted(self._sources.items())),
        )


def _told(name: str, source: _Source) -> SourceTraffic:
    sites = tuple(
        SiteTraffic(site=site, taken=each.taken, repeated=each.repeated, last_at=each.last_at)
        for site, each in sorted(source.sites.items())
    )
    return SourceTraffic(
        source=name,
        taken=sum(site.taken for site in sites),
        repeated=sum(site.repeated for site in sites),
        rejected=source.rejected,
        uncounted=source.uncounted,
        last_at=max((site.last_at for site in sites if site.last_at is not None), default=None),
        sites=sites,
    )


def _site_of(event: AnyEvent) -> str:
    scope = getattr(event, "queue", None) or getattr(event, "flow", None)
    return str(getattr(event, "site", "")) if scope is None else str(scope).partition("/")[0]
