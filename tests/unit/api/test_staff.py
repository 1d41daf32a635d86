"""Agents by queue, team, site and over all; who is missing, and what that costs."""

import json
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.domain.board import Board, Stored
from services.api.domain.rosters import absences, queue_cost
from services.api.domain.staff import Group
from services.contracts.agents import AdherenceState, AgentTile, AgentTotals
from services.contracts.events import AgentState
from services.contracts.socket import TeamView, TileView
from services.contracts.topology import Site, Team, Text
from tests.unit.api.floor import BANK, MINUTE, NINE, TODAY, agent, clock, counts, tile
from tests.unit.api.test_board import floor, tile_view


def team_view(board: Board, id_: str = "bank/blue") -> TeamView:
    entry = board.ledger.get("team", id_)
    assert entry is not None
    return TeamView.model_validate_json(entry.body or b"")


def agent_item(board: Board, id_: str) -> AgentTile:
    entry = board.ledger.get("agent", id_)
    assert entry is not None
    return AgentTile.model_validate_json(entry.body or b"")


# 09:00, an hour after ann signed in: 30 min talking, 20 min available, 10 min of break, all as planned.
ANN = agent(
    "ann",
    state="talking",
    totals=AgentTotals(
        signed_in_ms=60 * MINUTE,
        by_state_ms={"talking": 30 * MINUTE, "available": 20 * MINUTE, "not_ready:break": 10 * MINUTE},
        scheduled_ms=60 * MINUTE,
        planned_ms={"on_queue": 50 * MINUTE, "break": 10 * MINUTE},
        adherent_ms=60 * MINUTE,
        worked_ms=50 * MINUTE,
        scheduled_work_ms=50 * MINUTE,
    ),
)
BOB = agent("bob", state="available", since=NINE - 3 * MINUTE)
CAT = agent("cat", state="available", since=NINE - 7 * MINUTE, queues=("bank/NW",))
DAN = agent("dan", state="not_ready", reason="break", activity="break", adherence="out", team="bank/red")


def test_a_team_a_site_and_a_queue_show_their_agents():
    board = floor(
        BANK,
        Team(id="bank/blue", name=Text(en="Blue", zh="蓝组")),
        clock(),
        tile(),
        tile("bank/NW"),
        ANN,
        BOB,
        CAT,
        DAN,
    )
    team = team_view(board)
    assert (team.site, team.name.zh, team.agents.signed_in) == ("bank", "蓝组", 3)
    assert team.agents.by_state == {"available": 2, "talking": 1}
    assert team.agents.longest_available_since == NINE - 7 * MINUTE
    assert team.agents.occupancy == 0.6
    assert team.agents.utilisation == 0.5
    assert team.agents.shrinkage_planned == team.agents.shrinkage_actual == pytest.approx(1 / 6)

    for scope in ("bank", "all"):
        agents = tile_view(board, scope).agents
        assert agents is not None
        assert agents.by_state == {"available": 2, "not_ready:break": 1, "talking": 1}
        assert agents.adherence == {"in": 3, "out": 1}
    queue = tile_view(board, "bank/PS").agents
    assert queue is not None
    assert (queue.signed_in, queue.longest_available_since) == (3, NINE - 3 * MINUTE)


def test_times_go_on_by_the_sites_clock_without_a_word():
    board = floor(BANK, clock(), tile(), ANN, BOB)
    board.take(clock(NINE + 10 * MINUTE), 5.0)
    board.take(agent("bob", state="available", since=NINE - 3 * MINUTE, offset=2, as_of=NINE + 1), 5.0)
    board.settle(5.0)
    # ann talks for 10 minutes more: 40 of talk; 20 available before, and bob 10 since he was first heard of.
    assert team_view(board).agents.occupancy == pytest.approx(40 / 70, abs=1e-4)

    board.settle(6.0)
    board.take(clock(NINE + 20 * MINUTE), 7.0)
    before = board.ledger.seq
    board.settle(7.0)
    assert board.ledger.seq == before + 1, "the clock alone is told with the feed, and moves no group"


