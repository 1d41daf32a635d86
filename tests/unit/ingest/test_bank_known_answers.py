"""The real calls of three months against figures that others have computed, from the events alone."""

import csv
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from services.contracts.events import Abandoned, Answered, IvrEntered, IvrExited, Offered
from tests.shared_data import shared_data
from tests.unit.ingest.bank_months import month

JERUSALEM = ZoneInfo("Asia/Jerusalem")

# month: AGENT, HANG in queue, HANG in IVR, PHANTOM, abandoned %, mean wait s, ≤ 20 s %, ≤ 30 s %
KNOWN = {
    1: (27_060, 3_101, 1_198, 240, 10.281, 35.028, 54.381, 59.637),
    2: (27_162, 3_963, 1_941, 278, 12.733, 40.774, 52.077, 56.961),
    3: (27_847, 8_604, 1_943, 407, 23.604, 92.903, 31.239, 34.913),
}
ROWS = {1: 31_599, 2: 33_344, 3: 38_801}
FILLED_IN_BY_OTHERS = {"1999-01-11", "1999-01-12"}


@pytest.mark.parametrize("number", KNOWN)
def test_every_figure_of_the_month(number):
    events = month(number).events
    offered = sum(isinstance(e, Offered) for e in events)
    abandoned = sum(isinstance(e, Abandoned) for e in events)
    waits_s = [(e.at - e.offered_at) / 1000 for e in events if isinstance(e, Answered)]
    left = Counter(e.outcome for e in events if isinstance(e, IvrExited))
    agent, hang_queue, hang_ivr, phantom, abandoned_pct, mean_wait, within_20, within_30 = KNOWN[number]

    assert (len(waits_s), abandoned, left["abandoned"], left["virtual"]) == (agent, hang_queue, hang_ivr, phantom)
    assert offered == agent + hang_queue == left["to_queue"]
    assert round(100 * abandoned / offered, 3) == abandoned_pct
    assert round(sum(waits_s) / len(waits_s), 3) == mean_wait
    assert round(100 * sum(wait <= 20 for wait in waits_s) / offered, 3) == within_20
    assert round(100 * sum(wait <= 30 for wait in waits_s) / offered, 3) == within_30


@pytest.mark.parametrize("number", KNOWN)
def test_every_row_is_read(number):
    assert (month(number).rows, month(number).rejected) == (ROWS[number], ())


def test_event_ids_are_unique_over_all_months():
    ids = [event.event_id for number in KNOWN for event in month(number).events]
    assert len(set(ids)) == len(ids)


def test_events_come_in_time_order():
    for number in KNOWN:
        times = [event.at for event in month(number).events]
        assert times == sorted(times)


def test_arrivals_agree_with_the_published_six_minute_bins():
    """Bin u of a day covers ((u − 1)·360 s, u·360 s]; midnight itself lies in bin 1."""
    counted: Counter[tuple[str, int]] = Counter()
    for number in KNOWN:
        for event in month(number).events:
            if isinstance(event, IvrEntered):
                local = datetime.fromtimestamp(event.at / 1000, JERUSALEM)
                second = local.hour * 3600 + local.minute * 60 + local.second
                counted[local.date().isoformat(), max(1, -(-second // 360))] += 1
    published = _published_arrivals()
    compared = {key for key in published | dict(counted) if key[0] not in FILLED_IN_BY_OTHERS}
    assert len(compared) > 88 * 100
    assert {key: counted[key] for key in compared} == {key: published.get(key, 0) for key in compared}


def _published_arrivals() -> dict[tuple[str, int], int]:
    with (shared_data() / "anonymous_bank" / "arrivals_6min_1999-01_03.csv").open() as lines:
        return {(line["date"], int(line["bin"])): int(float(line["calls"])) for line in csv.DictReader(lines)}
