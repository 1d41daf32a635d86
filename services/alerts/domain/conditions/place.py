"""A scope on the floor: which queues, sites and agents it is, and what time it is there."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from services.alerts.domain.crowds import Crowd, Line
from services.alerts.domain.floor import UTC, Floor, site_of
from services.alerts.domain.values import QueueNow
from services.contracts.alerts import ScopeKind
from services.contracts.formulas import StaffTime
from services.contracts.topology import Flow, Queue

SAME_CLOCK_MS = 5 * 60 * 1000
"""Sites whose clocks are nearer than this run on the same time; a replay of another day does not."""


@dataclass(frozen=True, slots=True)
class Place:
    """One scope of one kind.

    Attributes:
        match: of kind `all`, the glob of the queues that are meant.
        reader: whose samples comparisons against `change` look back at: rules share theirs, a plan has its own.
        noted: whether they leave a sample; not in a dry run, nor where a restart reads again what was read before.
    """

    floor: Floor
    kind: ScopeKind
    id: str
    match: str = "*"
    reader: str = ""
    noted: bool = True

    @property
    def sites(self) -> list[str]:
        """Its sites."""
        if self.kind == "all":
            return sorted({*self.floor.of_site, *self.floor.clocks.sites, *map(site_of, self.floor.flows)})
        if self.kind == "region":
            return sorted(self.floor.sites_of_region(self.id))
        if self.kind == "agent":
            agent = self.floor.agents.get(self.id)
            return [] if agent is None else [agent.site]
        return [site_of(self.id)]

    @property
    def now(self) -> int:
        """The newest of its sites' clocks (epoch ms), 0 before anything is known."""
        own = self.floor.queues.get(self.id) if self.kind == "queue" else None
        return max(0 if own is None else own.as_of, *map(self.clock, self.sites), 0)

    def clock(self, site: str) -> int:
        """A site's clock; before its first heartbeat, the newest word of its queues or agents."""
        return self.floor.clock(site)

    @property
    def timezone(self) -> str:
        """Its local time: that of its site, UTC where it has none or several."""
        sites = self.sites
        return self.timezone_of(sites[0]) if len(sites) == 1 else UTC

    def timezone_of(self, site: str) -> str:
        """A site's time zone."""
        return self.floor.timezone(site)

    @property
    def day_end(self) -> int:
        """When the local day of its first site ends, by its own clock: then agents' times of the day begin anew."""
        return min((self.floor.staff.day_end(site) + self.lag(site) for site in self.sites), default=0)

    def queues(self) -> Iterator[tuple[str, QueueNow]]:
        """Its queues that have a tile."""
        floor = self.floor
        if self.kind == "queue":
            if (queue := floor.queues.get(self.id)) is not None:
                yield self.id, queue
            return
        for site in self.sites:
            for id_ in floor.of_site.get(site, ()):
                if self.kind != "all" or self.match == "*" or fnmatchcase(id_, self.match):
                    yield id_, floor.queues[id_]

    def crowds(self) -> Iterator[tuple[str, Crowd]]:
        """(site, agents) of it."""
        staff = self.floor.staff
        groups = [(site, ("site", site)) for site in self.sites]
        if self.kind in {"team", "queue"}:
            groups = [(site_of(self.id), (self.kind, self.id))]
        for site, (kind, id_) in groups:
            if (crowd := staff.group(kind, id_)) is not None:
                yield site, crowd

    def lag(self, site: str) -> int:
        """How far a site's clock is behind the place's (ms): moments of that site are so much later here."""
        return self.now - self.clock(site) if self.kind in {"region", "all"} else 0

    def agent_line(self) -> Line | None:
        """Times of the one agent that it is."""
        return self.floor.staff.line(self.id) if self.id in self.floor.agents else None

    def queue(self, id_: str) -> Queue | None:
        """A queue's description."""
        found = self.floor.described.get(f"queue|{id_}")
        return found if isinstance(found, Queue) else None

    def flow(self, id_: str) -> Flow | None:
        """A menu's description."""
        found = self.floor.described.get(f"flow|{id_}")
        return found if isinstance(found, Flow) else None


def total(lines: list[tuple[Line, int]], instant: int) -> StaffTime:
    """Times of several sites' agents, (line, lag of the site) each."""
    times = [line.at(instant - lag) for line, lag in lines]
    return times[0] if len(times) == 1 else StaffTime(*(sum(column) for column in zip(*times, strict=True)))
