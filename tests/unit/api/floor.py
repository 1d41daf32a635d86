"""A small made-up floor for the API's tests, and clients that hold what they were sent."""

import json
from dataclasses import dataclass, field
from typing import Any

from services.api.domain.access import Sight
from services.api.domain.audience import Audience, Seat
from services.contracts.agents import AdherenceState, AgentDay, AgentTile, AgentTotals
from services.contracts.alerts import Alert, AlertState, Compare, Matcher, Rule, RuleView, Scope, ScopeKind, Silence
from services.contracts.contingency import PlanDefinition, PlanLevel, PlanView
from services.contracts.definitions import Counts, DefinitionName
from services.contracts.events import AgentState
from services.contracts.metrics import FeedClock, Interval, IvrCounts, IvrInterval, Status, Tile, interval_id
from services.contracts.moves import MoveState, MoveTerms, MoveView
from services.contracts.socket import Resume
from services.contracts.topology import Queue, Site, Text

NINE = 917_247_600_000  # 1999-01-25 09:00 in Jerusalem
TODAY = "1999-01-25"
HALF_HOUR = 1_800_000
MINUTE = 60_000


def counts(offered: int = 0, answered: int = 0, within: int = 0, *, waiting: int = 0) -> Counts:
    """`offered` callers, of them `answered`, `within` T; `waiting` still wait, the others abandoned."""
    return Counts(
        offered=offered,
        answered=answered,
        answered_within=within,
        waiting=waiting,
        abandoned=offered - answered - waiting,
        wait_answered_ms=answered * 10_000,
    )


def tile(
    queue: str = "bank/PS",
    *,
    offset: int = 1,
    as_of: int = NINE,
    at_20: Counts | None = None,
    at_30: Counts | None = None,
    target_s: int = 20,
    target_percent: float = 80.0,
    definition: DefinitionName = "offered",
    waiting: int = 0,
    oldest: int | None = None,
) -> Tile:
    return Tile(
        id=queue,
        as_of=as_of,
        offset=offset,
        target_s=target_s,
        target_percent=target_percent,
        definition=definition,
        rolling={20: at_20 or counts(), 30: at_30 or at_20 or counts()},
        waiting=waiting,
        oldest_offered_at=oldest,
    )


def half_hour(
    queue: str = "bank/PS",
    *,
    start: int = NINE,
    label: str = "09:00",
    date: str = TODAY,
    at_20: Counts | None = None,
    at_30: Counts | None = None,
    revision: int = 1,
    status: Status = "provisional",
) -> Interval:
    return Interval(
        id=interval_id(queue, start),
        scope=queue,
        start=start,
        end=start + HALF_HOUR,
        date=date,
        label=label,
        status=status,
        revision=revision,
        by_threshold={20: at_20 or counts(), 30: at_30 or at_20 or counts()},
    )


def ivr_half_hour(flow: str = "bank/main", *, start: int = NINE, label: str = "09:00", entered: int = 0) -> IvrInterval:
    return IvrInterval(
        id=interval_id(flow, start),
        scope=flow,
        start=start,
        end=start + HALF_HOUR,
        date=TODAY,
        label=label,
        status="provisional",
        revision=1,
        counts=IvrCounts(entered=entered, inside=entered),
    )


def clock(
    at: int = NINE,
    *,
    source: str = "acd",
    site: str = "bank",
    topic: str = "contacts",
    partition: int = 0,
    rate: float = 1.0,
) -> FeedClock:
    return FeedClock(id=f"{source}|{site}|{topic}|{partition}", source=source, site=site, at=at, rate=rate)


def alert(
    scope: str = "bank/PS",
    *,
    rule: str = "low",
    state: AlertState = "firing",
    since: int = NINE,
    scope_kind: ScopeKind = "queue",
    value: float = 70.0,
    revision: int = 0,
    site: str | None = None,
    team: str = "",
) -> Alert:
    return Alert(
        revision=revision,
        site=site,
        team=team,
        id=f"{rule}|{scope}",
        rule=rule,
        scope=scope,
        scope_kind=scope_kind,
        state=state,
        since=since,
        value=value,
        threshold=75.0,
        metric="service_level",
        severity="warning",
        name=Text(en="Low", zh="低"),
    )


FEW_SERVED = Compare(metric="service_level", direction="below", threshold=75.0)


def rule(id_: str = "low", *, match: str = "bank/*", kind: ScopeKind = "queue", for_s: float = 60) -> Rule:
    return Rule(id=id_, name=Text(en=id_, zh=id_), scope=Scope(kind=kind, match=match), when=FEW_SERVED, for_s=for_s)


