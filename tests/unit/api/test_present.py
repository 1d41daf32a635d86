"""What a tile tells of the present: outlook, running half-hour, earlier weeks, regions, freshness, switches."""

import json

import pytest

from services.api.domain.access import Sight
from services.api.domain.board import Board, Stored
from services.api.domain.days import weeks_before
from services.contracts.definitions import Counts, GenesysSwitches
from services.contracts.metrics import ChannelNow, Details, Running, Tile
from services.contracts.socket import TileView
from services.contracts.topology import Site, Text
from tests.unit.api.floor import BANK, HALF_HOUR, MINUTE, NINE, PS, TODAY, clock, counts, tile
from tests.unit.api.test_board import floor, tile_view

# 09:15. Since 09:00 ten have come: six answered in time, one late, three wait; two of these for less than T.
SO_FAR = Counts(offered=10, answered=7, answered_within=6, waiting=3)
# In the rolling half-hour the two who may still be won have had no service-level event yet.
ROLLING = Counts(offered=18, answered=16, answered_within=14, waiting=1, abandoned=1)
NOW = NINE + 15 * MINUTE


def busy(queue: str = "bank/PS", *, start: int = NINE, as_of: int = NOW, offset: int = 1, **more) -> Tile:
    fields = {
        "waiting": 3,
        "waiting_within": 2,
        "waiting_ms": 15 * MINUTE,
        "ghosts": 1,
        "details": Details(held=4, flow_outs={"unknown": 1}),
        "running": Running(
            start=start,
            end=start + HALF_HOUR,
            date=TODAY,
            label="09:00",
            counts=SO_FAR,
            waiting_within=2,
            waiting_ms=5 * MINUTE,
        ),
    }
    plain = tile(queue, offset=offset, as_of=as_of, at_20=ROLLING, waiting=3, oldest=as_of - 40_000)
    return plain.model_copy(update=fields | more)


def test_what_can_still_become_of_the_service_level():
    view = tile_view(floor(BANK, PS, clock(NOW), busy()), "bank/PS")
    assert view.outlook is not None
    assert (view.outlook.already_lost, view.outlook.still_to_win) == (1, 2)
    assert view.outlook.best["offered"] == 16 / 20
    assert view.outlook.worst["offered"] == 14 / 20
    assert view.target_ratios.service_level["offered"] == 14 / 18
    assert view.outlook.best["answered_only"] == 16 / 18
    assert view.outlook.worst["answered_only"] == 14 / 19, "one more is answered, too late"

    assert view.mean_length == 0.5
    assert view.estimated_wait_s == pytest.approx(3 * 1800 / 17)
    assert (view.ghosts, view.details.held, view.revision, view.status) == (1, 4, 1, "provisional")


def test_the_running_half_hour():
    running = tile_view(floor(BANK, clock(NOW), busy()), "bank/PS").running
    assert running is not None
    assert (running.start, running.label, running.counts) == (NINE, "09:00", SO_FAR)
    assert running.ratios.service_level["offered"] == 0.6
    assert (running.outlook.best["offered"], running.outlook.worst["offered"]) == (0.8, 0.6)
    assert running.mean_length == pytest.approx(5 / 15)
    assert (running.earlier_offered, running.earlier_weeks) == (None, 0)


def test_a_tile_that_tells_nothing_of_the_present_gets_nothing_made_up():
    view = tile_view(floor(clock(), tile(waiting=3)), "bank/PS")
    assert (view.outlook, view.mean_length, view.estimated_wait_s, view.running) == (None, None, None, None)


