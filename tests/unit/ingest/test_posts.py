"""What is in the body of a POST, and what is wrong with the rest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.edge import Offered
from services.ingest.domain.posts import PostBody, read

GOOD: dict[str, Any] = {
    "type": "offered", "event_id": "1", "source": "acd", "occurred_at": "2026-01-01T10:00:00Z", "queue": "s/q", "contact": "c",
}  # fmt: skip
NEWEST = 1_767_261_600_000  # 10:00:00


def problems(body: Any, newest_ms: int = NEWEST) -> list[tuple[int | None, str]]:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [(problem.index, problem.path) for problem in read(text, newest_ms=newest_ms).problems]


@pytest.mark.parametrize("body", [GOOD, [GOOD], {"events": [GOOD]}], ids=["one", "array", "batch"])
def test_one_event_or_an_array_or_a_batch(body):
    reading = read(json.dumps(body).encode(), newest_ms=NEWEST)
    assert [type(event) for event in reading.events] == [Offered]
    assert (reading.problems, reading.refused) == ([], [])


@pytest.mark.parametrize("body", [[], {"events": []}], ids=["array", "batch"])
def test_nothing_in_it(body):
    assert read(json.dumps(body).encode(), newest_ms=NEWEST).events == []


def test_the_valid_ones_of_a_batch_are_kept_in_order():
    bad, second = {**GOOD, "queue": "nowhere"}, {**GOOD, "event_id": "2"}
    reading = read(json.dumps([GOOD, bad, second]).encode(), newest_ms=NEWEST)
    assert [event.event_id for event in reading.events] == ["1", "2"]
    assert reading.refused == [(1, bad)]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"queue": "nowhere"}, "queue"),
        ({"occurred_at": "2026-01-01T10:00:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"colour": "red"}, "colour"),
        ({"contact": ""}, "contact"),
        ({"channel": "pigeon"}, "channel"),
        ({"type": "sneezed"}, ""),
        ({"type": None}, ""),
    ],
)
def test_the_field_to_blame_is_named(change, path):
    assert problems([GOOD, {**GOOD, **change}]) == [(1, path)]


def test_a_missing_field_is_named():
    assert problems({key: value for key, value in GOOD.items() if key != "contact"}) == [(0, "contact")]


def test_an_answer_before_the_offer():
    answered = {**GOOD, "type": "answered", "offered_at": "2026-01-01T10:00:01Z"}
    assert problems(answered) == [(0, "")]


@pytest.mark.parametrize("item", [3, "x", None, [GOOD]])
def test_an_item_that_is_no_object(item):
    assert problems([item]) == [(0, "")]


def test_events_ahead_of_the_clock_are_refused_and_historical_ones_are_not():
    early, late = {**GOOD, "occurred_at": "1999-01-01T00:00:00Z"}, {**GOOD, "occurred_at": "2026-01-01T10:00:00.001Z"}
    reading = read(json.dumps([early, GOOD, late]).encode(), newest_ms=NEWEST)
    assert len(reading.events) == 2
    assert [(problem.index, problem.path) for problem in reading.problems] == [(2, "occurred_at")]
    assert [index for index, _ in reading.refused] == [2]


def test_events_before_1970_are_refused():
    assert problems({**GOOD, "occurred_at": "1969-12-31T23:59:59Z"}) == [(0, "occurred_at")]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1,", b"\xff", b"[" * 10_000], ids=["empty", "open", "cut", "bytes", "deep"]
)
def test_a_body_that_is_no_json(body):
    assert problems(body) == [(None, "")]


@pytest.mark.parametrize(
    ("body", "path"), [({"events": [GOOD], "source": "acd"}, "source"), ({"events": GOOD}, "events")]
)
def test_a_batch_of_another_shape(body, path):
    assert problems(body) == [(None, path)]


def test_a_batch_that_is_spelled_with_events_last_is_still_refused_for_its_other_fields():
    assert problems({"source": "acd", "events": [GOOD]}) == [(None, "source")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "events", "queue", "event_id", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values | st.lists(st.just(GOOD) | json_values, max_size=5))
def test_every_item_is_either_taken_or_refused(body):
    reading = read(json.dumps(body).encode(), newest_ms=NEWEST)
    items = body if isinstance(body, list) else body.get("events", [body]) if isinstance(body, dict) else [body]
    if isinstance(items, list) and not any(problem.index is None for problem in reading.problems):
        assert len(reading.events) + len(reading.refused) == len(items)
    assert {index for index, _ in reading.refused} == {p.index for p in reading.problems if p.index is not None}


@given(st.binary(max_size=200))
def test_no_body_crashes(body):
    reading = read(body, newest_ms=NEWEST)
    assert reading.events or reading.problems or json.loads(body) in ([], {"events": []})


def test_the_schema_names_every_event():
    schema = PostBody.json_schema()
    assert {"Offered", "Ended", "IvrExited", "AgentLoggedOut", "EventBatch"} <= set(schema["$defs"])