def test_a_team_gets_the_name_that_it_is_described_by_later():
    board = floor(BANK, clock(), tile(), BOB)
    assert team_view(board).name.zh == "blue"
    board.take(Team(id="bank/blue", name=Text(en="Blue", zh="蓝组")), 2.0)
    board.settle(2.0)
    assert team_view(board).name.zh == "蓝组"


def test_who_has_been_available_longest_follows_who_takes_a_call():
    board = floor(BANK, clock(), tile(), BOB, CAT)
    assert team_view(board).agents.longest_available_since == NINE - 7 * MINUTE
    board.take(agent("cat", state="talking", offset=2, queues=("bank/NW",)), 5.0)
    board.settle(5.0)
    assert team_view(board).agents.longest_available_since == NINE - 3 * MINUTE
    board.take(agent("bob", state="talking", offset=2), 7.0)
    board.settle(7.0)
    assert team_view(board).agents.longest_available_since is None


def test_groups_are_shown_at_most_once_a_second():
    board = floor(BANK, clock(), tile(), BOB)
    steps: tuple[tuple[float, AgentState], ...] = ((0.3, "talking"), (0.6, "wrap_up"))
    for now, state in steps:
        board.take(agent("bob", state=state, offset=round(now * 10)), now)
        board.settle(now)
        assert team_view(board).agents.by_state == {"available": 1}
        assert agent_item(board, "bob").state == state, "agents themselves are told at once"
    board.settle(1.1)
    assert team_view(board).agents.by_state == {"wrap_up": 1}


def test_with_a_silent_feed_nobody_is_out():
    board = floor(BANK, clock(), tile(), ANN, DAN)
    board.settle(31.0)
    assert agent_item(board, "dan").adherence == "unknown"
    assert team_view(board).agents.adherence == {"unknown": 1}
    agents = tile_view(board, "bank").agents
    assert agents is not None
    assert agents.adherence == {"unknown": 2}

    board.take(clock(NINE + 1000), 33.0)
    board.settle(33.0)
    assert agent_item(board, "dan").adherence == "out"
    assert team_view(board, "bank/red").agents.adherence == {"out": 1}


def test_agents_come_and_go():
    board = floor(BANK, clock(), tile(), ANN, BOB, DAN)
    board.take(agent("ann", offset=0, state="offline"), 5.0)
    board.settle(5.0)
    assert agent_item(board, "ann").state == "talking", "an older word of a worker that lost them"

    board.read(Stored(tiles=(tile(),), agents=(ANN,), topology=(BANK,), metrics_complete=True), 6.0)
    board.settle(7.0)
    assert {entry.id for entry in board.ledger.present(("agent",))} == {"ann"}
    assert {entry.id for entry in board.ledger.present(("team",))} == {"bank/blue"}
    assert team_view(board).agents.signed_in == 1


def test_yesterdays_times_are_no_part_of_today():
    board = floor(BANK, clock(), tile(), ANN, agent("old", date="1999-01-24", state="offline", totals=ANN.totals))
    assert team_view(board).agents.utilisation == 0.5
    assert team_view(board).agents.by_state == {"offline": 1, "talking": 1}


# What an absence costs


