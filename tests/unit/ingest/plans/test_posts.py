"""The bodies of POSTs of schedules, exceptions and forecasts: every item is taken, or refused by its field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.forecast_files import ForecastTerms
from services.contracts.plans_edge import Withdrawal
from services.ingest.domain.plans.posts import (
    ExceptionBody,
    ForecastBody,
    ScheduleBody,
    read_exceptions,
    read_forecasts,
    read_schedules,
)
from tests.unit.ingest.plans.desk import TERMS, shown

NINE, TEN = "2026-07-01T09:00:00+01:00", "2026-07-01T09:00:00Z"
GOOD: dict[str, Any] = {
    "agent": "ana", "site": "lisbon", "date": "2026-07-01", "activities": [{"activity": "on_queue", "start": NINE, "end": TEN}],
}  # fmt: skip
QUEUES = ForecastTerms({"lisbon/sales": "Europe/Lisbon"}, version=7)
APPROVAL: dict[str, Any] = {"id": "x", "agent": "ana", "start": NINE, "end": TEN}


def text(body: Any) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize("body", [GOOD, [GOOD], {"schedules": [GOOD]}])
def test_one_or_an_array_or_a_batch(body):
    ((index, schedule),) = read_schedules(text(body), TERMS).taken
    assert (index, shown(schedule), schedule.version) == (0, ["09:00–10:00 on_queue"], TERMS.version)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"agent": "a|b"}, "agent"),
        ({"date": "today"}, "date"),
        ({"date": "2026-07-02"}, "date"),
        ({"version": -1}, "version"),
        ({"activities": [{"activity": "juggling", "start": NINE, "end": TEN}]}, "activities.0.activity"),
        ({"activities": [{"activity": "break", "start": TEN, "end": TEN}]}, "activities.0.end"),
        ({"activities": [{"activity": "break", "start": "2026-07-01T09:00", "end": TEN}]}, "activities.0.start"),
        ({"activities": [{"activity": "break", "start": "1899-01-01T00:00Z", "end": TEN}]}, "activities.0.start"),
        ({"activities": None}, "activities"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_the_field_to_blame_is_named(change, path):
    reading = read_schedules(text([GOOD, GOOD | change]), TERMS)
    assert [index for index, _ in reading.taken] == [0]
    assert [(problem.index, problem.path) for problem in reading.problems] == [(1, path)]
    assert reading.refused == [(1, GOOD | change)]


def test_a_site_that_nobody_described_and_a_day_off():
    reading = read_schedules(text([GOOD | {"site": "madrid", "date": "2026-06-30"}, GOOD | {"activities": []}]), TERMS)
    assert (len(reading.taken), reading.problems) == (2, [])


def test_approvals_and_withdrawals():
    reading = read_exceptions(
        text([APPROVAL, {"action": "withdraw", "id": "x", "agent": "ana"}, APPROVAL | {"end": NINE}])
    )
    assert [type(one).__name__ for _, one in reading.taken] == ["AdherenceException", Withdrawal.__name__]
    assert [index for index, _ in reading.refused] == [2]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just(NINE),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["schedules", "exceptions", "forecasts", "agent", "activities", "action", "half_hours", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip


@given(json_values | st.lists(st.just(GOOD) | st.just(APPROVAL) | json_values, max_size=5))
def test_every_item_is_either_taken_or_refused(body):
    for reading in (read_schedules(text(body), TERMS), read_exceptions(text(body))):
        blamed = {problem.index for problem in reading.problems}
        assert {index for index, _ in reading.refused} == blamed - {None}
        if isinstance(body, list):
            assert len(reading.taken) + len(reading.refused) == len(body)


@given(st.binary(max_size=200))
def test_no_body_crashes(body):
    read_schedules(body, TERMS)
    read_exceptions(body)
    read_forecasts(body, QUEUES)


def test_the_schemas_name_what_may_come():
    assert {"Schedule", "ScheduleBatch", "Planned"} <= ScheduleBody.json_schema()["$defs"].keys()
    assert {"Approval", "Withdrawal", "ExceptionBatch"} <= ExceptionBody.json_schema()["$defs"].keys()
    assert {"Forecast", "ForecastBatch", "ExpectedHalfHour"} <= ForecastBody.json_schema()["$defs"].keys()


FORECAST: dict[str, Any] = {
    "queue": "lisbon/sales", "date": "2026-07-01",
    "half_hours": [{"start": TEN, "contacts": 12.5, "aht_s": 180}, {"start": "2026-07-01T09:30:00+01:00", "contacts": 0}],
}  # fmt: skip


@pytest.mark.parametrize("body", [FORECAST, [FORECAST], {"forecasts": [FORECAST]}])
def test_forecasts_come_in_any_order_of_time_as_one_or_an_array_or_a_batch(body):
    ((index, day),) = read_forecasts(text(body), QUEUES).taken
    assert (index, day.queue, day.version) == (0, "lisbon/sales", QUEUES.version)
    assert [(half.contacts, half.aht_s, half.required) for half in day.half_hours] == [
        (0, None, None),
        (12.5, 180, None),
    ]
    assert day.half_hours[1].start - day.half_hours[0].start == 1_800_000


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"queue": "lisbon"}, "queue"),
        ({"queue": "lisbon/slaes"}, "queue"),
        ({"date": "today"}, "date"),
        ({"date": "2026-07-02"}, "half_hours.0.start"),
        ({"version": -1}, "version"),
        ({"half_hours": [{"start": "2026-07-01T09:10:00Z", "contacts": 1}]}, "half_hours.0.start"),
        ({"half_hours": [{"start": TEN, "contacts": 1}, {"start": TEN, "contacts": 1}]}, "half_hours.1.start"),
        ({"half_hours": [{"start": "2026-07-01T09:00", "contacts": 1}]}, "half_hours.0.start"),
        ({"half_hours": [{"start": "1899-07-01T09:00Z", "contacts": 1}]}, "half_hours.0.start"),
        ({"half_hours": [{"start": TEN, "contacts": -1}]}, "half_hours.0.contacts"),
        ({"half_hours": [{"start": TEN}]}, "half_hours.0.contacts"),
        ({"half_hours": None}, "half_hours"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_a_forecast_that_makes_no_sense_names_the_field(change, path):
    reading = read_forecasts(text([FORECAST, FORECAST | change]), QUEUES)
    assert [index for index, _ in reading.taken] == [0]
    assert [(problem.index, problem.path) for problem in reading.problems] == [(1, path)]


def test_a_forecast_without_half_hours_takes_the_day_back():
    ((_, day),) = read_forecasts(text(FORECAST | {"half_hours": [], "version": 3}), QUEUES).taken
    assert (day.half_hours, day.version) == ((), 3)


@given(json_values | st.lists(st.just(FORECAST) | json_values, max_size=5))
def test_every_forecast_is_either_taken_or_refused(body):
    reading = read_forecasts(text(body), QUEUES)
    assert {index for index, _ in reading.refused} == {problem.index for problem in reading.problems} - {None}
    if isinstance(body, list):
        assert len(reading.taken) + len(reading.refused) == len(body)
