"""Every metric of the catalogue at every scope is, in a rule, the figure that the API shows of the same floor."""

from random import Random
from typing import Any

import pytest

from services.alerts.domain.floor import Floor
from services.alerts.domain.values import AgentNow, FlowNow, QueueNow
from services.api.domain.directory import Directory
from services.api.domain.menus import flow_day
from services.api.domain.rosters import absences, queue_cost, shares_of
from services.api.domain.staff import Group, Staff
from services.api.domain.tiles import Tiles
from services.contracts.agents import AgentTile, AgentTotals
from services.contracts.alerts import Compare
from services.contracts.catalogue import BY_ID
from services.contracts.comparing import NOT_KNOWN, faults, metrics_of
from services.contracts.definitions import DEFINITION_NAMES, Counts
from services.contracts.metrics import ChannelNow, Details, IvrCounts, IvrInterval, NodeCounts, Running, Tile
from services.contracts.topology import Description, Flow, MenuChoice, MenuNode, Queue, Site, Text, record_key
from tests.unit.alerts.floor import look

NOW = 1_780_000_000_000 - 1_780_000_000_000 % 1_800_000 + 600_000
DATE = "2026-05-28"
SITES = {"lisbon": "iberia", "porto": "iberia", "bank": ""}
QUEUES = ("lisbon/A", "lisbon/B", "porto/A", "bank/PS")


def name(text: str) -> Text:
    return Text(en=text, zh=text)


MENU = Flow(
    id="lisbon/main", name=name("main"),
    nodes=(
        MenuNode(id="top", name=name("top"), choices=(MenuChoice(key="1", to="vip"), MenuChoice(key="2", to="end"))),
        MenuNode(id="vip", name=name("vip"), shortcut=True, choices=(MenuChoice(key="1", to="lisbon/A"),)),
    ),
)  # fmt: skip
DESCRIBED: list[Description] = [
    *(Site(id=id_, name=name(id_), timezone="UTC", region=region) for id_, region in SITES.items()),
    *(Queue(id=id_, name=name(id_)) for id_ in QUEUES),
    MENU,
]


def counts(luck: Random) -> Counts:
    answered, abandoned, out, waiting = (luck.randint(1, 9) for _ in range(4))
    short = luck.randint(0, abandoned)
    return Counts(
        offered=answered + abandoned + out + waiting, answered=answered, abandoned=abandoned, flowed_out=out,
        waiting=waiting, short_abandoned=short, answered_within=luck.randint(0, answered), abandoned_within=abandoned,
        short_abandoned_within=short, wait_answered_ms=luck.randint(0, 99_999), wait_abandoned_ms=luck.randint(0, 9999),
        handled=answered, talk_ms=luck.randint(0, 99_999), hold_ms=luck.randint(0, 9999), wrap_up_ms=luck.randint(0, 999),
    )  # fmt: skip


def tile(id_: str, luck: Random) -> Tile:
    waiting = luck.randint(1, 5)
    numbers = {field: luck.randint(1, 9) for field in Details.model_fields if field not in {"flow_outs", "objectives"}}
    return Tile(
        id=id_, as_of=NOW, offset=1, target_s=20, target_percent=80, definition=luck.choice(DEFINITION_NAMES),
        rolling={20: counts(luck), 30: counts(luck)}, target=luck.choice([None, counts(luck)]), waiting=waiting,
        waiting_within=luck.randint(0, waiting), oldest_offered_at=NOW - luck.randint(1, 400_000),
        waiting_ms=luck.randint(0, 9_999_999), ghosts=luck.randint(0, 3),
        details=Details(objectives=20, flow_outs={"timeout": 2, "unknown": luck.randint(1, 4)}, **numbers),
        running=Running(start=NOW - 600_000, end=NOW + 1_200_000, date=DATE, label="", counts=counts(luck),
                        waiting_within=0, waiting_ms=5),
        channels={"chat": ChannelNow(target_s=60, target_percent=90, counts=counts(luck), waiting=luck.randint(0, 3),
                                     oldest_offered_at=NOW - luck.randint(1, 99_999))},
    )  # fmt: skip


