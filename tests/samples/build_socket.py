"""Writes the golden socket messages, `tests/samples/socket/*.json`, that Python and TypeScript tests both read.

    python -m tests.samples.build_socket

The floor: site `bank` with two queues (one of them has had no contact yet), site `lisbon` with one. `after_update.json` is what
a client must hold after `snapshot.json` and then `update.json` (rule W8): items by `kind|id`.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from services.api.domain.answers import Alerts, Definitions, DefinitionView, Session, Tiles
from services.api.domain.ratios import outlook_of, ratios_of, share_by_definition
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.agents import AgentTile, AgentTotals
from services.contracts.alerts import Alert, AllOf, Compare, Matcher, Note, Rule, RuleView, Scope, Silence
from services.contracts.contingency import (
    ActionState,
    Effect,
    Measured,
    PlanAction,
    PlanDefinition,
    PlanLevel,
    PlanView,
)
from services.contracts.definitions import DEFAULT_SWITCHES, DEFINITIONS, Counts
from services.contracts.formulas import estimated_wait_s, mean_length
from services.contracts.metrics import Details
from services.contracts.moves import LoanedAgent, MoveTerms, MoveView, SideExpectation, SideMeasured
from services.contracts.socket import (
    AgentsNow,
    Bar,
    ChannelView,
    DayView,
    FeedView,
    Filters,
    Outlook,
    Ping,
    Pong,
    Resume,
    RunningView,
    Snapshot,
    SocketError,
    Subscribe,
    TeamView,
    TileView,
    Update,
)
from services.contracts.topology import Flow, Queue, Site, Text, Topology

FOLDER = Path(__file__).parent / "socket"

NINE = 917_247_600_000  # 1999-01-25 09:00 in Jerusalem (07:00 UTC)
LISBON_NINE = 1_795_424_400_000  # 2026-11-23 09:00 in Lisbon
HALF_HOUR = 1_800_000


def text(en: str, zh: str) -> Text:
    return Text(en=en, zh=zh)


def tile(  # noqa: PLR0917  # read beside its calls
    name: Text,
    tile_id: str,
    level: str,
    site: str | None,
    as_of: int,
    rolling: dict[int, Counts],
    *,
    target_s: int | None = 20,
    target_percent: float | None = 80.0,
    target_counts: Counts | None = None,
    oldest: int | None = None,
    freshness: str = "fresh",
    **more: Any,
) -> TileView:
    counts = target_counts or rolling[target_s or 20]
    return TileView.model_validate(
        {
            "id": tile_id,
            "level": level,
            "site": site,
            "name": name,
            "as_of": as_of,
            "target_s": target_s,
            "target_percent": target_percent,
            "definition": "offered",
            "target_counts": counts,
            "target_ratios": ratios_of(counts),
            "rolling": rolling,
            "ratios": {t: ratios_of(c) for t, c in rolling.items()},
            "waiting": counts.waiting,
            "oldest_offered_at": oldest,
            "freshness": freshness,
        }
        | more
    )


def bar(start: int, label: str, counts: Counts, status: str = "final") -> Bar:
    return Bar.model_validate(
        {
            "start": start,
            "label": label,
            "status": status,
            "offered": counts.offered,
            "answered": counts.answered,
            "abandoned": counts.abandoned,
            "answered_within": counts.answered_within,
            "service_level": share_by_definition(counts),
        }
    )


NOTHING = Counts()
# The first fixture of the definitions: 70 answered in T, 10 abandoned in T, none short, 20 late → Cisco 77.8, 70, 80 %.
PS_20 = Counts(
    offered=100, answered=90, abandoned=10, answered_within=70, abandoned_within=10, wait_answered_ms=1_215_000,
    wait_abandoned_ms=80_000, handled=85, talk_ms=15_300_000, hold_ms=850_000, wrap_up_ms=1_700_000,
)  # fmt: skip
PS_30 = PS_20.model_copy(update={"answered_within": 78})
LISBON_20 = Counts(
    offered=52, answered=45, abandoned=4, flowed_out=1, waiting=2, short_abandoned=2, answered_within=41, abandoned_within=3,
    short_abandoned_within=2, flowed_out_within=1, wait_answered_ms=405_000, wait_abandoned_ms=31_000, handled=44,
    talk_ms=9_240_000, hold_ms=220_000, wrap_up_ms=880_000,
)  # fmt: skip
LISBON_30 = LISBON_20.model_copy(update={"answered_within": 44})

AS_OF = NINE + 75 * 60_000
LISBON_AS_OF = LISBON_NINE + 75 * 60_000

PS = tile(text("Regular service", "普通服务"), "bank/PS", "queue", "bank", AS_OF, {20: PS_20, 30: PS_30})
IN = tile(
    text("Internet support", "网上银行支持"), "bank/IN", "queue", "bank", AS_OF - 40_000, {20: NOTHING, 30: NOTHING}
)
SALES = tile(
    text("Sales", "销售"), "lisbon/sales", "queue", "lisbon", LISBON_AS_OF, {20: LISBON_20, 30: LISBON_30},
    target_s=30, target_percent=90.0, oldest=LISBON_AS_OF - 48_500,
)  # fmt: skip
BANK = tile(text("Anonymous Bank", "匿名银行"), "bank", "site", "bank", AS_OF, {20: PS_20, 30: PS_30})
LISBON = tile(
    text("Lisbon", "里斯本"), "lisbon", "site", "lisbon", LISBON_AS_OF, {20: LISBON_20, 30: LISBON_30},
    target_s=30, target_percent=90.0, oldest=LISBON_AS_OF - 48_500,
)  # fmt: skip
ALL = tile(
    text("All sites", "全部站点"), "all", "all", None, LISBON_AS_OF, {20: PS_20 + LISBON_20, 30: PS_30 + LISBON_30},
    target_s=None, target_percent=None, target_counts=PS_20 + LISBON_30, oldest=LISBON_AS_OF - 48_500,
)  # fmt: skip

# The same queue with everything that is known of it: 48 have come since 10:00, of the two who wait one is lost.
RUNNING = Counts(
    offered=48, answered=42, abandoned=3, flowed_out=1, waiting=2, short_abandoned=1, answered_within=38, abandoned_within=2,
    short_abandoned_within=1, flowed_out_within=1, wait_answered_ms=380_000, wait_abandoned_ms=25_000, handled=40,
    talk_ms=8_400_000, hold_ms=200_000, wrap_up_ms=800_000,
)  # fmt: skip
AGENTS = {
    "by_state": {"available": 2, "not_ready:break": 1, "talking": 9, "wrap_up": 1},
    "signed_in": 13,
    "longest_available_since": LISBON_AS_OF - 21_000,
    "adherence": {"in": 11, "out": 1, "unscheduled": 1},
    "occupancy": 0.81,
    "utilisation": 0.68,
    "adherence_rate": 0.94,
    "conformance": 0.97,
    "shrinkage_planned": 0.12,
    "shrinkage_actual": 0.15,
}
SALES_WHOLE = SALES.model_copy(
    update={
        "revision": 4711,
        "ghosts": 1,
        "details": Details(
            rang=47, held=6, transferred_blind=2, transferred_consulted=1, inferred=1, objectives=52, objectives_met=50,
            flow_outs={"unknown": 1},
        ),
        "outlook": Outlook.model_validate(
            outlook_of(LISBON_30, DEFAULT_SWITCHES, lost=1, to_win=1, counted=False)
        ),
        "mean_length": mean_length(2_700_000),
        "estimated_wait_s": estimated_wait_s(2, LISBON_30),
        "running": RunningView.model_validate(
            {
                "start": LISBON_NINE + 2 * HALF_HOUR,
                "end": LISBON_NINE + 3 * HALF_HOUR,
                "label": "10:00",
                "counts": RUNNING,
                "ratios": ratios_of(RUNNING),
                "outlook": outlook_of(RUNNING, DEFAULT_SWITCHES, lost=1, to_win=1, counted=True),
                "mean_length": mean_length(1_350_000, 900_000),
                "earlier_offered": 43.5,
                "earlier_weeks": 4,
            }
        ),
        "agents": AgentsNow.model_validate(AGENTS),
        "channels": {
            "voice": ChannelView(
                target_s=30, target_percent=90.0, counts=LISBON_30, ratios=ratios_of(LISBON_30), waiting=2,
                oldest_offered_at=LISBON_AS_OF - 48_500,
            ),
            "chat": ChannelView(
                target_s=60, target_percent=80.0, counts=NOTHING, ratios=ratios_of(NOTHING), waiting=0, oldest_offered_at=None,
            ),
        },
    }
)  # fmt: skip
IBERIA = LISBON.model_copy(
    update={
        "id": "region:iberia",
        "level": "region",
        "site": None,
        "name": text("iberia", "iberia"),
        "freshness": "stale",
    }
)
SILENT = tile(
    text("Porto", "波尔图"),
    "porto",
    "site",
    "porto",
    LISBON_AS_OF - 3_600_000,
    {20: NOTHING, 30: NOTHING},
    freshness="no_feed",
)
TEAM = TeamView(
    id="lisbon/blue",
    site="lisbon",
    name=text("Blue", "蓝组"),
    as_of=LISBON_AS_OF,
    agents=AgentsNow.model_validate(AGENTS),
)
AGENT = AgentTile(
    id="lisbon-017", site="lisbon", team="lisbon/blue", name="Inês", queues=("lisbon/sales",), as_of=LISBON_AS_OF, offset=881,
    state="not_ready", reason="break", since=LISBON_AS_OF - 1_260_000, contact="", activity="break", planned="on_queue",
    next_planned="meal", next_change_at=LISBON_AS_OF + 5_400_000, adherence="out", adherence_since=LISBON_AS_OF - 180_000,
    date="2026-11-23",
    totals=AgentTotals(
        signed_in_ms=4_500_000,
        by_state_ms={"available": 600_000, "not_ready:break": 1_260_000, "talking": 2_340_000, "wrap_up": 300_000},
        by_activity_ms={"break": 1_260_000, "on_queue": 3_240_000},
        contacts=11,
        scheduled_ms=4_500_000,
        planned_ms={"break": 900_000, "on_queue": 3_600_000},
        adherent_ms=4_320_000,
        out_ms=180_000,
        worked_ms=3_240_000,
        scheduled_work_ms=3_600_000,
    ),
)  # fmt: skip

HALF_HOURS = (
    bar(NINE, "09:00", PS_20),
    bar(NINE + HALF_HOUR, "09:30", Counts(offered=80, answered=78, abandoned=2, short_abandoned=2, answered_within=74)),
    bar(
        NINE + 2 * HALF_HOUR,
        "10:00",
        Counts(offered=31, answered=28, abandoned=1, waiting=2, answered_within=25),
        "provisional",
    ),
)
PS_DAY = DayView(id="bank/PS", date="1999-01-25", bars=HALF_HOURS)
IN_DAY = DayView(id="bank/IN", date="1999-01-25", bars=())

FRESH = FeedView(
    id="anonymous-bank|bank", source="anonymous-bank", site="bank", at=AS_OF, rate=60.0, timezone="Asia/Jerusalem",
    freshness="fresh", age_s=0.0,
)  # fmt: skip
STALE = FeedView(
    id="simulator|lisbon", source="simulator", site="lisbon", at=LISBON_AS_OF, rate=1.0, timezone="Europe/Lisbon",
    freshness="stale", age_s=3.2,
)  # fmt: skip
NO_FEED = FeedView(
    id="asterisk|porto", source="asterisk", site="porto", at=LISBON_AS_OF - 3_600_000, rate=1.0, timezone="Europe/Lisbon",
    freshness="no_feed", age_s=30.4,
)  # fmt: skip
FIRING = Alert(
    id="low-service-level|bank/PS", rule="low-service-level", scope="bank/PS", scope_kind="queue", state="firing",
    since=AS_OF - 120_000, value=70.0, threshold=75.0, metric="service_level", severity="critical",
    name=text("Service level under 75 %", "服务水平低于 75%"),
)  # fmt: skip
PENDING = Alert(
    id="long-wait|lisbon", rule="long-wait", scope="lisbon", scope_kind="site", state="pending", since=LISBON_AS_OF - 3_000,
    value=48.5, threshold=45.0, metric="longest_wait_s", severity="warning",
    name=text("Longest wait over 45 s", "最长等待时间超过 45 秒"),
)  # fmt: skip
RESOLVED = FIRING.model_copy(update={"state": "resolved", "since": AS_OF + 60_000, "value": 81.0})
ACKNOWLEDGED = FIRING.model_copy(
    update={
        "revision": 4, "site": "bank", "episode": AS_OF - 180_000, "acknowledged_by": "ann", "acknowledged_at": AS_OF,
        "assignee": "ben", "notes": (Note(at=AS_OF, by="ann", text="Second line is called"),), "hidden_by": "silence:drill",
        "owner": "supervisor", "group": "bank", "link": "/queues/bank/PS",
    }
)  # fmt: skip
LATE = Alert(
    id=f"late-from-break|lisbon.ana|{LISBON_AS_OF - 180_000}", rule="late-from-break", scope="lisbon.ana", scope_kind="agent",
    state="firing", since=LISBON_AS_OF - 120_000, episode=LISBON_AS_OF - 180_000, value=7.5, cost=7.5, threshold=0,
    metric="absence_cost", severity="warning", site="lisbon", team="lisbon/red", owner="team_lead", revision=2,
    name=text("Late from break: Ana Dias", "休息超时未归：Ana Dias"), link="/team?team=lisbon/red",
    labels={
        "agent": "lisbon.ana", "name": "Ana Dias", "state": "not_ready", "reason": "break", "activity": "break",
        "planned": "on_queue",
    },
    handled="coached", handled_by="lea", handled_at=LISBON_AS_OF - 60_000,
)  # fmt: skip
LOW = Compare(metric="service_level", direction="below", threshold=75.0, clear=80.0, min_offered=20)
RULE = RuleView(
    id="low-service-level", revision=3, origin="person", changed_by="ann", changed_at=AS_OF,
    rule=Rule(
        id="low-service-level", name=text("Service level under 75 %", "服务水平低于 75%"), scope=Scope(kind="queue"), for_s=60,
        when=AllOf(all=(LOW, Compare(metric="waiting", direction="above", threshold=3))), severity="critical",
        runbook=text("Call the second line.", "通知二线支援。"), escalate_after_s=600,
    ),
)  # fmt: skip
SILENCE = Silence(
    id="drill", revision=1, matchers=(Matcher(name="site", match="bank"), Matcher(name="rule", match="low-*")),
    since=AS_OF, until=AS_OF + HALF_HOUR, reason="Fire drill", by="ann",
)  # fmt: skip
SURGE = PlanView(
    id="surge", revision=2, site="bank", level=1, since=AS_OF, activation="surge-1", cause="a storm",
    definition=PlanDefinition(
        id="surge", name=text("Surge", "话务高峰预案"), scope=Scope(kind="queue", match="bank/PS"),
        levels=(
            PlanLevel(
                name=text("Second line", "二线支援"), enter=LOW, expected_gain=4,
                actions=(PlanAction(id="call", kind="call_in", name=text("Call the second line", "通知二线")),),
            ),
        ),
    ),
    actions=(ActionState(action="call", level=1, state="done", by="ann", at=AS_OF),),
    effect=Effect(
        before=Measured(at=AS_OF, service_level=0.7, abandonment_rate=0.1, waiting=5, agents=12), expected_service_level=0.82
    ),
)  # fmt: skip
LOAN = MoveView(
    id="move-1", revision=3, state="effective", proposed_by="dora", proposed_at=AS_OF, decided_by="lia",
    decided_at=AS_OF + 30_000, effective_at=AS_OF + 60_000,
    terms=MoveTerms(
        giver="lisbon", taker="bank", queue="bank/PS", agents=("eva",), until=AS_OF + HALF_HOUR, reason="a storm",
        expected=(SideExpectation(queue="bank/PS", agents=12.0, service_level_before=0.7, service_level_after=0.78),),
    ),
    agents=(LoanedAgent(agent="eva", state="effective", queues=("lisbon/sales",), effective_at=AS_OF + 60_000),),
    measured=(
        SideMeasured(queue="bank/PS", service_level_before=0.7, service_level_after=0.76, at=AS_OF + 300_000),
        SideMeasured(queue="lisbon/sales", service_level_before=0.9, service_level_after=0.85, at=AS_OF + 300_000),
    ),
)  # fmt: skip

SNAPSHOT = Snapshot(
    epoch="f3a9c2d1",
    seq=12,
    items=(PS, IN, SALES, BANK, LISBON, ALL, PS_DAY, IN_DAY, FRESH, STALE, NO_FEED, FIRING, PENDING),
)
LOST = Counts(offered=1, waiting=1)  # has waited for 35 s, and waits on
PS_LATER = tile(
    text("Regular service", "普通服务"), "bank/PS", "queue", "bank", AS_OF + 60_000,
    {20: PS_20 + LOST, 30: PS_30 + LOST}, oldest=AS_OF + 25_000,
)  # fmt: skip
UPDATE = Update(
    seq=17,
    items=(
        PS_LATER,
        PS_DAY.model_copy(
            update={
                "bars": (
                    *HALF_HOURS[:2],
                    bar(
                        NINE + 2 * HALF_HOUR,
                        "10:00",
                        Counts(offered=33, answered=30, abandoned=1, waiting=2, answered_within=27),
                        "provisional",
                    ),
                )
            }
        ),
        FRESH.model_copy(update={"at": AS_OF + 60_000}),
        RESOLVED,
    ),
    removed=("alert|long-wait|lisbon",),
)


def held_after(snapshot: Snapshot, update: Update) -> dict[str, Any]:
    held = {f"{item.kind}|{item.id}": item for item in snapshot.items}
    held |= {f"{item.kind}|{item.id}": item for item in update.items}
    for key in update.removed:
        held.pop(key, None)
    return {key: json.loads(item.model_dump_json()) for key, item in sorted(held.items())}


MESSAGES: dict[str, BaseModel] = {
    "snapshot": SNAPSHOT,
    "update": UPDATE,
    "pong": Pong(),
    "error_bad_message": SocketError(code="bad_message", message="The first message must be a subscribe."),
    "error_unauthorised": SocketError(code="unauthorised", message="Sign in first."),
    "subscribe": Subscribe(),
    "subscribe_filtered": Subscribe(filters=Filters(sites=("bank",), kinds=("tile", "feed"))),
    "subscribe_resume": Subscribe(resume=Resume(epoch="f3a9c2d1", seq=12)),
    "ping": Ping(),
    "item_tile_queue": PS,
    "item_tile_queue_empty": IN,
    "item_tile_queue_waiting": SALES,
    "item_tile_site": BANK,
    "item_tile_all": ALL,
    "item_tile_queue_whole": SALES_WHOLE,
    "item_tile_region": IBERIA,
    "item_tile_no_feed": SILENT,
    "item_team": TEAM,
    "item_agent": AGENT,
    "item_day": PS_DAY,
    "item_day_empty": IN_DAY,
    "item_feed_fresh": FRESH,
    "item_feed_stale": STALE,
    "item_feed_no_feed": NO_FEED,
    "item_alert_firing": FIRING,
    "item_alert_pending": PENDING,
    "item_alert_resolved": RESOLVED,
    "item_alert_acknowledged": ACKNOWLEDGED,
    "item_rule": RULE,
    "item_silence": SILENCE,
    "item_limits": AdherenceLimitsView(),
    "item_alert_adherence": LATE,
    "item_plan": SURGE,
    "item_move": LOAN,
    "rest_tiles": Tiles(epoch="f3a9c2d1", seq=12, tiles=(PS, IN, BANK)),
    "rest_alerts": Alerts(alerts=(FIRING, PENDING)),
    "rest_session": Session(mode="signed_in", role="supervisor", sites=None),
    "rest_definitions": Definitions(
        definitions=tuple(
            DefinitionView(name=d.name, formula=d.formula, formula_zh=d.formula_zh, source=d.source) for d in DEFINITIONS.values()
        )
    ),
    "rest_topology": Topology(
        sites=(
            Site(id="bank", name=text("Anonymous Bank", "匿名银行"), timezone="Asia/Jerusalem"),
            Site(id="lisbon", name=text("Lisbon", "里斯本"), timezone="Europe/Lisbon"),
        ),
        queues=(
            Queue(id="bank/PS", name=text("Regular service", "普通服务")),
            Queue(id="bank/IN", name=text("Internet support", "网上银行支持")),
            Queue(id="lisbon/sales", name=text("Sales", "销售"), target_s=30, target_percent=90.0),
        ),
        flows=(Flow(id="bank/main", name=text("Main menu", "主菜单")),),
    ),
}  # fmt: skip


def files() -> dict[str, str]:
    """File name → text."""
    contents = {name: json.loads(message.model_dump_json()) for name, message in MESSAGES.items()}
    contents["after_update"] = held_after(SNAPSHOT, UPDATE)
    return {
        f"{name}.json": json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in contents.items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file_name, content in files().items():
        (FOLDER / file_name).write_text(content, encoding="utf-8")
