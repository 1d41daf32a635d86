"""What the model starts from: the board's tiles and agents at one moment, put together once for a request."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from services.api.domain.board import Board
from services.api.domain.days import at_target
from services.api.domain.staff import Group
from services.api.domain.staffing.answers import LiveAgents
from services.api.domain.sums import target_counts
from services.contracts import formulas, live_load
from services.contracts.agents import AgentTile
from services.contracts.definitions import DefinitionName, service_level
from services.contracts.live_load import Estimate, Sample
from services.contracts.metrics import Interval, Tile
from services.contracts.moves import OPEN_STATES
from services.contracts.pools import Queues, pool_of, share_out
from services.contracts.staffing import Load, Promise
from services.contracts.topology import Queue, Text

SERVING = frozenset({"available", *formulas.ON_CONTACT})


@dataclass(frozen=True, slots=True)
class QueueInput:
    """A queue now. `load` None: too little is known, `why` says of what. `served`: how many agents serve it."""

    id: str
    name: Text
    skill: str
    region: str
    promise: Promise
    as_of: int | None
    arrivals: Estimate
    aht: Estimate
    patience: Estimate
    measured: float | None
    waiting: int
    silent: bool

    @property
    def site(self) -> str:
        """Id of its site."""
        return self.id.partition("/")[0]

    @property
    def load(self) -> Load | None:
        """What comes to it; a queue to which nobody came has no load, whatever handling takes."""
        if self.arrivals.value is None:
            return None
        if not self.arrivals.value:
            return Load(0.0, self.aht.value or 1.0, self.patience.value)
        return None if self.aht.value is None else Load(self.arrivals.value, self.aht.value, self.patience.value)

    @property
    def why(self) -> str:
        """What is missing for a load."""
        return "" if self.load is not None else self.arrivals.why or self.aht.why


@dataclass(frozen=True)
class Situation:
    """The floor at one moment, as plain data: whoever computes with it may take their time.

    Attributes:
        serving: agents who serve contacts → their queues; who is on loan serves the loan's queue alone.
        on_a_move: agents in an open move.
        clocks: event time of the agents of each site that has some.
    """

    queues: Mapping[str, QueueInput]
    agents: Mapping[str, AgentTile]
    serving: Mapping[str, Queues]
    on_a_move: frozenset[str]
    clocks: Mapping[str, int]
    work: frozenset[str]

    @cached_property
    def groups(self) -> Mapping[Queues, float]:
        """Agents who serve contacts now, by the queues that they serve."""
        return {queues: float(agents) for queues, agents in Counter(self.serving.values()).items()}

    @cached_property
    def shared(self) -> Mapping[str, float]:
        """Queue → agents who serve it now, fractions included."""
        return share_out(self.groups, self._erlangs(self.queues))

    def shared_with(self, groups: Mapping[Queues, float], near: Iterable[str]) -> dict[str, float]:
        """The same with other groups, of the queues that `near` is bound to by agents in common."""
        pool = pool_of(near, groups)
        some = {queues: agents for queues, agents in groups.items() if pool.intersection(queues)}
        return dict.fromkeys(pool, 0.0) | share_out(some, self._erlangs(pool))

    def _erlangs(self, queues: Iterable[str]) -> dict[str, float]:
        return {id_: load.erlangs for id_ in queues if (load := self._load(id_)) is not None}

    def _load(self, queue: str) -> Load | None:
        found = self.queues.get(queue)
        return None if found is None else found.load

    def knows_agents_of(self, queue: str) -> bool:
        """Whether none would mean that there is none: a feed tells of its site's agents, or somebody serves it."""
        return queue.partition("/")[0] in self.clocks or queue in self.shared

    def staff_of(self, queue: str) -> LiveAgents | None:
        """Agents of a queue by what they do; None: nothing tells of them."""
        if not self.knows_agents_of(queue):
            return None
        own = [agent for agent in self.agents.values() if queue in agent.queues]
        lent = [id_ for id_, queues in self.serving.items() if queue in queues and queue not in self.agents[id_].queues]
        states = Counter[str](agent.state for agent in [*own, *(self.agents[id_] for id_ in lent)])
        signed_in = sum(states.values()) - states["offline"]
        on_contact = sum(states[state] for state in formulas.ON_CONTACT)
        return LiveAgents(
            signed_in=signed_in, ready=states["available"], on_contact=on_contact,
            away=signed_in - states["available"] - on_contact,
            effective=round(self.shared.get(queue, 0.0), 3),
        )  # fmt: skip


def situation(board: Board) -> Situation:
    """The board's floor now."""
    agents = dict(board.staff.held)
    on_a_move, lent = set[str](), dict[str, str]()
    for move in board.desk.moves():
        if move.state in OPEN_STATES:
            on_a_move.update(move.terms.agents)
            lent |= {one.agent: move.terms.queue for one in move.agents if one.state == "effective"}
    serving = {
        id_: (lent[id_],) if id_ in lent else tuple(sorted(agent.queues))
        for id_, agent in agents.items()
        if agent.state in SERVING and (agent.queues or id_ in lent)
    }
    on_contact = Counter(
        queue for id_, queues in serving.items() if agents[id_].state in formulas.ON_CONTACT for queue in queues
    )
    days = {queue: today(board.today(queue), tile) for queue, tile in board.tiles.held.items()}
    sites: defaultdict[str, list[Sample]] = defaultdict(list)
    for queue, day in days.items():
        sites[queue.partition("/")[0]].append(day)
    of_site = {site: live_load.together(samples, "site") for site, samples in sites.items()}
    queues = {
        id_: _input(board, tile, days[id_], of_site[id_.partition("/")[0]], on_contact.get(id_))
        for id_, tile in board.tiles.held.items()
    }
    clocks = {site: board.staff.as_of(Group("site", site)) for site in {agent.site for agent in agents.values()}}
    return Situation(queues, agents, serving, frozenset(on_a_move), clocks, board.directory.activities_as("work"))


def today(intervals: Iterable[Interval], tile: Tile) -> Sample:
    """A queue's local day so far."""
    return live_load.together(
        (Sample(at_target(half, tile.target_s), half.waiting_ms) for half in intervals), "today"
    )  # fmt: skip


def promise_of(target_s: int, target_percent: float, described: Queue, definition: DefinitionName) -> Promise:
    """What a queue is held to."""
    return Promise(target_s, target_percent / 100, described.short_abandon_s, definition, described.genesys)


def _input(board: Board, tile: Tile, day: Sample, site: Sample, on_contact: int | None) -> QueueInput:
    described = board.directory.queue(tile.id)
    home = tile.id.partition("/")[0]
    counts = target_counts(tile)
    rolling = Sample(counts, tile.waiting_ms)
    silent = board.tiles.freshness(home) == "no_feed"
    known = live_load.arrivals(rolling)
    return QueueInput(
        id=tile.id,
        name=described.name,
        skill=described.skill or tile.skill or tile.id,
        region=board.directory.site(home).region,
        promise=promise_of(tile.target_s, tile.target_percent, described, tile.definition),
        as_of=tile.as_of,
        arrivals=Estimate(None, why="the feed of its site is silent") if silent else known,
        aht=live_load.handle_time((rolling, day, site), on_contact),
        patience=live_load.patience((rolling, day, site)),
        measured=service_level(tile.definition, counts, described.genesys),
        waiting=tile.waiting,
        silent=silent,
    )
