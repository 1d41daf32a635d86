"""W8: stale state + updates = fresh state, whatever happens on the floor and on the wires."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.domain.access import Sight
from services.api.domain.audience import Audience
from services.api.domain.board import Board, Stored
from services.contracts.alerts import ScopeKind
from services.contracts.desk import Gone
from tests.unit.api.floor import (
    BANK,
    HALF_HOUR,
    NINE,
    PS,
    Client,
    agent,
    alert,
    clock,
    counts,
    half_hour,
    move_view,
    plan_view,
    rule_view,
    silence,
    tile,
)

QUEUES = ("bank/PS", "bank/IN", "lisbon/sales")
SIGHTS = (
    Sight(),
    Sight(sites=frozenset({"bank"})),
    Sight(sites=frozenset({"lisbon"}), kinds=frozenset({"tile", "day"})),
    Sight(kinds=frozenset({"alert", "feed"})),
    Sight(sites=frozenset({"bank"}), kinds=frozenset({"agent", "team", "tile"})),
    Sight(kinds=frozenset({"agent"})),
    Sight(kinds=frozenset({"rule", "silence", "plan", "move", "alert"})),
    Sight(sites=frozenset({"lisbon"}), kinds=frozenset({"rule", "silence", "plan", "move", "alert"})),
)
IBERIAN, LISBON = (
    BANK.model_copy(update={"region": "iberia"}),
    BANK.model_copy(update={"id": "lisbon", "region": "iberia"}),
)

small = st.integers(0, 5)
tiles = st.builds(
    lambda queue, offset, offered, target: tile(queue, offset=offset, at_20=counts(offered), target_s=target),
    st.sampled_from(QUEUES),
    small,
    small,
    st.sampled_from((20, 30)),
)
halves = st.builds(
    lambda queue, slot, offered, revision: half_hour(
        queue, start=NINE + slot * HALF_HOUR, label=f"{slot}", at_20=counts(offered), revision=revision
    ),
    st.sampled_from(QUEUES),
    st.integers(0, 2),
    small,
    small,
)
clocks = st.builds(
    lambda site, partition, at: clock(NINE + at * 5 * HALF_HOUR, site=site, partition=partition),
    st.sampled_from(("bank", "lisbon")),
    st.integers(0, 1),
    small,
)
SCOPE_KINDS: dict[str, ScopeKind] = {"all": "all", "iberia": "region"}
alerts = st.builds(
    lambda scope, since, state, revision: alert(
        scope, since=NINE + since, state=state, revision=revision, scope_kind=SCOPE_KINDS.get(scope, "queue")
    ),
    st.sampled_from((*QUEUES, *SCOPE_KINDS)),
    small,
    st.sampled_from(("pending", "firing", "resolved", "inactive")),
    small,
)
desk = st.one_of(
    st.builds(
        lambda revision, match: rule_view(revision=revision, match=match),
        small,
        st.sampled_from(("bank/*", "lisbon/sales", "*")),
    ),
    st.builds(
        lambda revision, match: silence(revision=revision, match=match), small, st.sampled_from(("bank", "lisbon", "*"))
    ),
    st.builds(
        lambda revision, scope: plan_view(revision=revision, match=scope, kind=SCOPE_KINDS.get(scope, "queue")),
        small,
        st.sampled_from((QUEUES[0], "iberia")),
    ),
    st.builds(
        lambda id_, revision, taker: move_view(id_, revision=revision, taker=taker),
        st.sampled_from(("m1", "m2")),
        small,
        st.sampled_from(("bank", "lisbon")),
    ),
)
gone = st.builds(
    Gone, of=st.sampled_from(("rule", "silence", "plan", "move")), id=st.sampled_from(("low", "s1", "surge", "m1"))
)
agents = st.builds(
    lambda who, site, offset, state, adherence: agent(
        who, site=site, team=f"{site}/blue", queues=(f"{site}/PS",), offset=offset, state=state, adherence=adherence
    ),
    st.sampled_from(("ann", "bob")),
    st.sampled_from(("bank", "lisbon")),
    small,
    st.sampled_from(("available", "talking", "offline")),
    st.sampled_from(("in", "out")),
)
stored = st.builds(
    Stored,
    tiles=st.lists(tiles, max_size=3, unique_by=lambda t: t.id).map(tuple),
    feeds=st.lists(clocks, max_size=3, unique_by=lambda c: c.id).map(tuple),
    alerts=st.lists(alerts, max_size=2, unique_by=lambda a: a.id).map(tuple),
    desk=st.lists(desk, max_size=3, unique_by=lambda v: (v.kind, v.id)).map(tuple),
    topology=st.sampled_from(((), (BANK,), (BANK, PS), (IBERIAN,), (IBERIAN, LISBON), (BANK, LISBON))),
    agents=st.lists(agents, max_size=3, unique_by=lambda a: a.id).map(tuple),
    metrics_complete=st.booleans(),
    alerts_complete=st.booleans(),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.one_of(tiles, halves, clocks, alerts, agents, desk, gone)),
        st.tuples(st.just("read"), stored),
        st.tuples(st.just("wait"), st.sampled_from((0.02, 0.5, 1.0, 4.0, 31.0))),
        st.tuples(st.just("flush"), st.none()),
        st.tuples(st.just("join"), st.sampled_from(SIGHTS)),
        st.tuples(st.sampled_from(("fill", "free", "cut", "resume")), st.integers(0, 5)),
    ),
    max_size=60,
)


class World:
    """A board, its audience, and clients that come, sleep, go and return."""

    def __init__(self) -> None:
        self.now = 0.0
        self.board = Board(kept_removals=3)
        self.audience = Audience(self.board.ledger, server="s", frame=bytes, patience_s=1e9)
        self.clients: list[tuple[Client, Sight]] = []

    def step(self, name: str, what) -> None:
        match name:
            case "take":
                self.board.take(what, self.now)
            case "read":
                self.board.read(what, self.now)
            case "wait":
                self.now += what
            case "flush":
                self.flush()
            case "join":
                self.clients.append((Client().join(self.audience, what, now=self.now), what))
            case _ if what < len(self.clients):
                self.touch(name, *self.clients[what])

    def touch(self, name: str, client: Client, sight: Sight) -> None:
        match name:
            case "fill":
                client.has_room = False
            case "free":
                client.has_room = True
                if client.seat is not None:
                    self.audience.catch_up(client.seat, self.now)
            case "cut" if client.seat is not None:
                self.audience.leave(client.seat)
                client.seat = None
            case "resume" if client.seat is None:
                client.has_room = True
                client.join(self.audience, sight, now=self.now, resume=True)

    def flush(self) -> None:
        self.board.settle(self.now)
        self.audience.broadcast(self.now)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_w8_stale_state_and_updates_are_fresh_state(walk):
    world = World()
    for name, what in walk:
        world.step(name, what)
    for number in range(len(world.clients)):
        world.step("free", number)
        world.step("resume", number)
    world.flush()
    for client, sight in world.clients:
        fresh = Client().join(world.audience, sight)
        assert client.held == fresh.held
        assert client.seq == fresh.seq or not [
            e for e in world.board.ledger.since(client.seq) if sight.sees(e.kind, e.site)
        ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(tiles, halves), max_size=40), st.lists(st.integers(0, 39), max_size=10))
def test_sums_by_difference_are_the_sums_from_scratch(items, settles):
    """A board that settled on the way shows the same as one that takes only the newest of everything at once."""
    board = Board()
    board.take(clock(), 0.0)
    board.take(clock(site="lisbon"), 0.0)
    for number, item in enumerate(items):
        board.take(item, 0.0)
        if number in settles:
            board.settle(float(number))
    board.settle(100.0)
    newest = Board()
    newest.take(clock(), 0.0)
    newest.take(clock(site="lisbon"), 0.0)
    for held in board.tiles.held.values():
        newest.take(held, 0.0)
    newest.settle(0.0)
    for day in board._days._queues.values():
        for half in day.intervals.values():
            newest.take(half, 0.0)
    for one in (board, newest):
        one.settle(1000.0)
    bodies = [{e.key: e.body for e in one.ledger.present() if e.kind in {"tile", "day"}} for one in (board, newest)]
    assert bodies[0] == bodies[1]