def test_an_absence_at_a_queue_that_is_short_comes_first():
    """eve and dan are out. dan's queue is 30 points under its target and five wait; at eve's all is well."""
    eve = agent("eve", adherence="out", activity="break", state="not_ready", queues=("bank/NW",), since=NINE - MINUTE)
    off = agent("off", adherence="out", activity="on_queue", planned="break", queues=("bank/PS",))
    board = floor(
        BANK,
        clock(),
        tile(at_20=counts(100, 100, 50), waiting=5),
        tile("bank/NW", at_20=counts(10, 10, 10)),
        ANN,
        BOB,
        DAN,
        eve,
        off,
    )
    found = absences(
        board.staff.held.values(),
        board.staff,
        lambda queue: queue_cost(queue, board.staff, board.tiles.held.get(queue), board.directory.switches(queue)),
    )
    assert [(absence.agent, absence.cost) for absence in found] == [("dan", (30 + 5) / 4), ("eve", 0), ("off", 0)]
    (cost,) = found[0].queues
    assert (cost.queue, cost.missing, cost.working, cost.waiting) == ("bank/PS", 1, 3, 5)
    assert cost.shortfall == pytest.approx(0.3)
    assert found[2].queues == (), "works while a break is planned: out, but missing nowhere"


# The law: by difference, in any order, the sums are those of the agents as they are.

SITES = ("bank", "lisbon")


@dataclass(frozen=True)
class Word:
    who: str
    site: str
    state: AgentState
    adherence: AdherenceState
    talk: int
    idle: int
    as_of: int


words = st.builds(
    Word,
    st.sampled_from(("ann", "bob", "cat")),
    st.sampled_from(SITES),
    st.sampled_from(("available", "talking", "offline", "not_ready")),
    st.sampled_from(("in", "out", "unknown")),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 5),
)


def told(word: Word, offset: int) -> AgentTile:
    return agent(
        word.who,
        site=word.site,
        team=f"{word.site}/blue",
        queues=(f"{word.site}/a",),
        state=word.state,
        adherence=word.adherence,
        as_of=NINE + word.as_of * MINUTE,
        since=NINE + word.as_of * MINUTE,
        offset=offset,
        totals=AgentTotals(
            signed_in_ms=(word.talk + word.idle) * MINUTE,
            by_state_ms={"talking": word.talk * MINUTE, "available": word.idle * MINUTE},
        ),
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(words, max_size=20), st.sets(st.integers(0, 19)))
def test_sums_are_those_of_the_agents_as_they_are(walk, settles):
    at = NINE + 10 * MINUTE
    board = Board()
    for site in SITES:
        board.take(Site(id=site, name=BANK.name, timezone="Asia/Jerusalem"), 0.0)
        board.take(clock(at, site=site), 0.0)
        board.take(tile(f"{site}/a"), 0.0)
    for number, word in enumerate(walk):
        board.take(told(word, number), 0.0)
        if number in settles:
            board.settle(float(number) / 10)
    board.settle(2.9)
    newest = {word.who: word for word in walk}
    for scope, sites in (*((f"{site}/a", {site}) for site in SITES), *((s, {s}) for s in SITES), ("all", set(SITES))):
        present = [word for word in newest.values() if word.site in sites]
        agents = tile_view(board, scope).agents
        if not present:
            assert agents is None
            continue
        assert agents is not None
        ran = {word.who: 10 - word.as_of for word in present}
        talk = sum(word.talk + ran[word.who] * (word.state == "talking") for word in present)
        idle = sum(word.idle + ran[word.who] * (word.state == "available") for word in present)
        assert agents.occupancy == (float(Fraction(talk, talk + idle)) if talk + idle else None)
        assert agents.signed_in == sum(word.state != "offline" for word in present)
        assert sum(agents.adherence.values()) == len(present)
        free = [NINE + word.as_of * MINUTE for word in present if word.state == "available"]
        assert agents.longest_available_since == min(free, default=None)


def test_what_is_encoded_is_what_the_contract_says():
    board = floor(BANK, clock(), tile(), ANN, DAN)
    for kind, contract in (("team", TeamView), ("agent", AgentTile), ("tile", TileView)):
        for entry in board.ledger.present((kind,)):
            view = contract.model_validate_json(entry.body or b"")
            assert json.loads(view.model_dump_json()) == json.loads(entry.body or b"")
    assert board.staff.sums(Group("team", "bank/green")) is None
    assert board.staff.held["ann"].date == TODAY
