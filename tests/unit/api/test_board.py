"""The board: what is announced and stored becomes views; only what differs gets a new seq."""

import json

from services.api.domain.board import Board, Stored
from services.contracts.definitions import Counts
from services.contracts.socket import DayView, FeedView, TileView
from services.contracts.topology import Flow, Site, Text
from tests.unit.api.floor import (
    BANK,
    HALF_HOUR,
    MINUTE,
    NINE,
    PS,
    alert,
    clock,
    counts,
    half_hour,
    ivr_half_hour,
    tile,
)


def tile_view(board: Board, id_: str) -> TileView:
    entry = board.ledger.get("tile", id_)
    assert entry is not None
    assert entry.body is not None
    return TileView.model_validate_json(entry.body)


def day_view(board: Board, id_: str) -> DayView:
    entry = board.ledger.get("day", id_)
    assert entry is not None
    assert entry.body is not None
    return DayView.model_validate_json(entry.body)


def feed_view(board: Board, id_: str = "acd|bank") -> FeedView:
    entry = board.ledger.get("feed", id_)
    assert entry is not None
    assert entry.body is not None
    return FeedView.model_validate_json(entry.body)


def floor(*items, now: float = 0.0) -> Board:
    board = Board()
    for item in items:
        board.take(item, now)
    board.settle(now)
    return board


def test_a_queue_is_shown_with_the_ratios_of_its_counts():
    seventy_of_a_hundred = Counts(offered=100, answered=90, abandoned=10, answered_within=70, abandoned_within=10)
    view = tile_view(floor(BANK, PS, tile(at_20=seventy_of_a_hundred)), "bank/PS")

    assert (view.level, view.site, view.name.en) == ("queue", "bank", "Regular service")
    assert view.target_ratios.service_level == {
        "offered": 0.7,
        "genesys_cloud": 0.7,
        "cisco_ignore": 70 / 90,
        "cisco_negative": 0.7,
        "cisco_positive": 0.8,
        "talkdesk": 0.7,
        "answered_only": 70 / 90,
        "xcally": 70 / 90,
        "asterisk_perf2": 0.8,
    }
    assert view.ratios[30] == view.target_ratios


def test_a_queue_without_contacts_has_no_ratios():
    view = tile_view(floor(tile()), "bank/PS")
    assert set(view.target_ratios.service_level.values()) == {None}
    assert view.target_ratios.abandonment_rate is None


def test_a_site_adds_the_counters_of_its_queues_and_never_averages():
    board = floor(
        BANK,
        tile("bank/PS", at_20=counts(90, 90, 90), at_30=counts(90, 90, 90)),
        tile("bank/IN", at_20=counts(10, 10, 0), at_30=counts(10, 10, 10), target_s=30, waiting=2, oldest=NINE - 9_000),
    )
    site = tile_view(board, "bank")

    assert site.rolling[20] == counts(100, 100, 90)
    assert site.target_counts == counts(100, 100, 100), "PS at 20 s, IN at its own 30 s"
    assert (site.waiting, site.oldest_offered_at, site.target_s, site.target_percent) == (2, NINE - 9_000, None, 80.0)
    assert tile_view(board, "all").rolling == site.rolling


def test_a_roll_up_has_only_the_thresholds_that_all_its_queues_count():
    only_20 = tile("bank/IN").model_copy(update={"rolling": {20: counts(1, 1, 1)}})
    board = floor(tile("bank/PS", at_20=counts(2, 2, 2)), only_20)
    assert tile_view(board, "bank").rolling == {20: counts(3, 3, 3)}


