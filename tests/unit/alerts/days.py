"""Days at a desk, for Hypothesis: tiles, agents, menus, clocks, ticks, descriptions and what people do.

Everything is small, so that it meets: two sites in one region, four queues, three agents of two teams, one menu. Times
leap by seconds, and now and then by hours, over midnight and over weeks.
"""

from typing import Any

from hypothesis import strategies as st

from services.contracts.agents import AgentTile, AgentTotals
from services.contracts.definitions import Counts
from services.contracts.desk import AnyCommand, Described, News
from services.contracts.metrics import HALF_HOUR_MS, ChannelNow, IvrCounts, IvrInterval, NodeCounts, Running, Tile
from services.contracts.topology import Activities, Activity, Description, Queue, Site, Text
from tests.unit.alerts.floor import NAME, clock, command, import_rules, rule, rules, tick

START = 1_780_271_100  # 2026-05-31, 23:45 UTC: midnight and the last day of a month are near
PS, NW, SALES = "bank/PS", "bank/NW", "lisbon/sales"
QUEUES = (PS, NW, SALES)
SITES = ("bank", "lisbon")
AGENTS = ("ana", "rui")
TEAMS = ("bank/blue", "lisbon/red")

RULES = rules(
    rule(id="length", for_s=5, inhibits=["late"], group_by="none"),
    rule(id="now", escalate_after_s=20),
    rule(id="keep", keep_firing_for_s=30, no_data_after_s=60, threshold=8),
    rule(id="late", metric="service_level", direction="below", threshold=60, clear=70, no_data_after_s=20, min_offered=2),
    rule(id="wait", metric="longest_wait_s", threshold=8, clear=4, for_s=2, scope="site"),
    rule(id="grown", against="change", over_s=40, threshold=4, clear=2),
    rule(id="grown-all", scope="all", against="change", over_s=60, threshold=6, clear=3, for_s=3),
    rule(id="week", metric="offered", against="last_week", threshold=120, clear=100),
    rule(id="hours", windows=[{"start": "23:50", "end": "00:10", "days": ["sun", "mon", "tue"]}], threshold=5),
    rule(id="busy", metric="occupancy", scope="team", threshold=50, clear=40, for_s=10),
    rule(id="crew", metric="occupancy", scope="queue", threshold=60, clear=30, no_data_after_s=5),
    rule(id="cost", metric="absence_cost", scope="agent", threshold=0.2, clear=0.1),
    rule(id="signed", metric="signed_in", scope="region", direction="below", threshold=2, clear=2, for_s=4),
    rule(id="free", metric="longest_available_since", scope="all", threshold=60, clear=30),
    rule(id="menu", metric="entered", scope="flow", threshold=5, clear=2),
    rule(id="node", metric="node_loss_rate", scope="node", threshold=30, clear=20, no_data_after_s=30),
    rule(id="lost", metric="ivr_loss_rate", scope="all", threshold=30, clear=20),
    rule(
        id="both", scope="site", keep_firing_for_s=3,
        when={"any": [{"metric": "waiting", "direction": "above", "threshold": 20, "clear": 10},
                      {"all": [{"metric": "longest_wait_s", "direction": "above", "threshold": 5, "clear": 2},
                               {"metric": "signed_in", "direction": "below", "threshold": 1}]}]},
    ),
)  # fmt: skip


def _level(threshold: float, **more: Any) -> dict[str, Any]:
    enter = {"metric": "waiting", "direction": "above", "threshold": threshold, "clear": 4}
    leave = {"metric": "waiting", "direction": "below", "threshold": 3}
    return {"name": NAME, "enter": enter, "enter_for_s": 5, "leave": leave, "leave_for_s": 5} | more


GROWTH = {"metric": "waiting", "direction": "above", "against": "change", "over_s": 40, "threshold": 4, "clear": 2}
PLANS: tuple[dict[str, Any], ...] = (
    {"id": "peak", "name": NAME, "scope": {"kind": "queue", "match": PS}, "levels": [_level(7), _level(10)]},
    {
        "id": "all", "name": NAME, "scope": {"kind": "all", "match": "*"},
        "levels": [_level(9, automatic=True, enter=GROWTH), _level(15, automatic=True)],
    },
)  # fmt: skip


def _counts(offered: int, good: int) -> Counts:
    good = min(good, offered)
    return Counts(offered=offered, answered=good, answered_within=good, wait_answered_ms=good * 3000)


def tile(queue: str, at: int, waiting: int, ago: int, calls: tuple[int, int]) -> Tile:
    offered, good = calls
    now, counts = at * 1000, _counts(offered, good)
    start = now - now % HALF_HOUR_MS
    running = Running(start=start, end=start + HALF_HOUR_MS, date="", label="", counts=counts, waiting_within=0,
                      waiting_ms=offered * 1000)  # fmt: skip
    oldest = now - ago * 1000 if waiting else None
    chat = ChannelNow(target_s=60, target_percent=90, counts=counts, waiting=waiting, oldest_offered_at=oldest)
    return Tile(
        id=queue, as_of=now, offset=0, target_s=20, target_percent=80, definition="offered", rolling={20: counts},
        waiting=waiting, oldest_offered_at=oldest, running=running, channels={"chat": chat},
    )  # fmt: skip


