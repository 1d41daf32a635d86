"""Agents as they are now, and their sums by queue, team and site, kept by difference.

An agent's times grow while nothing is published: as long as they talk, talk time grows by a second a second. So a sum
is kept as a straight line, base + rate × t, and read at the site's clock; a change moves base and rate of its groups.
Shares of a scope are put together at most once a second, and only if one of its agents changed.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from services.api.domain.directory import Directory
from services.api.domain.sums import count_in, shifted
from services.api.domain.views import SAME_CLOCK_MS, View
from services.contracts import formulas
from services.contracts.agents import AdherenceState, AgentTile
from services.contracts.formulas import StaffTime

SHOWN_EVERY_S = 1.0
NOTHING = StaffTime()


class Group(NamedTuple):
    """A set of agents of one site."""

    kind: Literal["site", "team", "queue"]
    id: str


class Line(NamedTuple):
    """Times of an agent's day: `base + rate × t` at t, in epoch ms of the site's clock."""

    base: tuple[int, ...]
    rate: tuple[int, ...]


class Kinds(NamedTuple):
    """Activities that count as work, and those that are absences: planned, but nobody has to keep them."""

    work: frozenset[str]
    absence: frozenset[str]


def line_of(tile: AgentTile, date: str | None, kinds: Kinds) -> Line:
    """An agent's line on the day `date`; of an agent who was last heard of on another day nothing is known of it."""
    if date is not None and tile.date != date:
        return Line(tuple(NOTHING), tuple(NOTHING))
    scheduled = tile.planned is not None and tile.planned not in kinds.absence
    rate = StaffTime(
        on_contact=tile.state in formulas.ON_CONTACT,
        available=tile.state == "available",
        signed_in=tile.state != "offline",
        worked=tile.state != "offline" and tile.activity in kinds.work,
        adherent=scheduled and tile.adherence == "in",
        out=scheduled and tile.adherence == "out",
        excused=scheduled and tile.adherence == "ignored",
        planned=tile.planned is not None,
        planned_work=tile.planned in kinds.work,
    )
    return Line(tuple(shifted(formulas.staff_time(tile.totals), (r * tile.as_of for r in rate), -1)), tuple(rate))


def is_missing(tile: AgentTile, work: frozenset[str]) -> bool:
    """Whether an agent is planned to serve contacts and does not."""
    return tile.adherence == "out" and tile.planned in work and tile.activity not in work


class StaffSums:
    """Agents of one group added up."""

    def __init__(self) -> None:
        self.agents = 0
        self.missing = 0
        self.working = 0
        self.as_of = 0
        self.by_state: Counter[str] = Counter()
        self.adherence: Counter[AdherenceState] = Counter()
        self._base = [0] * len(NOTHING)
        self._rate = [0] * len(NOTHING)
        self._available: dict[str, int] = {}
        self._longest: list[tuple[int, str]] = []  # heap; whoever is not available since then any more is passed over

    def shift(self, tile: AgentTile, line: Line, kinds: Kinds, sign: int) -> None:
        """An agent comes in (sign 1), or goes out exactly as they came (−1)."""
        self.agents += sign
        self.as_of = max(self.as_of, tile.as_of)
        self.missing += sign * is_missing(tile, kinds.work)
        self.working += sign * (tile.state != "offline" and tile.activity in kinds.work)
        state = f"not_ready:{tile.reason}" if tile.state == "not_ready" and tile.reason else tile.state
        count_in(self.by_state, state, sign)
        count_in(self.adherence, tile.adherence, sign)
        self._base = shifted(self._base, line.base, sign)
        self._rate = shifted(self._rate, line.rate, sign)
        if tile.state == "available":
            if sign > 0:
                self._available[tile.id] = tile.since
                heapq.heappush(self._longest, (tile.since, tile.id))
            else:
                self._available.pop(tile.id, None)

    @property
    def signed_in(self) -> int:
        """Agents who are not offline."""
        return self.agents - self.by_state["offline"]

    @property
    def longest_available_since(self) -> int | None:
        """Since when the agent is who has been available longest."""
        while self._longest and self._available.get(self._longest[0][1]) != self._longest[0][0]:
            heapq.heappop(self._longest)
        return self._longest[0][0] if self._longest else None

    def time_at(self, at: int) -> StaffTime:
        """Sums of times at a moment of the site's clock."""
        return StaffTime(*shifted(self._base, (rate * at for rate in self._rate), 1))


