"""A floor made ready for simulation: flat tables with indices, samplers and rates instead of names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from zoneinfo import ZoneInfo

from services.contracts.events import Channel
from services.ingest.domain.simulator.arrivals import FLAT, Rate
from services.ingest.domain.simulator.chance import Sampler, exponential, sampler
from services.ingest.domain.simulator.description import Arrivals, MenuNode, Shift
from services.ingest.domain.simulator.floor import (
    Customers,
    Floor,
    Group,
    Segment,
    SimulatedFlow,
    SimulatedQueue,
    SimulatedSite,
    Team,
)

Profiles = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class SiteTable:
    """A site. `segment_bounds` are the cumulative shares of `segments`."""

    id: str
    zone: ZoneInfo
    segments: tuple[Segment, ...]
    segment_bounds: tuple[float, ...]
    customers: Customers


@dataclass(frozen=True, slots=True)
class QueueTable:
    """A queue. `groups` are the groups of agents that can serve it; `overflow` is (after ms, to)."""

    id: str
    site: int
    channel: Channel
    service: Sampler
    hold_probability: float
    hold: Sampler
    wrap_up: Sampler
    patience: Sampler | None
    overflow: tuple[int, int] | None
    groups: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Agents with the same skills; `skills` are queues, `chats` those of them that an agent can serve several of."""

    skills: tuple[int, ...]
    chats: tuple[int, ...]
    chats_at_once: int


@dataclass(frozen=True, slots=True)
class AgentTable:
    """An agent. `place` 0…1 is where in its group it stands."""

    id: str
    site: int
    team: str
    group: int
    shift: Shift
    place: float


@dataclass(frozen=True, slots=True)
class NodeTable:
    """A menu node. `choices` are the nodes below with their cumulative shares; `queue` −1: none."""

    id: str
    flow: str
    depth: int
    time: Sampler
    hang_up: float
    self_service: float
    invalid: float
    timeouts: float
    queue: int
    choices: tuple[int, ...]
    bounds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class StreamTable:
    """Contacts that arrive at one place: a menu's first `node`, or a `queue`; the other is −1.

    Customers of the segments in `favoured` (indices) enter the menu at `shortcut`.
    """

    site: int
    rate: Rate
    node: int
    queue: int
    favoured: frozenset[int] = frozenset()
    shortcut: int = -1


class Layout:
    """The tables of a floor.

    Raises:
        KeyError: a profile that the floor names is not among `profiles`.
    """

    def __init__(self, floor: Floor, profiles: Profiles, start: int) -> None:
        self.sites: list[SiteTable] = []
        self.queues: list[QueueTable] = []
        self.groups: list[GroupTable] = []
        self.agents: list[AgentTable] = []
        self.nodes: list[NodeTable] = []
        self.streams: list[StreamTable] = []
        self._profiles = profiles
        self._start = start
        for site in floor.sites:
            self._add_site(site)

    def _add_site(self, site: SimulatedSite) -> None:
        here = len(self.sites)
        bounds = tuple(accumulate(segment.share for segment in site.segments))
        self.sites.append(SiteTable(site.id, ZoneInfo(site.timezone), site.segments, bounds, site.customers))
        queues = {queue.id: len(self.queues) + index for index, queue in enumerate(site.queues)}
        self.queues += [_queue_table(queue, site.id, here, queues) for queue in site.queues]
        places: list[SimulatedQueue | SimulatedFlow] = [*site.queues, *site.flows]
        for place in places:
            if place.arrivals is not None:
                self._add_stream(site, here, place, place.arrivals, queues)
        for team in site.teams:
            names = iter(agent_ids(site.id, team))
            for group in team.groups:
                self._add_group(group, site, f"{site.id}/{team.id}", names, queues)

    def _add_stream(
        self,
        site: SimulatedSite,
        here: int,
        place: SimulatedQueue | SimulatedFlow,
        arrivals: Arrivals,
        queues: Mapping[str, int],
    ) -> None:
        peaks = [peak for peak in site.peaks if not peak.only or place.id in peak.only]
        rate = Rate(arrivals, weights_of(arrivals, self._profiles), ZoneInfo(site.timezone), peaks, self._start)
        if isinstance(place, SimulatedFlow):
            node = self._add_nodes(place.menu, f"{site.id}/{place.id}", 1, queues)
            favoured, shortcut = frozenset[int](), -1
            if place.shortcut is not None:
                names = [segment.id for segment in site.segments]
                favoured = frozenset(names.index(segment) for segment in place.shortcut.segments)
                shortcut = self._add_nodes(place.shortcut.menu, f"{site.id}/{place.id}", 1, queues)
            self.streams.append(StreamTable(here, rate, node, -1, favoured, shortcut))
        else:
            self.streams.append(StreamTable(here, rate, -1, queues[place.id]))

    def _add_nodes(self, node: MenuNode, flow: str, depth: int, queues: Mapping[str, int]) -> int:
        choices = tuple(self._add_nodes(choice, flow, depth + 1, queues) for choice in node.choices)
        bounds = tuple(accumulate(choice.share for choice in node.choices))
        queue = queues[node.queue] if node.queue else -1
        self.nodes.append(
            NodeTable(
                node.node,
                flow,
                depth,
                sampler(node.time),
                node.hang_up,
                node.self_service,
                node.invalid,
                node.timeouts,
                queue,
                choices,
                bounds,
            )
        )
        return len(self.nodes) - 1

    def _add_group(
        self, group: Group, site: SimulatedSite, team: str, names: Iterator[str], queues: Mapping[str, int]
    ) -> None:
        here, index = len(self.sites) - 1, len(self.groups)
        skills = tuple(dict.fromkeys(queues[skill] for skill in group.skills))
        chats = tuple(queue for queue in skills if self.queues[queue].channel == "chat")
        self.groups.append(GroupTable(skills, chats, group.chats_at_once))
        for queue in skills:
            self.queues[queue].groups.append(index)
        for place in range(group.agents):
            self.agents.append(
                AgentTable(next(names), here, team, index, site.shifts[group.shift], place / group.agents)
            )


def weights_of(arrivals: Arrivals, profiles: Profiles) -> Sequence[float]:
    """The 48 weights of a shape of the day. Raises KeyError where it names none of `profiles`."""
    if not isinstance(arrivals.profile, str):
        return arrivals.profile
    return FLAT if arrivals.profile == "flat" else profiles[arrivals.profile]


def agent_ids(site: str, team: Team) -> list[str]:
    """Ids of a team's agents, group by group."""
    return [f"{site}-{team.id}-{number:02d}" for number in range(1, sum(g.agents for g in team.groups) + 1)]


def _queue_table(queue: SimulatedQueue, site: str, here: int, queues: Mapping[str, int]) -> QueueTable:
    return QueueTable(
        id=f"{site}/{queue.id}",
        site=here,
        channel=queue.channel,
        service=sampler(queue.service),
        hold_probability=queue.hold.probability if queue.hold else 0.0,
        hold=sampler(queue.hold.time if queue.hold else queue.wrap_up),
        wrap_up=sampler(queue.wrap_up),
        patience=None if queue.patience_s is None else exponential(queue.patience_s * 1000),
        overflow=(queue.overflow.after_s * 1000, queues[queue.overflow.to]) if queue.overflow else None,
    )