def agent(number: int, luck: Random) -> AgentTile:
    site = luck.choice(list(SITES))
    state = luck.choice(["available", "talking", "wrap_up", "not_ready", "offline"])
    times = {key: luck.randint(1, 9_999_999) for key in ("worked_ms", "adherent_ms", "out_ms", "scheduled_work_ms")}
    return AgentTile(
        id=f"a{number}", site=site, team=f"{site}/blue", name="", queues=(next(q for q in QUEUES if q.startswith(site)),),
        as_of=NOW - luck.randint(0, 60_000), offset=1, state=state, reason="break" if state == "not_ready" else "",
        since=NOW - luck.randint(60_000, 999_999), contact="",
        activity="on_queue" if state in {"available", "talking", "wrap_up"} else "break", planned="on_queue",
        next_planned=None, next_change_at=None, adherence=luck.choice(["in", "out", "unscheduled", "unknown"]),
        adherence_since=NOW - 70_000, date=DATE,
        totals=AgentTotals(
            signed_in_ms=20_000_000, by_state_ms={"talking": luck.randint(1, 9_999_999), "available": 5_000_000},
            contacts=luck.randint(1, 40), planned_ms={"on_queue": 15_000_000, "break": 900_000}, **times,
        ),
    )  # fmt: skip


def calls(luck: Random) -> IvrInterval:
    contained, lost, to_queue, inside = (luck.randint(1, 9) for _ in range(4))
    entered = contained + lost + to_queue + inside
    each = {"contained": contained, "lost": lost, "to_queue": to_queue, "inside": inside, "entered": entered}
    node = NodeCounts(**each, invalid=3, timeouts=luck.randint(0, 5), time_ms=luck.randint(1, 99_999), depth=1)
    return IvrInterval(
        id="x", scope=MENU.id, start=NOW - 600_000, end=NOW + 1_200_000, date=DATE, label="", status="provisional",
        revision=1, counts=IvrCounts(**each), nodes={"top": node, "vip": node},
    )  # fmt: skip


class Made:
    """The same floor as the desk holds it and as the API shows it."""

    def __init__(self, seed: int) -> None:
        luck = Random(seed)
        self.desk, directory = Floor(), Directory()
        directory.describe(DESCRIBED, complete=True)
        self.desk.described = {record_key(one): one for one in DESCRIBED}
        tiles, self.staff = Tiles(directory), Staff(directory)
        clocks = dict.fromkeys(SITES, NOW)
        self.desk.clocks.sites.update(clocks)
        for id_ in QUEUES:
            one = tile(id_, luck)
            tiles.take(one)
            self.desk.queues[id_] = QueueNow.of(one)
            self.desk.of_site[id_.partition("/")[0]].append(id_)
        self.agents = [agent(number, luck) for number in range(30)]
        for someone in self.agents:
            self.staff.take(someone)
            self.desk.staff.take(someone.id, AgentNow.of(someone))
        for site in SITES:
            self.staff.turn(site, DATE)
        self.staff.hear(clocks, frozenset())
        self.staff.settle()
        half = calls(luck)
        self.desk.flows[MENU.id] = FlowNow.of(half)
        self.menu = flow_day(MENU, DATE, [half])
        shown = tiles.changed(clocks, dict.fromkeys(SITES, "fresh"))
        self.views: dict[str, Any] = {id_: view for id_, _, view in shown}
        self.costs = {
            row.agent: row.cost
            for row in absences(self.agents, self.staff, lambda q: queue_cost(q, self.staff, tiles.held[q], directory.switches(q)))
        }  # fmt: skip

    def view(self, kind: str, scope: str) -> Any:
        return self.views[f"region:{scope}" if kind == "region" else scope]

    def crowd(self, kind: str, scope: str) -> Any:
        if kind in {"queue", "site", "team"}:
            return self.staff.now(Group(kind, scope))  # type: ignore[arg-type]
        return self.staff.together(SITES if kind == "all" else [s for s, region in SITES.items() if region == scope])

    def shown(self, metric: str, kind: str, scope: str, part: str) -> Any:
        theme = BY_ID[metric].theme
        if theme == "ivr":
            return self._of_menu(metric, kind, scope)
        if kind == "agent":
            return self._of_agent(metric, scope)
        if theme in {"agents", "adherence"}:
            return self._of_crowd(metric, self.crowd(kind, scope), part)
        return _of_view(metric, self.view(kind, scope))

    def _of_menu(self, metric: str, kind: str, scope: str) -> Any:
        menu = self.menu
        if scope in {"porto", "bank"}:
            return None  # no menu there
        if kind == "node":
            return getattr(next(node for node in menu.nodes if node.id == scope.partition("#")[2]), metric)
        whole = {"entered": menu.counts.entered, "depth": menu.depth, "shortcut": menu.shortcut}
        return whole[metric] if metric in whole else getattr(menu.figures, metric)

    def _of_agent(self, metric: str, scope: str) -> Any:
        someone = next(one for one in self.agents if one.id == scope)
        if metric == "contacts":
            return someone.totals.contacts
        if metric == "absence_cost":
            return self.costs.get(scope, 0)
        figures = shares_of(self.staff.time_of(someone), someone.totals.contacts)
        return getattr(figures, {"agent_aht_s": "aht_s"}.get(metric, metric))

    @staticmethod
    def _of_crowd(metric: str, crowd: Any, part: str) -> Any:
        if crowd is None:
            return None  # nobody serves it
        if metric == "longest_available_since" and crowd[metric] is None:
            return NOW  # nobody is available: for 0 s, in a rule
        return crowd[metric].get(part, 0) if part else crowd[metric]