def test_roll_ups_add_the_present_of_their_queues():
    later = busy("bank/NW", start=NINE, details=Details(held=1, flow_outs={"callback": 2}), waiting_ms=45 * MINUTE)
    behind = busy("bank/IN", start=NINE - HALF_HOUR, as_of=NINE - MINUTE)
    for scope in ("bank", "all"):
        view = tile_view(floor(BANK, clock(NOW), busy(), later, behind), scope)
        assert view.running is not None
        assert view.running.counts.offered == 20, "who is behind has had no contact in this half-hour"
        assert view.running.mean_length == pytest.approx(10 / 15)
        assert view.outlook is not None
        assert (view.outlook.already_lost, view.outlook.still_to_win) == (3, 6)
        assert view.outlook.best["offered"] == (14 + 2) / 20
        assert view.mean_length == 2.5
        assert view.details.held == 9
        assert view.details.flow_outs == {"unknown": 2, "callback": 2}
        assert (view.ghosts, view.revision) == (3, None)


def test_counts_at_each_channels_own_target():
    chat = ChannelNow(target_s=60, target_percent=70, counts=counts(4, 4, 2), waiting=1, oldest_offered_at=NINE)
    view = tile_view(floor(clock(), busy(target=counts(9, 9, 9), channels={"chat": chat})), "bank/PS")
    assert view.target_counts == counts(9, 9, 9)
    assert view.target_ratios.service_level["offered"] == 1
    assert view.rolling[20] == ROLLING
    assert view.channels["chat"].ratios.service_level["offered"] == 0.5
    assert view.channels["chat"].waiting == 1


def test_the_queues_own_switches_and_those_that_all_agree_on():
    """10 of 18 answered, 8 flowed out: counted as offered only where the queue's switch says so."""
    flowed = Counts(offered=18, answered=10, answered_within=10, flowed_out=8)
    switched = PS.model_copy(update={"genesys": GenesysSwitches(include_flow_outs=True)})
    board = floor(switched, tile(at_20=flowed))
    assert tile_view(board, "bank/PS").target_ratios.service_level["genesys_cloud"] == 10 / 18
    assert tile_view(board, "bank").target_ratios.service_level["genesys_cloud"] == 10 / 18

    board.take(tile("bank/IN", at_20=flowed), 1.0)
    board.settle(1.0)
    assert tile_view(board, "bank/IN").target_ratios.service_level["genesys_cloud"] == 1
    assert tile_view(board, "bank").target_ratios.service_level["genesys_cloud"] == 1, "they differ: the default"

    board.take(switched.model_copy(update={"id": "bank/IN"}), 2.0)
    board.settle(2.0)
    assert tile_view(board, "bank/IN").target_ratios.service_level["genesys_cloud"] == 10 / 18
    assert tile_view(board, "bank").target_ratios.service_level["genesys_cloud"] == 10 / 18


def test_a_silent_feed_makes_tiles_stale_and_then_the_present_unknown():
    board = floor(BANK, clock(NOW), busy(), now=0.0)
    seen = []
    for now in (1.0, 4.0, 31.0):
        board.settle(now)
        views = [tile_view(board, scope) for scope in ("bank/PS", "bank", "all")]
        assert len({view.freshness for view in views}) == 1
        assert all((view.outlook is None) == (view.freshness == "no_feed") for view in views)
        assert all(view.target_counts == ROLLING for view in views), "the counters are those of as_of"
        seen.append(views[0].freshness)
    assert seen == ["fresh", "stale", "no_feed"]

    board.take(clock(NOW), 32.0)
    board.settle(32.0)
    assert tile_view(board, "all").freshness == "fresh"


def test_the_floor_is_fresh_only_if_every_site_is():
    board = floor(clock(), clock(site="lisbon"), tile(), tile("lisbon/sales"))
    board.take(clock(), 35.0)
    board.settle(35.0)
    assert [tile_view(board, scope).freshness for scope in ("bank", "lisbon", "all")] == ["fresh", "no_feed", "stale"]


# Earlier weeks


def test_the_same_local_half_hour_of_earlier_weeks():
    assert weeks_before(NINE, "Asia/Jerusalem", 2) == [
        ("1999-01-18", NINE - 7 * 86_400_000),
        ("1999-01-11", NINE - 14 * 86_400_000),
    ]
    # In Lisbon the clock went back on 2026-10-25: at 09:00 a week before, an hour less had passed.
    nine_in_lisbon = 1_793_005_200_000
    assert weeks_before(nine_in_lisbon, "Europe/Lisbon", 1) == [
        ("2026-10-19", nine_in_lisbon - 7 * 86_400_000 - 3_600_000)
    ]