def rule_view(
    id_: str = "low", *, revision: int = 1, match: str = "bank/*", kind: ScopeKind = "queue", for_s: float = 60
) -> RuleView:
    return RuleView(
        id=id_,
        revision=revision,
        rule=rule(id_, match=match, kind=kind, for_s=for_s),
        origin="file",
        changed_by="floorwatch",
        changed_at=NINE,
    )


def silence(id_: str = "s1", *, revision: int = 1, match: str = "bank", name: str = "site") -> Silence:
    return Silence(
        id=id_,
        revision=revision,
        matchers=(Matcher(name=name, match=match),),
        since=NINE,
        until=NINE + MINUTE,
        reason="drill",
        by="ann",
    )


def plan_view(id_: str = "surge", *, revision: int = 1, match: str = "bank/PS", kind: ScopeKind = "queue") -> PlanView:
    levels = (PlanLevel(name=Text(en="Second line", zh="二线"), enter=FEW_SERVED),)
    definition = PlanDefinition(
        id=id_, name=Text(en=id_, zh=id_), scope=Scope(kind=kind, match=match), levels=levels
    )  # fmt: skip
    return PlanView(id=id_, revision=revision, definition=definition)


def move_view(
    id_: str = "m1", *, revision: int = 1, giver: str = "porto", taker: str = "bank", state: MoveState = "proposed"
) -> MoveView:
    terms = MoveTerms(giver=giver, taker=taker, queue=f"{taker}/PS", agents=("ann",), until=NINE + MINUTE)
    return MoveView(id=id_, revision=revision, state=state, terms=terms, proposed_by="dora", proposed_at=NINE)


def agent(
    id_: str = "ann",
    *,
    site: str = "bank",
    team: str = "bank/blue",
    queues: tuple[str, ...] = ("bank/PS",),
    as_of: int = NINE,
    offset: int = 1,
    state: AgentState = "talking",
    reason: str = "",
    since: int = NINE,
    activity: str = "on_queue",
    planned: str | None = "on_queue",
    adherence: AdherenceState = "in",
    date: str = TODAY,
    totals: AgentTotals | None = None,
) -> AgentTile:
    return AgentTile(
        id=id_,
        site=site,
        team=team,
        name=id_.title(),
        queues=queues,
        as_of=as_of,
        offset=offset,
        state=state,
        reason=reason,
        since=since,
        contact="",
        activity=activity,
        planned=planned,
        next_planned=None,
        next_change_at=None,
        adherence=adherence,
        adherence_since=since,
        date=date,
        totals=totals or AgentTotals(),
    )


def agent_day(id_: str = "ann", *, team: str = "bank/blue", date: str = TODAY, totals: AgentTotals) -> AgentDay:
    site = team.partition("/")[0]
    return AgentDay(
        id=f"{id_}|{date}", agent=id_, site=site, team=team, date=date, status="final", revision=1, totals=totals
    )


BANK = Site(id="bank", name=Text(en="Anonymous Bank", zh="匿名银行"), timezone="Asia/Jerusalem")
PS = Queue(id="bank/PS", name=Text(en="Regular service", zh="普通服务"))


EVERYTHING = Sight()


@dataclass(eq=False)
class Client:
    """A client on a wire that has room or has not; it holds items as the pages do."""

    has_room: bool = True
    buffered: int = 0
    epoch: str = ""
    seq: int = 0
    held: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    dropped: str | None = None
    seat: Seat | None = None

    def write(self, frame: bytes) -> None:
        assert self.has_room, "written to a full socket"
        message = json.loads(frame)
        self.messages.append(message)
        if message["type"] == "snapshot":
            self.epoch, self.held = message["epoch"], {}
        assert message["seq"] >= self.seq or message["type"] == "snapshot"
        self.seq = message["seq"]
        for item in message["items"]:
            self.held[f"{item['kind']}|{item['id']}"] = item
        for key in message.get("removed", ()):
            self.held.pop(key, None)

    def drop(self, farewell: bytes, reason: str) -> None:
        assert json.loads(farewell)["code"] == reason
        self.dropped = reason

    def join(
        self, audience: Audience, sight: Sight = EVERYTHING, *, now: float = 0.0, resume: bool = False
    ) -> "Client":
        self.seat = audience.join(self, sight, Resume(epoch=self.epoch, seq=self.seq) if resume else None, now)
        return self

    @property
    def last(self) -> dict[str, Any]:
        return self.messages[-1]

    def ids(self) -> list[str]:
        """`kind|id` of the last message's items."""
        return [f"{item['kind']}|{item['id']}" for item in self.last["items"]]
