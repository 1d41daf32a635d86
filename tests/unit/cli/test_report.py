"""The report arranges what was published; it adds nothing and loses nothing."""

from services.cli.report import build
from services.contracts.definitions import Counts
from services.contracts.metrics import HALF_HOUR_MS, Interval, IvrCounts, IvrInterval, interval_id

TEN_O_CLOCK = 915_523_200_000  # 1999-01-05 10:00 in Jerusalem


def interval(scope: str, start: int, day: str, label: str, **counts: int) -> Interval:
    within_20 = counts.pop("within_20", 0)
    within_30 = counts.pop("within_30", 0)
    return Interval(
        id=interval_id(scope, start),
        scope=scope,
        start=start,
        end=start + HALF_HOUR_MS,
        date=day,
        label=label,
        status="final",
        revision=7,
        by_threshold={
            20: Counts(**counts, answered_within=within_20),
            30: Counts(**counts, answered_within=within_30),
        },
    )


def test_two_half_hours_of_a_day_add_up_and_stand_in_their_places():
    report = build(
        "bank",
        [
            interval("bank/PS", TEN_O_CLOCK, "1999-01-05", "10:00", offered=3, answered=2, abandoned=1, within_20=1, within_30=2, wait_answered_ms=31_500),
            interval("bank/PS", TEN_O_CLOCK + HALF_HOUR_MS, "1999-01-05", "10:30", offered=1, answered=1, within_20=1, within_30=1, wait_answered_ms=500),
            interval("lisbon/PS", TEN_O_CLOCK, "1999-01-05", "10:00", offered=9),
        ],
        [{"file": "f", "line": 3, "reason": "r"}],
    )  # fmt: skip

    assert list(report["queues"]) == ["bank/PS"]
    day = report["queues"]["bank/PS"]["days"]["1999-01-05"]
    assert {
        key: day[key] for key in ("offered", "answered", "abandoned", "answered_within", "wait_answered_sum_s")
    } == {
        "offered": 4,
        "answered": 3,
        "abandoned": 1,
        "answered_within": {"20": 2, "30": 3},
        "wait_answered_sum_s": 32.0,
    }
    assert len(day["intervals"]) == 48
    assert day["intervals"][20] == {
        "start": "10:00",
        "offered": 3,
        "answered": 2,
        "abandoned": 1,
        "answered_within": {"20": 1, "30": 2},
    }
    assert day["intervals"][21]["offered"] == 1
    assert sum(i["offered"] for i in day["intervals"]) == 4
    assert report["rejected"] == [{"file": "f", "line": 3, "reason": "r"}]


def test_ivr_half_hours_make_the_sites_days():
    entered = IvrInterval(
        id="bank/main|1", scope="bank/main", start=TEN_O_CLOCK, end=TEN_O_CLOCK + HALF_HOUR_MS, date="1999-01-05", label="10:00",
        status="final", revision=1, counts=IvrCounts(entered=5, lost=2, to_queue=3),
    )  # fmt: skip

    report = build("bank", [entered, entered.model_copy(update={"scope": "porto/main"})], [])

    assert report["site"] == {"id": "bank", "days": {"1999-01-05": {"ivr_entered": 5, "ivr_lost": 2}}}


def test_a_half_hour_that_the_clock_on_the_wall_shows_twice_is_one():
    first = interval("bank/PS", 936_309_600_000, "1999-09-03", "01:00", offered=2, waiting=2)
    again = interval("bank/PS", 936_309_600_000 + 2 * HALF_HOUR_MS, "1999-09-03", "01:00", offered=3, waiting=3)

    day = build("bank", [first, again], [])["queues"]["bank/PS"]["days"]["1999-09-03"]

    assert len(day["intervals"]) == 48
    assert day["intervals"][2] == {
        "start": "01:00",
        "offered": 5,
        "answered": 0,
        "abandoned": 0,
        "answered_within": {"20": 0, "30": 0},
    }
    assert day["offered"] == 5
