"""What the floor keeps of the tiles: queues, agents and menus as they are now, in the least that rules need.

All of it is encoded about once a second for thousands of queues and agents, so these are small arrays of numbers.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

import msgspec

from services.contracts.agents import AdherenceState, AgentTile
from services.contracts.definitions import COUNTERS, Counts, DefinitionName
from services.contracts.events import AgentState, Channel
from services.contracts.formulas import ON_CONTACT, staff_time
from services.contracts.metrics import HALF_HOUR_MS, Details, FlowOut, IvrCounts, IvrInterval, NodeCounts, Tile

Counters = tuple[int, ...]
"""Of one set of contacts, in the order of COUNTERS."""
DETAILS = ("rang", "held", "transferred_blind", "transferred_consulted", "conferenced", "inferred", "objectives",
           "objectives_met")  # fmt: skip
CALLS = tuple(IvrCounts.model_fields)
VISITS = tuple(NodeCounts.model_fields)
row_of: Callable[[Counts], Counters] = attrgetter(*COUNTERS)
row_of_details: Callable[[Details], Counters] = attrgetter(*DETAILS)
_calls = attrgetter(*CALLS)
_visits = attrgetter(*VISITS)


class ChannelPart(msgspec.Struct, array_like=True, frozen=True):
    """One channel of a queue that takes several, at the channel's own target."""

    target_percent: float
    counters: Counters
    waiting: int
    oldest_offered_at: int | None


class HalfPart(msgspec.Struct, array_like=True, frozen=True):
    """The running half-hour so far: when it began (epoch ms), contacts by arrival, time spent waiting."""

    start: int
    counters: Counters
    waiting_ms: int


class QueueNow(msgspec.Struct, array_like=True, frozen=True):
    """A queue as of its last tile: what rules, plans, costs and moves read of it.

    `counters[T]` are its rolling counts, `own` those of each contact at its own channel's T; None: counters[target_s].
    """

    as_of: int
    target_s: int
    target_percent: float
    definition: DefinitionName
    waiting: int
    waiting_within: int
    oldest_offered_at: int | None
    ghosts: int
    waiting_ms: int
    counters: dict[int, Counters]
    own: Counters | None
    details: Counters
    flow_outs: dict[FlowOut, int]
    running: HalfPart | None
    channels: dict[Channel, ChannelPart]
    skill: str = ""

    @classmethod
    def of(cls, tile: Tile) -> "QueueNow":
        """What a tile says."""
        half = tile.running
        return cls(
            tile.as_of, tile.target_s, tile.target_percent, tile.definition, tile.waiting, tile.waiting_within,
            tile.oldest_offered_at, tile.ghosts, tile.waiting_ms,
            {t: row_of(counts) for t, counts in tile.rolling.items()},
            None if tile.target is None else row_of(tile.target),
            row_of_details(tile.details), dict(tile.details.flow_outs),
            None if half is None else HalfPart(half.start, row_of(half.counts), half.waiting_ms),
            {
                channel: ChannelPart(part.target_percent, row_of(part.counts), part.waiting, part.oldest_offered_at)
                for channel, part in tile.channels.items()
            },
            tile.skill,
        )  # fmt: skip

    @property
    def target_counters(self) -> Counters:
        """Rolling counts, each contact at its own target T."""
        return self.counters.get(self.target_s, NO_COUNTERS) if self.own is None else self.own


class AgentNow(msgspec.Struct, array_like=True, frozen=True):
    """An agent as of their last tile.

    `state` is that of the tile, with its reason behind a colon where they are not ready for one. `time` are the sums of
    StaffTime at `as_of`; they go on growing with state and plan.
    """

    site: str
    team: str
    queues: tuple[str, ...]
    as_of: int
    state: str
    since: int
    activity: str
    planned: str | None
    next_planned: str | None
    next_change_at: int | None
    adherence: AdherenceState
    adherence_since: int
    date: str
    contacts: int
    time: tuple[int, ...]
    contact: str = ""
    name: str = ""

    @classmethod
    def of(cls, tile: AgentTile) -> "AgentNow":
        """What a tile says."""
        state = f"{tile.state}:{tile.reason}" if tile.state == "not_ready" and tile.reason else tile.state
        return cls(
            tile.site, tile.team, tile.queues, tile.as_of, state, tile.since, tile.activity, tile.planned,
            tile.next_planned, tile.next_change_at, tile.adherence, tile.adherence_since, tile.date,
            tile.totals.contacts, tuple(staff_time(tile.totals)), tile.contact, tile.name,
        )  # fmt: skip

    @property
    def plain_state(self) -> AgentState:
        """The state without its reason."""
        return cast(AgentState, self.state.partition(":")[0])

    @property
    def on_contact(self) -> bool:
        """Whether their time is for a contact now."""
        return self.state in ON_CONTACT


class FlowHalf(msgspec.Struct, array_like=True, frozen=True):
    """Calls that entered a menu in one half-hour, and the visits of each of its nodes."""

    start: int
    end: int
    revision: int
    calls: Counters
    nodes: dict[str, Counters]


class FlowNow(msgspec.Struct, array_like=True, frozen=True):
    """A menu's newest two half-hours, the older first: with one alone there would be nobody at :00 and :30."""

    halves: tuple[FlowHalf, ...]

    @classmethod
    def of(cls, interval: IvrInterval, before: "FlowNow | None" = None) -> "FlowNow":
        """What a half-hour says, after what was known. One that is older than the two changes nothing."""
        nodes = {name: _visits(node) for name, node in interval.nodes.items()}
        half = FlowHalf(interval.start, interval.end, interval.revision, _calls(interval.counts), nodes)
        known = {} if before is None else {one.start: one for one in before.halves}
        if (old := known.get(half.start)) is None or old.revision <= half.revision:
            known[half.start] = half
        newest = max(known)
        return cls(tuple(known[start] for start in sorted(known) if start >= newest - HALF_HOUR_MS))


NO_COUNTERS: Counters = (0,) * len(COUNTERS)
NO_DETAILS: Counters = (0,) * len(DETAILS)


def added(rows: "list[Counters]", width: int) -> Counters:
    """Rows of counters, column by column."""
    if len(rows) == 1:
        return rows[0]
    return tuple(sum(column) for column in zip(*rows, strict=True)) if rows else (0,) * width


def counts_of(counters: Any) -> Counts:
    """Counts of a row of counters."""
    return Counts.model_construct(**dict(zip(COUNTERS, counters, strict=True)))


def details_of(counters: Counters, flow_outs: dict[FlowOut, int]) -> Details:
    """Details of a row of counters."""
    fields: dict[str, Any] = dict(zip(DETAILS, counters, strict=True))
    return Details.model_construct(**fields, flow_outs=flow_outs)