def test_arrivals_are_compared_with_earlier_weeks():
    board = floor(BANK, clock(NOW), busy(), busy("bank/NW"))
    assert sorted(board.missing_earlier()) == [
        ("bank/NW", NINE, "Asia/Jerusalem"),
        ("bank/PS", NINE, "Asia/Jerusalem"),
    ]
    board.read_earlier("bank/PS", NINE, (8, None, 12, None))
    board.read_earlier("bank/NW", NINE, (4, None, None, None))
    board.settle(1.0)
    assert board.missing_earlier() == []

    def earlier(scope: str) -> tuple[float | None, int]:
        running = tile_view(board, scope).running
        assert running is not None
        return running.earlier_offered, running.earlier_weeks

    assert earlier("bank/PS") == (10, 2)
    assert earlier("bank/NW") == (4, 1)
    assert earlier("bank") == earlier("all") == (12, 2), "12 a week ago, 12 three weeks ago"

    board.take(busy(start=NINE + HALF_HOUR, as_of=NOW + HALF_HOUR, offset=2), 2.0)
    board.settle(2.0)
    assert board.missing_earlier() == [("bank/PS", NINE + HALF_HOUR, "Asia/Jerusalem")]
    assert earlier("bank/PS") == (None, 0)


# Regions

TEXT = Text(en="x", zh="x")
LISBON, PORTO = (Site(id=name, name=TEXT, region="iberia") for name in ("lisbon", "porto"))


def region(board: Board) -> TileView:
    return tile_view(board, "region:iberia")


def test_a_region_adds_its_sites():
    board = floor(
        LISBON, PORTO, BANK, tile("lisbon/a", at_20=counts(3)), tile("porto/a", at_20=counts(4)), tile(at_20=counts(9))
    )
    view = region(board)
    assert (view.level, view.site, view.name.en, view.rolling[20].offered) == ("region", None, "iberia", 7)

    board.take(tile("porto/a", offset=2, at_20=counts(5)), 1.0)
    board.settle(1.0)
    assert region(board).rolling[20].offered == 8
    assert tile_view(board, "all").rolling[20].offered == 17


def test_sites_move_between_regions():
    board = floor(LISBON, PORTO, tile("lisbon/a", at_20=counts(3)), tile("porto/a", at_20=counts(4)))
    board.take(PORTO.model_copy(update={"region": "north"}), 1.0)
    board.settle(1.0)
    assert region(board).rolling[20].offered == 3
    assert tile_view(board, "region:north").rolling[20].offered == 4

    board.take(PORTO, 2.0)
    board.settle(2.0)
    assert region(board).rolling[20].offered == 7
    assert board.ledger.get("tile", "region:north") is None

    board.read(Stored(tiles=(tile("lisbon/a", at_20=counts(3)),), topology=(LISBON, PORTO), metrics_complete=True), 3.0)
    board.settle(3.0)
    assert region(board).rolling[20].offered == 3


def test_a_region_is_seen_by_those_who_see_all_its_sites():
    board = floor(LISBON, PORTO, tile("lisbon/a"), tile("porto/a"))
    entry = board.ledger.get("tile", "region:iberia")
    assert entry is not None

    def seen_with(*sites: str) -> bool:
        return Sight(sites=frozenset(sites)).sees("tile", entry.site)

    assert (seen_with("lisbon"), seen_with("lisbon", "porto"), seen_with("lisbon", "porto", "bank")) == (
        False,
        True,
        True,
    )
    assert Sight().sees("tile", entry.site)


def test_what_is_encoded_is_what_the_contract_says():
    board = floor(BANK, PS, LISBON, clock(NOW), busy(), tile("lisbon/a"))
    for entry in board.ledger.present(("tile",)):
        assert entry.body is not None
        view = TileView.model_validate_json(entry.body)
        assert json.loads(view.model_dump_json()) == json.loads(entry.body)