def test_roll_ups_follow_changes_and_removals_exactly():
    board = floor(
        tile("bank/PS", at_20=counts(50, 50, 50)), tile("bank/IN", at_20=counts(5, 5, 0), definition="cisco_ignore")
    )
    assert tile_view(board, "bank").definition == "offered"

    board.take(tile("bank/PS", offset=2, at_20=counts(51, 51, 50)), 1.0)
    board.settle(1.0)
    assert tile_view(board, "bank").rolling[20] == counts(56, 56, 50)

    board.read(
        Stored(tiles=(tile("bank/IN", at_20=counts(5, 5, 0), definition="cisco_ignore"),), metrics_complete=True), 2.0
    )
    board.settle(2.0)
    assert board.ledger.get("tile", "bank/PS") is None
    assert tile_view(board, "all").rolling[20] == counts(5, 5, 0)
    assert tile_view(board, "all").definition == "cisco_ignore"

    board.read(Stored(metrics_complete=True), 3.0)
    board.settle(5.0)
    assert [entry.key for entry in board.ledger.present()] == []


def test_over_sites_on_different_clocks_the_longest_wait_stays_a_wait():
    """bank replays 1999; lisbon is live. The caller at the bank has waited for 40 s, the one in Lisbon for 10 s."""
    live = NINE + 880_000_000_000
    board = floor(
        clock(NINE),
        clock(live, site="lisbon"),
        tile("bank/PS", waiting=1, oldest=NINE - 40_000),
        tile("lisbon/sales", as_of=live, waiting=1, oldest=live - 10_000),
    )
    whole = tile_view(board, "all")
    assert whole.as_of - (whole.oldest_offered_at or 0) == 40_000
    assert whole.waiting == 2


def test_what_did_not_change_gets_no_new_seq():
    board = floor(BANK, clock(), tile(at_20=counts(1, 1, 1)), half_hour(at_20=counts(1, 1, 1)), alert())
    board.settle(1.5)
    before = board.ledger.seq
    for item in (BANK, clock(), tile(at_20=counts(1, 1, 1)), half_hour(at_20=counts(1, 1, 1)), alert()):
        board.take(item, 2.0)
    board.settle(4.0)
    assert board.ledger.seq == before


def test_a_later_log_position_alone_is_no_change_of_a_view():
    board = floor(tile(offset=1))
    before = board.ledger.seq
    board.take(tile(offset=2), 0.1)
    board.settle(0.1)
    assert board.ledger.seq == before


def test_a_late_word_of_an_old_worker_is_not_believed_but_storage_is():
    board = floor(tile(offset=9, at_20=counts(9, 9, 9)))
    board.take(tile(offset=8, at_20=counts(8, 8, 8)), 0.1)
    board.settle(0.1)
    assert tile_view(board, "bank/PS").rolling[20].offered == 9

    board.read(Stored(tiles=(tile(offset=3, at_20=counts(3, 3, 3)),)), 0.2)
    board.settle(0.2)
    assert tile_view(board, "bank/PS").rolling[20].offered == 3, "the log was started anew"


def test_an_emptied_redis_empties_no_wall():
    board = floor(BANK, PS, clock(), tile(), alert())
    present = {entry.key for entry in board.ledger.present()}

    board.read(Stored(), 1.0)
    board.settle(1.0)
    assert {entry.key for entry in board.ledger.present()} == present

    board.read(Stored(metrics_complete=True, alerts_complete=True), 2.0)
    board.settle(4.0)
    assert list(board.ledger.present()) == [], "refilled without them: they are gone"


def test_a_new_name_is_a_change():
    board = floor(BANK, PS, tile())
    board.take(PS.model_copy(update={"name": Text(en="Private", zh="个人")}), 1.0)
    board.take(Site(id="elsewhere", name=Text(en="Elsewhere", zh="别处")), 1.0)
    board.settle(1.0)
    assert tile_view(board, "bank/PS").name.en == "Private"
    board.read_slow(Stored(metrics_complete=True))
    board.settle(2.0)
    assert tile_view(board, "bank/PS").name.en == "PS"
    assert tile_view(board, "bank").name.en == "bank"


