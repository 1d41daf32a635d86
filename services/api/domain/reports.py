"""Bodies of the REST answers about the catalogue, agents, voice menus and groups of contacts."""

from typing import Literal

from pydantic import Field

from services.contracts.agents import AdherenceState, AgentDay, AgentTile
from services.contracts.catalogue import Direction, Scope, Theme, Unit
from services.contracts.definitions import Counts
from services.contracts.events import AgentState
from services.contracts.menus import MenuWarning
from services.contracts.metrics import IvrCounts, NodeCounts, Status
from services.contracts.socket import Ratios, TeamView
from services.contracts.topology import ActivityId, Contract, Text


class MetricView(Contract):
    """One figure of the catalogue (docs/metrics.md)."""

    id: str
    theme: Theme
    name: Text
    unit: Unit
    formula: Text
    source: str
    direction: Direction
    events: tuple[str, ...] = Field(description="events that move it; heartbeat: time passing")
    scopes: tuple[Scope, ...]


class Metrics(Contract):
    """The catalogue of all figures."""

    metrics: tuple[MetricView, ...]


# Agents


class AgentShares(Contract):
    """What is computed from agents' times; None where there is nothing to divide by."""

    occupancy: float | None
    utilisation: float | None
    adherence_rate: float | None
    conformance: float | None
    shrinkage_planned: float | None
    shrinkage_actual: float | None
    aht_s: float | None = Field(description="of the contacts handled")


class AgentRow(Contract):
    """An agent now, and the shares of the local day so far, up to the site's clock."""

    agent: AgentTile
    shares: AgentShares


class Agents(Contract):
    """Agents by id."""

    agents: tuple[AgentRow, ...]


class AgentDayRow(Contract):
    """An agent's local day."""

    day: AgentDay
    shares: AgentShares


class AgentDays(Contract):
    """The same local day of several agents, and the shares of all their times added up."""

    date: str
    shares: AgentShares
    agents: tuple[AgentDayRow, ...]


class Teams(Contract):
    """Teams that have agents, by id."""

    teams: tuple[TeamView, ...]


class QueueCost(Contract):
    """What an absence costs one queue."""

    queue: str
    cost: float
    shortfall: float = Field(description="target minus service level, 0…1; 0 when met or unknown")
    waiting: int
    missing: int = Field(description="agents out who are planned to serve contacts now")
    working: int = Field(description="agents who do")


class Absence(Contract):
    """An agent out of adherence. Those who are planned to serve contacts and do not cost their queues something."""

    agent: str
    name: str
    site: str
    team: str
    state: AgentState
    reason: str
    activity: ActivityId
    planned: ActivityId | None
    adherence: AdherenceState
    since: int = Field(description="epoch ms")
    cost: float = Field(description="absence_cost of the catalogue: the sum over the agent's queues")
    queues: tuple[QueueCost, ...]


class Adherence(Contract):
    """Agents out of adherence, those first whose absence costs most now."""

    absences: tuple[Absence, ...]


# Voice menus


class FlowFigures(Contract):
    """Shares of calls that left the menu by an outcome."""

    containment: float | None
    ivr_loss_rate: float | None
    to_queue_rate: float | None


class FlowNode(Contract):
    """An end of links: the start, a node of the menu, a queue, or how a call ended. Menu nodes have figures."""

    id: str = Field(description='"start", a node, "queue:site/queue", "contained" or "lost", as links name them')
    kind: Literal["start", "node", "queue", "contained", "lost"]
    name: Text
    depth: int | None = Field(default=None, description="deepest at which callers reached it")
    width: int | None = Field(default=None, description="choices that callers hear, by the menu's definition")
    counts: NodeCounts | None = None
    repeats: int = Field(default=0, description="visits that went on from the node to itself: it was heard again")
    node_loss_rate: float | None = None
    node_fault_rate: float | None = None
    node_time_s: float | None = None


class FlowLink(Contract):
    """Calls that went from one end to the other."""

    source: str
    target: str
    value: int


class FlowSegment(Contract):
    """Calls of one customer segment; empty: of none."""

    segment: str
    counts: IvrCounts
    figures: FlowFigures


class FlowLimits(Contract):
    """What a menu's warnings hold it to."""

    levels: int = Field(description="nodes that callers reach after more levels are too deep")
    choices: int = Field(description="nodes with more choices are too wide")


class FlowDay(Contract):
    """A voice menu's local day or a half-hour of it, Sankey-ready: `nodes` and the `links` between them, by `id`."""

    flow: str
    name: Text
    date: str
    start: int | None = Field(description="of the half-hour that was asked for, epoch ms; None: the whole day")
    status: Status
    counts: IvrCounts
    figures: FlowFigures
    nodes: tuple[FlowNode, ...]
    links: tuple[FlowLink, ...]
    segments: tuple[FlowSegment, ...]
    lost_by_depth: dict[int, int] = Field(description="depth of the node → calls that hung up there")
    depth: int | None = Field(description="levels to the deepest node; None: the menu is not described")
    shortcut: int = Field(description="visits of nodes that lead past the menu")
    limits: FlowLimits
    warnings: tuple[MenuWarning, ...]


# Groups

GroupBy = Literal["channel", "segment", "dialled", "skill"]


class GroupView(Contract):
    """Contacts of a day that share a channel, a segment, a number dialled or a skill; each at its own target T."""

    key: str
    counts: Counts
    ratios: Ratios


class Groups(Contract):
    """A day's contacts of a scope, by one of their properties. Their counts add to the day's."""

    scope: str
    date: str
    by: GroupBy
    groups: tuple[GroupView, ...]
