"""Rules over recorded half-hours and tiles: when they would have fired, and which can't be told."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.alerts.domain.backtest import Item, over_half_hours, over_tiles
from services.contracts.alerts import Rule
from services.contracts.backtest import Backtest, BacktestOrder
from services.contracts.definitions import Counts
from services.contracts.metrics import HALF_HOUR_MS, Interval, IvrCounts, IvrInterval
from services.contracts.topology import Queue, Site, Text
from tests.unit.alerts.floor import clock, rule, tile

DAY = 86_400_000
MONDAY = 1_780_272_000_000  # 2026-06-01 00:00 UTC
SITE = Site(id="bank", name=Text(en="Bank", zh="银行"), timezone="UTC")
QUEUE = Queue(id="bank/PS", name=Text(en="PS", zh="PS"))
LOW = {"metric": "service_level", "direction": "below", "threshold": 60, "clear": 70}


def half(hour: float, *, offered: int, within: int, queue: str = "bank/PS") -> Interval:
    start = MONDAY + round(hour * 3_600_000)
    told = Counts(offered=offered, answered=offered, answered_within=within)
    return Interval(
        id=f"{queue}|{start}", scope=queue, start=start, end=start + HALF_HOUR_MS, date="", label="", status="final",
        revision=1, by_threshold={20: told, 30: told},
    )  # fmt: skip


def order(*rules: Rule, span: tuple[int, int] = (MONDAY, MONDAY + DAY), **more: Any) -> BacktestOrder:
    return BacktestOrder(rules=rules, start=span[0], end=span[1], **more)


def spans(found: Backtest) -> list[str]:
    return [
        f"{one.scope} {(one.start - MONDAY) / 3_600_000:g}–"
        + ("…" if one.end is None else f"{(one.end - MONDAY) / 3_600_000:g}")
        for result in found.rules
        for one in result.firings
    ]


def test_a_bad_hour_fires_at_the_end_of_its_first_half_hour_and_until_a_good_one_is_over():
    told = [
        half(9, offered=20, within=18), half(9.5, offered=20, within=8), half(10, offered=20, within=9),
        half(10.5, offered=20, within=18),
    ]  # fmt: skip

    found = over_half_hours(order(rule(**LOW, for_s=60)), [SITE, QUEUE], told)

    assert spans(found) == [f"bank/PS {10 + 60 / 3600:g}–11"]
    (result,) = found.rules
    assert (result.per_day, result.firings[0].value, result.longest_s) == (1, 40, 3540)


def test_it_stays_on_for_as_long_as_the_rule_keeps_it():
    told = [half(9, offered=20, within=8), half(9.5, offered=20, within=18), half(10, offered=20, within=18)]

    found = over_half_hours(order(rule(**LOW, keep_firing_for_s=600)), [SITE, QUEUE], told)

    assert spans(found) == [f"bank/PS 9.5–{10 + 600 / 3600:g}"]


def test_a_half_hour_without_a_record_is_one_without_contacts():
    told = [half(9, offered=20, within=8), half(9.5, offered=5, within=5, queue="bank/NW")]

    found = over_half_hours(order(rule(**LOW)), [SITE, QUEUE], told)

    assert spans(found) == ["bank/PS 9.5–10"]


def test_all_are_counted_and_as_many_listed_as_were_asked_for():
    told = [half(hour, offered=20, within=8) for hour in (9, 10, 11)]

    (result,) = over_half_hours(order(rule(**LOW), most_firings=2), [SITE, QUEUE], told).rules

    assert (result.times, len(result.firings), result.per_day) == (3, 2, 3)
    assert result.firings[0].start < result.firings[1].start


def test_what_still_fires_is_counted_as_far_as_anything_was_recorded():
    records: list[list[Item]] = [[tile("bank/PS", 1000, waiting=9), clock("bank", 1000)], [clock("bank", 1600)]]

    found = over_tiles(
        order(rule(metric="waiting", threshold=3, clear=1), span=(0, DAY), source="tiles"), [SITE], records
    )

    (result,) = found.rules
    assert (found.until, result.firings[0].end, result.fired_s) == (1_600_000, None, 600)


def test_a_span_ends_after_it_begins():
    with pytest.raises(ValidationError, match=r"end\n.*must lie after start"):
        order(rule(**LOW), span=(MONDAY, MONDAY))


def test_after_the_last_half_hour_of_a_day_nobody_calls():
    found = over_half_hours(order(rule(**LOW)), [SITE, QUEUE], [half(17, offered=20, within=8)])

    assert spans(found) == ["bank/PS 17.5–18"]


def test_what_half_hours_do_not_tell_is_left_out_with_the_reason():
    found = over_half_hours(order(rule(metric="longest_wait_s")), [SITE], [])

    assert found.rules[0].left_out == "half-hours do not tell longest_wait_s: only tiles of the last day do"


def test_against_the_same_half_hour_of_the_week_before():
    week = 7 * 24
    told = [half(hour, offered=100, within=90) for hour in (8, 8.5, 9, 9.5)]
    told += [half(week + hour, offered=offered, within=90) for hour, offered in ((8, 110), (8.5, 180), (9, 100))]
    more = rule(metric="offered", against="last_week", direction="above", threshold=150, clear=125)

    found = over_half_hours(order(more, span=(MONDAY + 7 * DAY, MONDAY + 8 * DAY)), [SITE, QUEUE], told)

    assert spans(found) == [f"bank/PS {week + 9}–{week + 9.5}"]
    assert found.rules[0].firings[0].value == 180


def test_calls_lost_in_a_menu():
    start = MONDAY + 9 * 3_600_000
    lost = IvrInterval(
        id="bank/main|x", scope="bank/main", start=start, end=start + HALF_HOUR_MS, date="", label="", status="final",
        revision=1, counts=IvrCounts(entered=100, lost=40, to_queue=60),
    )  # fmt: skip
    losses = rule(metric="ivr_loss_rate", scope={"kind": "flow"}, threshold=25, clear=15)

    found = over_half_hours(order(losses), [SITE], [lost])

    assert spans(found) == ["bank/main 9.5–10"], "half an hour later those calls are no news"


def test_tiles_tell_to_the_moment():
    records: list[list[Item]] = [
        [tile("bank/PS", 1000, waiting=1, oldest=900), clock("bank", 1000)],
        [clock("bank", 1500)],
        [tile("bank/PS", 1600, waiting=0), clock("bank", 1600)],
    ]
    long = rule(metric="longest_wait_s", threshold=300, clear=120)

    found = over_tiles(order(long, span=(0, DAY), source="tiles"), [SITE], records)

    (one,) = found.rules[0].firings
    assert (one.start, one.end) == (1_200_001, 1_600_000)