def test_alerts_come_change_and_go():
    board = floor(alert(state="pending", since=NINE))
    board.take(alert(state="firing", since=NINE + 5), 1.0)
    board.take(alert(state="pending", since=NINE), 1.0)
    entry = board.ledger.get("alert", "low|bank/PS")
    assert entry is not None
    assert json.loads(entry.body or b"")["state"] == "firing", "an older word does not undo a newer one"
    assert entry.site == "bank"

    board.take(alert(state="inactive", since=NINE + 9), 2.0)
    assert board.ledger.get("alert", "low|bank/PS") is None

    board.take(alert("all", scope_kind="all"), 3.0)
    over_all = board.ledger.get("alert", "low|all")
    assert over_all is not None
    assert over_all.site is None


def test_topology_is_told_as_it_is_known():
    menu = Flow(id="bank/main", name=Text(en="Menu", zh="菜单"))
    board = floor(BANK, PS, menu, tile("bank/IN", target_s=30), ivr_half_hour(entered=3))
    assert board.topology.records == (BANK, PS, menu)
    assert board.queues_of("bank") == board.queues_of(None) == ["bank/IN", "bank/PS"]
    assert board.queues_of("lisbon") == []
    assert board.flows_of(None) == board.flows_of("bank") == ["bank/main"]
    assert [board.target_of(queue) for queue in ("bank/IN", "bank/PS", "bank/XX")] == [30, 20, 20]


# Freshness: a feed is heard once a second or so.
#
#   0 s        3 s                                30 s
#   |---fresh---|-------------stale---------------|----no feed----


def test_a_silent_feed_becomes_stale_and_then_is_no_feed():
    board = floor(BANK, clock(), now=100.0)
    seen = []
    for now in (100.0, 103.0, 103.2, 104.9, 130.0, 130.1):
        board.settle(now)
        seen.append((feed_view(board).freshness, board.ledger.seq))
    assert seen == [("fresh", 1), ("fresh", 1), ("stale", 2), ("stale", 2), ("stale", 3), ("no_feed", 4)]
    assert feed_view(board).age_s == 30.1
    assert feed_view(board).timezone == "Asia/Jerusalem"

    board.take(clock(), 131.0)
    board.settle(131.0)
    assert feed_view(board).freshness == "fresh", "heard again, though its clock stands still"


def test_whoever_comes_late_is_told_how_long_a_feed_has_been_silent():
    board = floor(BANK, clock())

    board.settle(600.0)
    board.settle(604.0)

    assert 600 <= feed_view(board).age_s <= 604


def test_a_feed_is_as_far_and_as_fresh_as_its_slowest_partition():
    board = floor(clock(NINE + 5_000, partition=0), clock(NINE + 1_000, partition=1))
    assert feed_view(board).at == NINE + 1_000

    board.take(clock(NINE + 9_000, partition=0, rate=60.0), 5.0)
    board.settle(5.0)
    assert (feed_view(board).freshness, feed_view(board).at, feed_view(board).rate) == ("stale", NINE + 1_000, 60.0)


def test_a_feed_that_was_only_read_is_stale_until_it_is_heard():
    board = Board()
    board.read(Stored(feeds=(clock(),)), 50.0)
    board.settle(50.0)
    assert feed_view(board).freshness == "stale"
    board.take(clock(NINE + 1_000), 50.5)
    board.settle(50.5)
    assert feed_view(board).freshness == "fresh"


def test_after_a_gap_a_feed_that_moved_was_heard_and_one_that_did_not_was_not():
    board = floor(clock(site="bank"), clock(site="lisbon"))
    board.read(Stored(feeds=(clock(NINE + 9_000, site="bank"), clock(site="lisbon"))), 9.0)
    board.settle(9.0)
    assert (feed_view(board, "acd|bank").freshness, feed_view(board, "acd|lisbon").freshness) == ("fresh", "stale")

    board.read(Stored(feeds=(clock(NINE + 9_000, site="bank"),), metrics_complete=True), 10.0)
    board.settle(10.0)
    assert board.ledger.get("feed", "acd|lisbon") is None


# Days. All of 1999-01-25 in Jerusalem; the clock of the feed says which day it is.