def agent(id_: str, at: int, home: int, state: str, queues: tuple[str, ...], *, out: bool, date: str) -> AgentTile:
    return AgentTile(
        id=id_, site=SITES[home], team=TEAMS[home], name="", queues=queues, as_of=at * 1000, offset=0, state=state,
        reason="break" if state == "not_ready" else "", since=at * 1000 - 5000, contact="",
        activity="on_queue" if state in {"available", "talking"} else "break", planned="on_queue" if out else None,
        next_planned=None, next_change_at=None, adherence="out" if out else "unscheduled", adherence_since=0, date=date,
        totals=AgentTotals(signed_in_ms=60_000, by_state_ms={"talking": 20_000, "available": 30_000}, contacts=3),
    )  # fmt: skip


def calls(at: int, entered: int, nodes: list[str]) -> IvrInterval:
    start = at * 1000 - at * 1000 % HALF_HOUR_MS
    return IvrInterval(
        id="x", scope="bank/main", start=start, end=start + HALF_HOUR_MS, date="", label="", status="provisional",
        revision=at, counts=IvrCounts(entered=entered, lost=entered // 2, inside=entered - entered // 2),
        nodes={node: NodeCounts(entered=entered, lost=entered // 2) for node in nodes},
    )  # fmt: skip


def _name(text: str) -> Text:
    return Text(en=text, zh=text)


DESCRIBED: tuple[Description, ...] = (
    *(Site(id=site, name=_name(site), timezone=zone, region=region) for site in SITES
      for zone, region in (("UTC", "iberia"), ("Asia/Shanghai", "iberia"), ("Europe/Lisbon", ""))),
    Queue(id=PS, name=_name(PS), target_percent=90),
    Activities(activities=(Activity(id="on_queue", name=_name("on queue"), counts_as="other"),
                           Activity(id="break", name=_name("break"), counts_as="work")), mappings=()),
)  # fmt: skip

moments = st.one_of(
    st.integers(0, 90), st.integers(0, 90), st.sampled_from([890, 1000, 5400, 86_500, 90_000, 7 * 86_400, 30 * 86_400])
).map(lambda after: START + after)
small = st.integers(0, 4)
tiles = st.builds(
    tile,
    st.sampled_from(QUEUES),
    moments,
    st.sampled_from([0, 3, 8, 11, 16]),
    st.integers(0, 12),
    st.tuples(small, small),
)
agents = st.builds(
    agent, st.sampled_from(AGENTS), moments, st.integers(0, 1),
    st.sampled_from(["available", "talking", "not_ready", "offline"]),
    st.sampled_from([(), (PS,), (SALES,), (PS, NW)]), out=st.booleans(),
    date=st.sampled_from(["2026-05-31", "2026-06-01"]),
)  # fmt: skip
menus = st.builds(calls, moments, st.sampled_from([0, 2, 4, 6]), st.lists(st.sampled_from(["top", "vip"]), unique=True))
clocks = st.builds(
    lambda site, at, topic: clock(site, at, topic=topic),
    st.sampled_from(SITES),
    moments,
    st.sampled_from(["contacts", "agents"]),
)
walls = st.integers(1000, 1200)
ticks = st.builds(tick, walls)
described = st.builds(
    lambda one, gone: Described(records=() if gone else (one,), gone=(f"site|{SITES[0]}",) if gone else ()),
    st.sampled_from(DESCRIBED), st.booleans(),
)  # fmt: skip
on = st.sampled_from([f"{one}|{PS}" for one in ("length", "now", "keep")] + ["grown-all|all", "feed-down|bank"])
orders = st.one_of(
    st.builds(lambda target, at: command("acknowledge", target, at), on, walls),
    st.builds(lambda target, at, until: command("snooze", target, at, until=until * 1000), on, walls, walls),
    st.builds(lambda target, at: command("note", target, at, text="seen"), on, walls),
    st.builds(
        lambda at, until: command("silence", f"s{at}", at, until=until * 1000,
                                  matchers=[{"name": "rule", "match": "[kn]*"}]), walls, walls,
    ),
    st.builds(
        lambda at, threshold: command("put_rule", "now", at, rule=rule(id="now", threshold=threshold, clear=1).model_dump()),
        walls, st.sampled_from([2, 5, 10]),
    ),
    st.builds(lambda at, id_: command("remove_rule", id_, at), walls, st.sampled_from(["now", "grown", "node"])),
    st.builds(lambda at: command("try_rule", "grown", at, rule=rule(id="x", against="change").model_dump()), walls),
    st.builds(
        lambda at, level: command("activate_plan", "peak", at, level=level, cause="rush"), walls, st.integers(1, 2)
    ),
    st.builds(lambda at: command("stand_down", "peak", at, to_level=0), walls),
    st.builds(lambda at, plan: command("put_plan", plan["id"], at, plan=plan), walls, st.sampled_from(PLANS)),
    st.builds(
        lambda at, id_, until: command(
            "propose_move", id_, at, role="dispatcher",
            terms={"giver": "bank", "taker": "lisbon", "queue": SALES, "until": until * 1000, "agents": ["ana"]},
        ), walls, st.sampled_from(["m1", "m2"]), st.integers(1100, 1300),
    ),
    st.builds(lambda at, what: command(what, "m1", at, role="dispatcher"), walls,
              st.sampled_from(["accept_move", "cancel_move", "return_move"])),
)  # fmt: skip
items = st.one_of(tiles, tiles, agents, menus, clocks, clocks, ticks, described, orders)
days = st.lists(st.lists(items, min_size=1, max_size=4), max_size=14)
Day = list[list[News | AnyCommand]]


def beginning() -> list[News | AnyCommand]:
    """The first record of every day: rules, plans, and what the floor is made of."""
    put = [command("put_plan", plan["id"], 0, by=plan["id"], plan=plan) for plan in PLANS]
    return [import_rules(RULES), *put, Described(records=DESCRIBED[::3] + DESCRIBED[-2:-1])]