def _of_view(metric: str, view: Any) -> Any:
    if metric.startswith("service_level."):
        return view["target_ratios"]["service_level"][metric.partition(".")[2]]
    if metric.startswith("outlook."):
        found = view["outlook"][metric.partition(".")[2]]
        return found[view["definition"]] if isinstance(found, dict) else found
    if metric == "response_rate":
        return view["details"].objectives_met / view["details"].objectives
    for figures in (view, view["target_ratios"]):
        if metric in figures:
            return figures[metric]
    return getattr(view["target_counts" if metric in Counts.model_fields else "details"], metric)


SCOPES = {
    "queue": QUEUES, "site": tuple(SITES), "region": ("iberia",), "all": ("all",), "team": ("lisbon/blue",),
    "agent": ("a0", "a1", "a2"), "flow": (MENU.id,), "node": (f"{MENU.id}#top", f"{MENU.id}#vip"),
}  # fmt: skip
PARTS = {"by_state": ("available", "not_ready:break"), "adherence": ("out", "in")}
CASES = [
    (metric.id, kind)
    for metric in BY_ID.values()
    for kind in SCOPES
    if kind in metric.scopes and metric.id not in NOT_KNOWN
]


@pytest.mark.parametrize(("metric", "kind"), CASES)
def test_a_rule_reads_the_figure_that_the_api_shows(metric: str, kind: str) -> None:
    for seed in range(5):
        made = Made(seed)
        for scope in SCOPES[kind]:
            for part in PARTS.get(metric, ("",)):
                compare = Compare(metric=metric, part=part, direction="above", threshold=0)
                assert faults(compare, kind) == []
                found = look(compare, scope, kind, made.desk).at(NOW).value  # type: ignore[arg-type]
                shown = made.shown(metric, kind, scope, part)
                if shown is not None and BY_ID[metric].unit == "share":
                    shown *= 100
                elif shown is not None and BY_ID[metric].unit == "time":
                    shown = (NOW - shown) / 1000
                assert found == (None if shown is None else pytest.approx(shown)), (seed, scope, part)


@pytest.mark.parametrize("metric", metrics_of("queue"))
def test_one_channel_of_a_queue(metric: str) -> None:
    made = Made(1)
    compare = Compare(metric=metric, channel="chat", direction="above", threshold=0)
    if any(fault.startswith(("channel: ", "part: ")) for fault in faults(compare, "queue")):
        return
    shown = made.views["lisbon/A"]["channels"]["chat"]
    id_ = {"longest_wait_s": "oldest_offered_at", "queue_length": "waiting"}.get(metric, metric)
    level = shown["ratios"]["service_level"]
    if metric.startswith("service_level"):
        own = made.views["lisbon/A"]["definition"]
        expected = level[own if metric == "service_level" else metric.partition(".")[2]]
    elif id_ in shown:
        expected = shown[id_]
    else:
        expected = shown["ratios"].get(id_, getattr(shown["counts"], id_, None))
    if BY_ID[id_ if id_ in BY_ID else "service_level.offered"].unit == "share":
        expected *= 100
    if id_ == "oldest_offered_at":
        expected = (NOW - expected) / 1000

    assert look(compare, "lisbon/A", "queue", made.desk).at(NOW).value == pytest.approx(expected)