def test_a_day_line_has_the_half_hours_at_the_queues_own_target():
    board = floor(
        BANK,
        clock(NINE + 45 * MINUTE),
        tile(target_s=30),
        half_hour(start=NINE, label="09:00", at_20=counts(4, 4, 1), at_30=counts(4, 4, 3), status="final"),
        half_hour(start=NINE + HALF_HOUR, label="09:30", at_20=counts(2, 1, 1), at_30=counts(2, 1, 1)),
    )
    board.settle(1.0)
    day = day_view(board, "bank/PS")
    assert (day.date, [bar.label for bar in day.bars]) == ("1999-01-25", ["09:00", "09:30"])
    assert [(bar.offered, bar.answered, bar.abandoned, bar.answered_within) for bar in day.bars] == [
        (4, 4, 0, 3),
        (2, 1, 1, 1),
    ]
    assert day.bars[0].service_level["offered"] == 0.75
    assert [bar.status for bar in day.bars] == ["final", "provisional"]
    assert day_view(board, "bank").bars == day_view(board, "all").bars == day.bars


def test_day_lines_change_once_a_second_at_most():
    board = floor(BANK, clock(), tile(), now=0.0)
    board.settle(0.1)
    for revision, now in ((1, 0.2), (2, 0.6), (3, 0.9)):
        board.take(half_hour(at_20=counts(revision), revision=revision), now)
        board.settle(now)
        assert day_view(board, "bank/PS").bars == ()
    board.settle(1.2)
    assert [bar.offered for bar in day_view(board, "bank/PS").bars] == [3]


def test_of_many_day_lines_a_hundred_are_told_a_second_and_those_first_that_have_waited_longest():
    queues = [f"bank/q{number:03}" for number in range(250)]
    board = floor(*(tile(queue) for queue in queues), *(half_hour(queue, at_20=counts(1)) for queue in queues))
    assert all(day_view(board, queue).bars for queue in queues), "what is not shown yet does not wait"

    def behind() -> list[str]:
        return [queue for queue in queues if day_view(board, queue).bars[0].offered == 1]

    for queue in queues:
        board.take(half_hour(queue, at_20=counts(2), revision=2), 1.0)
    for second, left in ((1.0, 150 + 1), (2.0, 50 + 1), (2.5, 50 + 1)):
        board.settle(second)
        assert behind() == queues[250 - left :], "the site's own line is one of them"
    board.take(half_hour(queues[0], at_20=counts(3), revision=3), 2.6)
    board.settle(3.0)
    assert behind() == []
    assert day_view(board, "bank").bars[0].offered == 501
    assert day_view(board, "all").bars[0].offered == 501


def test_an_older_revision_changes_nothing():
    board = floor(BANK, clock(), tile(), half_hour(revision=5, at_20=counts(5)))
    board.take(half_hour(revision=4, at_20=counts(4)), 1.0)
    board.settle(2.0)
    assert [bar.offered for bar in day_view(board, "bank").bars] == [5]


def test_another_target_makes_other_bars():
    board = floor(BANK, clock(), tile(), half_hour(at_20=counts(4, 4, 1), at_30=counts(4, 4, 3)))
    board.settle(1.0)
    board.take(tile(offset=2, target_s=30), 2.0)
    board.settle(3.0)
    for scope in ("bank/PS", "bank", "all"):
        assert [bar.answered_within for bar in day_view(board, scope).bars] == [3]


def test_at_local_midnight_a_new_day_begins():
    midnight = NINE + 15 * 60 * MINUTE
    board = floor(BANK, clock(midnight - 1), tile(), half_hour(at_20=counts(7)))
    board.take(half_hour(start=midnight, date="1999-01-26", label="00:00", at_20=counts(1)), 1.0)
    board.settle(2.0)
    assert [bar.offered for bar in day_view(board, "bank/PS").bars] == [7], "00:00 of tomorrow waits for tomorrow"

    board.take(clock(midnight), 3.0)
    board.settle(4.0)
    board.settle(5.0)
    for scope in ("bank/PS", "bank", "all"):
        day = day_view(board, scope)
        assert (day.date, [(bar.label, bar.offered) for bar in day.bars]) == ("1999-01-26", [("00:00", 1)])

    board.take(half_hour(revision=9, at_20=counts(8)), 6.0)
    board.settle(7.0)
    assert [bar.label for bar in day_view(board, "bank/PS").bars] == ["00:00"], "yesterday is corrected elsewhere"


