"""Clocks of the feeds that POST. Real time is drawn in seconds; the feed's own in ms."""

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.feed_clocks import FeedClocks

NOW_MS = 10_000_000


def clocks() -> FeedClocks:
    return FeedClocks(silent_after_s=900)


def test_a_live_feed_goes_on_between_its_events():
    feeds = clocks()
    feeds.heard("acd", "lisbon", NOW_MS - 500, 100.0)
    assert list(feeds.due(102.0, NOW_MS + 2_000)) == [("acd", "lisbon", NOW_MS + 1_500)]


def test_a_feed_of_the_past_stays_in_the_past():
    feeds = clocks()
    feeds.heard("acd", "lisbon", 5_000, 100.0)
    assert list(feeds.due(103.0, NOW_MS)) == [("acd", "lisbon", 8_000)]


def test_no_clock_passes_now():
    feeds = clocks()
    feeds.heard("acd", "lisbon", NOW_MS + 200_000, 100.0)
    assert list(feeds.due(101.0, NOW_MS + 1_000)) == [("acd", "lisbon", NOW_MS + 1_000)]


def test_a_late_event_does_not_turn_the_clock_back():
    feeds = clocks()
    feeds.heard("acd", "lisbon", 5_000, 100.0)
    feeds.heard("acd", "lisbon", 1_000, 102.0)
    assert list(feeds.due(102.0, NOW_MS)) == [("acd", "lisbon", 7_000)]


def test_every_source_and_site_has_a_clock_of_its_own():
    feeds = clocks()
    feeds.heard("acd", "lisbon", 5_000, 100.0)
    feeds.heard("acd", "porto", 6_000, 100.0)
    feeds.heard("ivr", "porto", 7_000, 100.0)
    assert sorted(feeds.due(100.0, NOW_MS)) == [
        ("acd", "lisbon", 5_000),
        ("acd", "porto", 6_000),
        ("ivr", "porto", 7_000),
    ]


def test_a_silent_feed_is_not_kept_alive():
    feeds = clocks()
    feeds.heard("acd", "lisbon", 5_000, 100.0)
    assert list(feeds.due(1000.0, NOW_MS))
    assert list(feeds.due(1000.1, NOW_MS)) == []


@given(st.lists(st.tuples(st.integers(0, NOW_MS), st.floats(0, 60)), min_size=1))
def test_a_clock_never_goes_back(heard):
    feeds, now_s, last = clocks(), 0.0, 0
    for at, pause_s in heard:
        now_s += pause_s
        feeds.heard("acd", "s", at, now_s)
        ((_, _, clock),) = feeds.due(now_s, 10**12)
        assert clock >= max(last, at)
        last = clock


# The source's clock against ours


def test_a_clock_that_runs_ahead_is_measured_by_the_quickest_event():
    feeds = clocks()
    for at_ms, now_ms in ((4_000, 4_900), (6_500, 5_000), (6_000, 5_500)):
        feeds.heard("acd", "lisbon", at_ms, now_ms / 1000, now_ms)
    assert feeds.ahead_ms("acd", "lisbon") == 1_500
    assert feeds.ahead_ms("acd", "porto") is None


def test_a_clock_behind_ours_is_negative():
    feeds = clocks()
    feeds.heard("acd", "lisbon", NOW_MS - 9_000, 0.0, NOW_MS)
    feeds.heard("acd", "lisbon", NOW_MS - 8_000, 1.0, NOW_MS + 1_000)
    assert feeds.ahead_ms("acd", "lisbon") == -9_000


def test_what_was_measured_is_forgotten_after_two_minutes():
    feeds = clocks()
    feeds.heard("acd", "lisbon", 90_000, 0.0, 0)
    feeds.heard("acd", "lisbon", 59_000, 59.0, 59_000)
    feeds.heard("acd", "lisbon", 60_000, 60.0, 60_000)
    assert feeds.ahead_ms("acd", "lisbon") == 90_000, "the minute before counts"
    feeds.heard("acd", "lisbon", 120_000, 120.0, 120_000)
    assert feeds.ahead_ms("acd", "lisbon") == 0
    feeds.heard("acd", "lisbon", 500_500, 500.0, 500_000)
    assert feeds.ahead_ms("acd", "lisbon") == 500


def test_a_feed_of_another_time_has_no_clock_that_runs_wrong():
    feeds = clocks()
    feeds.heard("acd", "lisbon", 5_000, 100.0, 40_000_000)
    assert feeds.ahead_ms("acd", "lisbon") is None
