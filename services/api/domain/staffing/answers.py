"""Bodies of what the model answers: what-if, suggestions, and how planning is reported."""

from typing import Literal

from pydantic import Field

from services.contracts.definitions import DefinitionName
from services.contracts.events import AgentState
from services.contracts.live_load import Source
from services.contracts.moves import SideExpectation
from services.contracts.staffing import Model
from services.contracts.topology import Contract, Text

LIMITS = Text(
    en="Erlang A in its steady state: it knows neither who waits now nor how long a change takes to be felt. Arrivals "
    "are Poisson, handling and patience exponential, agents alike. Who serves several queues is shared out so that "
    "these are equally busy. Flow-outs, callers who call again and several chats at once are not in it.",
    zh="采用 Erlang A 稳态模型：不考虑当前正在排队的人，也不考虑变化多久才显现。假定来电服从泊松分布，处理时长和"
    "耐心时间服从指数分布，座席能力相同。服务多个队列的座席按各队列同样繁忙分摊。未计入溢出、重复来电和同时处理多个会话。",
)


class Basis(Contract):
    """A number that the model starts from: where from, and from how many contacts. Without a value `why` says why."""

    value: float | None
    contacts: int = 0
    source: Source
    why: str = ""


class LiveAgents(Contract):
    """Agents who serve a queue, by what they do now. `effective`: fractions of those who serve other queues too."""

    signed_in: int
    ready: int
    on_contact: int
    away: int
    effective: float


class ModelOutcome(Contract):
    """What the model expects. Shares 0…1. `stable` false: without abandonment the queue grows for ever."""

    agents: float
    stable: bool
    service_level: float | None
    abandonment_rate: float | None
    asa_s: float | None
    occupancy: float | None
    mean_queue: float | None


class Variation(Contract):
    """One thing other than it is."""

    change: Literal["agents", "aht", "arrivals"]
    by: float = Field(description="agents: how many more; the others: share, such as 0.1 for 10 % more")
    arrivals_per_hour: float
    aht_s: float
    expected: ModelOutcome


class NeededAgents(Contract):
    """The fewest agents that keep the target and the occupancy cap; `rostered` with shrinkage. None: no number does."""

    model: Model
    agents: int | None
    by: Literal["service_level", "occupancy"]
    rostered: int | None
    service_level: float | None
    occupancy: float | None


class WhatIf(Contract):
    """A queue as the model sees it, and what would be if something were otherwise. `why`: what keeps it from telling.

    `start` and `date`: of the past half-hour that was asked for; None: now.
    """

    queue: str
    site: str
    as_of: int | None
    date: str | None = None
    start: str | None = Field(default=None, description="local time, HH:MM")
    target_s: int
    target_percent: float
    definition: DefinitionName
    arrivals_per_hour: Basis
    aht_s: Basis
    patience_s: Basis
    agents: float | None
    agents_from: Literal["live", "given", "implied", "none"]
    staff: LiveAgents | None
    measured_service_level: float | None
    erlangs: float | None
    model: Model | None
    occupancy_cap: float
    shrinkage: float
    shrinkage_from: Literal["measured", "given", "none"]
    needed: tuple[NeededAgents, ...] = ()
    now: ModelOutcome | None = None
    variations: tuple[Variation, ...] = ()
    why: str = ""
    limits: Text = LIMITS


class Balance(Contract):
    """A queue's agents against what its target needs.

    `agents` None: no feed tells of them. `surplus` below 0: so many are missing.
    """

    queue: str
    site: str
    region: str
    skill: str
    name: Text
    agents: float | None
    needed: int | None
    surplus: float | None
    target: float
    service_level: float | None = Field(description="measured in the rolling half-hour")
    expected_service_level: float | None
    waiting: int
    why: str = ""


class SuggestedStep(Contract):
    """So many agents moved: what the model expects of the taking queue and of every queue that gives."""

    agents: int
    taker: SideExpectation
    givers: tuple[SideExpectation, ...]
    gain_per_hour: float = Field(description="contacts an hour more in time at the taking queue")
    cost_per_hour: float = Field(description="contacts an hour fewer in time at the giving site")
    saved_per_hour: float = Field(description="contacts an hour fewer that are abandoned, both sides together")


class ProposedAgent(Contract):
    """Somebody who could go. `free_until`: when their plan takes them off work next (epoch ms); None: not known."""

    id: str
    name: str
    team: str
    state: AgentState
    queues: tuple[str, ...]
    free_until: int | None


class Suggestion(Contract):
    """A site that can help a queue. `agents`: how many are suggested, those in `proposed`; `steps`: 0…N of them.

    Suggested are the fewest that reach the target, else those that bring most contacts in time, both sides together; a
    queue so overrun that nobody is in time either way gets as many as save callers from giving up. `limited_by`: more
    would put the giver under its floor, there are no more candidates, more would gain less, or the target is reached.
    """

    id: str
    giver: str
    taker: str
    queue: str
    skill: str
    agents: int
    proposed: tuple[ProposedAgent, ...]
    candidates: int
    steps: tuple[SuggestedStep, ...]
    gain_per_hour: float
    cost_per_hour: float
    saved_per_hour: float
    reaches_target: bool
    limited_by: Literal["floor", "candidates", "gain", "target"]


class Suggestions(Contract):
    """Who can give how many agents to whom now, best first; each by itself, on the floor as it is.

    `passed_over`: agents with the skill who are not counted, and why.
    """

    as_of: dict[str, int] = Field(description="site → its clock, epoch ms")
    suggestions: tuple[Suggestion, ...]
    balance: tuple[Balance, ...]
    passed_over: dict[Literal["away", "leaves_soon", "on_a_move", "silent_feed"], int]
    limits: Text = LIMITS


class FaultyHalfHour(Contract):
    """A half-hour in which a plan fires on most days. `missing_agents`: mean of those days; None: no load is known."""

    label: str = Field(description="local time, HH:MM")
    fired_days: int
    days: int
    share: float
    missing_agents: float | None
    dates: tuple[str, ...]
    why: str = ""


class PlanReport(Contract):
    """How often a plan fired, and whether that is a fault of planning: plans are for emergencies.

    A half-hour is faulty if the plan fired in it (was proposed or activated) on more than half of `days` days, three
    at least. `half_hours` has every half-hour in which it fired, those of most days first.
    """

    plan: str
    timezone: str
    days: int
    first_date: str | None
    last_date: str | None
    fired: int
    planning_fault: bool
    half_hours: tuple[FaultyHalfHour, ...]
    message: Text