def test_days_that_are_not_whole_are_asked_for_once():
    board = floor(BANK, clock(), tile())
    assert board.missing_days() == [("bank/PS", "1999-01-25")]
    board.read_day("bank/PS", "1999-01-25", [half_hour(at_20=counts(3))])
    assert board.missing_days() == []
    board.settle(2.0)
    assert [bar.offered for bar in day_view(board, "bank").bars] == [3]

    board.read(Stored(tiles=(tile(),)), 3.0)
    assert board.missing_days() == [("bank/PS", "1999-01-25")], "something may have been missed"
    board.read_day("bank/PS", "1999-01-24", [])
    assert board.missing_days() == [("bank/PS", "1999-01-25")]


def test_a_half_hour_of_an_unknown_queue_or_site_is_kept_out_until_it_is_known():
    board = floor(BANK, clock(), tile(), half_hour("bank/XX", at_20=counts(9)))
    board.settle(1.0)
    assert day_view(board, "bank").bars == ()

    early = floor(half_hour(at_20=counts(2)))
    early.take(tile(), 1.0)
    early.settle(1.0)
    assert day_view(early, "bank").date == "1999-01-25", "without a feed the tile's own moment tells the day"
    assert [bar.offered for bar in day_view(early, "bank/PS").bars] == [2]


def test_over_sites_the_half_hours_of_the_same_local_time_are_added():
    lisbon = Site(id="lisbon", name=Text(en="Lisbon", zh="里斯本"), timezone="Europe/Lisbon")
    nine_there = NINE + 2 * 60 * MINUTE
    board = floor(
        BANK,
        lisbon,
        clock(NINE),
        clock(nine_there, site="lisbon"),
        tile("bank/PS"),
        tile("lisbon/sales", as_of=nine_there),
        half_hour("bank/PS", at_20=counts(3), status="final"),
        half_hour("lisbon/sales", start=nine_there, at_20=counts(4)),
    )
    board.settle(1.0)
    (nine,) = day_view(board, "all").bars
    assert (nine.label, nine.start, nine.offered, nine.status) == ("09:00", nine_there, 7, "provisional")


def test_where_the_clock_goes_back_an_hour_comes_twice():
    """Lisbon, 2026-10-25: 01:30 summer time, and an hour later 01:30 winter time."""
    lisbon = Site(id="lisbon", name=Text(en="Lisbon", zh="里斯本"), timezone="Europe/Lisbon")
    summer, winter = 1_792_888_200_000, 1_792_891_800_000
    board = floor(lisbon, clock(winter + 5 * MINUTE, site="lisbon"), tile("lisbon/sales", as_of=winter))
    for number, start in enumerate((summer, winter), 1):
        board.take(half_hour("lisbon/sales", start=start, label="01:30", date="2026-10-25", at_20=counts(number)), 1.0)
    board.settle(2.0)
    for scope in ("lisbon/sales", "lisbon", "all"):
        assert [(bar.start, bar.offered) for bar in day_view(board, scope).bars] == [(summer, 1), (winter, 2)]


def test_a_feed_that_is_gone_does_not_tell_the_day():
    board = floor(BANK, clock(NINE + 900 * HALF_HOUR, source="old"), now=0.0)
    board.take(clock(NINE, source="acd"), 40.0)
    board.take(tile(), 40.0)
    board.settle(41.0)
    assert day_view(board, "bank").date == "1999-01-25"


def test_whoever_is_not_described_makes_the_topology_be_read_again_once():
    board = floor(BANK, clock())
    assert not board.met_strangers
    board.take(tile(), 0.0)
    assert board.met_strangers
    board.read_slow(Stored(topology=(PS,)))
    board.take(tile(offset=2), 1.0)
    assert not board.met_strangers