class Staff:
    """All agents. What changed is remembered until it is shown."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._kinds = self._read_kinds()
        self.held: dict[str, AgentTile] = {}
        self._lines: dict[str, Line] = {}
        self._groups: defaultdict[Group, StaffSums] = defaultdict(StaffSums)
        self._dates: dict[str, str] = {}
        self._silent: frozenset[str] = frozenset()
        self._clocks: Mapping[str, int] = {}
        self.dirty_agents: set[str] = set()
        self._dirty: set[Group] = set()
        self._shown: dict[Group, View] = {}

    def take(self, tile: AgentTile, *, stored: bool = False) -> bool:
        """An agent was published, or read as `stored` (see `Tiles.take`). True if it is news."""
        held = self.held.get(tile.id)
        if held is not None:
            if held == tile or (not stored and (held.offset, held.as_of) > (tile.offset, tile.as_of)):
                return False
            self._shift(held, -1)
        self.held[tile.id] = tile
        self._lines[tile.id] = line_of(tile, self._dates.get(tile.site), self._kinds)
        self._shift(tile, 1)
        self.dirty_agents.add(tile.id)
        return True

    def drop(self, agent: str) -> None:
        """The agent is gone."""
        self._shift(self.held.pop(agent), -1)
        del self._lines[agent]
        self.dirty_agents.add(agent)

    def turn(self, site: str, date: str) -> None:
        """The site's local day is `date` from now on."""
        if self._dates.get(site) != date:
            self._dates[site] = date
            self._count_again(tile for tile in self.held.values() if tile.site == site)

    def described_anew(self) -> None:
        """Descriptions changed: another list of activities may make other times work; names may be others."""
        kinds = self._read_kinds()
        if kinds != self._kinds:
            self._kinds = kinds
            self._groups.clear()
            for tile in self.held.values():
                self._lines[tile.id] = line_of(tile, self._dates.get(tile.site), kinds)
                self._shift(tile, 1)
        for group in [group for group in self._groups if group.kind == "team"]:
            self._shown.pop(group, None)  # it may have got another name
            self._dirty.add(group)

    def _read_kinds(self) -> Kinds:
        return Kinds(self._directory.activities_as("work"), self._directory.activities_as("absence"))

    def _count_again(self, tiles: Iterable[AgentTile]) -> None:
        for tile in list(tiles):
            self._shift(tile, -1)
            self._lines[tile.id] = line_of(tile, self._dates.get(tile.site), self._kinds)
            self._shift(tile, 1)

    def _shift(self, tile: AgentTile, sign: int) -> None:
        line = self._lines[tile.id]
        for group in _groups_of(tile):
            sums = self._groups[group]
            sums.shift(tile, line, self._kinds, sign)
            if not sums.agents:
                del self._groups[group]
            self._dirty.add(group)

    def hear(self, clocks: Mapping[str, int], silent: frozenset[str]) -> None:
        """Where the sites' clocks stand, and which sites have no feed: nobody knows what their agents do."""
        self._clocks = clocks
        changed = silent ^ self._silent
        self._silent = silent
        if changed:
            self._dirty |= {group for group in self._groups if _site_of(group) in changed}
            self.dirty_agents |= {tile.id for tile in self.held.values() if tile.site in changed}

    def settle(self) -> set[Group]:
        """Put together what changed. Groups that are other than before, those included that are gone."""
        dirty, self._dirty = self._dirty, set()
        changed = set()
        for group in dirty:
            view = self._view([group]) if group in self._groups else None
            if view == self._shown.get(group):
                continue
            changed.add(group)
            if view is None:
                self._shown.pop(group, None)
            else:
                self._shown[group] = view
        return changed

    @property
    def unsettled(self) -> bool:
        """Whether a group changed since it was shown."""
        return bool(self._dirty)

    def now(self, group: Group) -> View | None:
        """A group as it was last put together; None: it has no agents."""
        return self._shown.get(group)

    def together(self, sites: Iterable[str]) -> View | None:
        """Agents of several sites; None: there are none."""
        groups = [Group("site", site) for site in sites if Group("site", site) in self._groups]
        return self._view(groups) if groups else None

    def as_of(self, group: Group) -> int:
        """The site's clock, or the newest word of a group's agents."""
        return max(self._groups[group].as_of, self._clocks.get(_site_of(group), 0))

    def misses(self, agent: AgentTile) -> bool:
        """Whether an agent is planned to serve contacts and does not."""
        return is_missing(agent, self._kinds.work)

    def time_of(self, agent: AgentTile) -> StaffTime:
        """An agent's times of the day, up to the site's clock."""
        line, at = self._lines[agent.id], max(agent.as_of, self._clocks.get(agent.site, 0))
        return StaffTime(*shifted(line.base, (rate * at for rate in line.rate), 1))

    def sums(self, group: Group) -> StaffSums | None:
        """The sums of a group."""
        return self._groups.get(group)

    def shown(self, agent: str) -> AgentTile | None:
        """An agent as clients are told: with a silent feed nobody knows whether they adhere."""
        tile = self.held.get(agent)
        if tile is None or tile.site not in self._silent or tile.adherence == "unknown":
            return tile
        return tile.model_copy(update={"adherence": "unknown"})

    def _view(self, groups: list[Group]) -> View:
        """The groups together, in the shape of `AgentsNow`."""
        time, by_state, adherence = NOTHING, Counter[str](), Counter[AdherenceState]()
        newest = max(self.as_of(group) for group in groups)
        since = []
        for group in groups:
            sums, at = self._groups[group], self.as_of(group)
            time = StaffTime(*shifted(time, sums.time_at(at), 1))
            by_state.update(sums.by_state)
            adherence.update({"unknown": sums.agents} if _site_of(group) in self._silent else sums.adherence)
            if sums.longest_available_since is not None:
                # Of a site on another clock the moment is moved, so that the time remains what it is.
                since.append(sums.longest_available_since + (newest - at if newest - at > SAME_CLOCK_MS else 0))
        return {
            "by_state": dict(sorted(by_state.items())),
            "signed_in": sum(by_state.values()) - by_state["offline"],
            "longest_available_since": min(since, default=None),
            "adherence": dict(sorted(adherence.items())),
            "occupancy": formulas.occupancy(time),
            "utilisation": formulas.utilisation(time),
            "adherence_rate": formulas.adherence(time),
            "conformance": formulas.conformance(time),
            "shrinkage_planned": formulas.shrinkage_planned(time),
            "shrinkage_actual": formulas.shrinkage_actual(time),
        }


def _groups_of(tile: AgentTile) -> Iterator[Group]:
    yield Group("site", tile.site)
    if tile.team:
        yield Group("team", tile.team)
    for queue in tile.queues:
        yield Group("queue", queue)


def _site_of(group: Group) -> str:
    return group.id.partition("/")[0]
