"""The chaos program's own parts: its plan follows from the seed, and its verdict sees every wrong number."""

import json
from dataclasses import replace
from operator import itemgetter

import pytest

from services.contracts.definitions import COUNTERS, Counts
from services.contracts.events import LegEvent
from services.contracts.metrics import Interval, Tile
from services.ingest.domain.edge import to_wire
from services.ingest.domain.posts import read
from tests.chaos import story, verdict
from tests.chaos.plan import plan
from tests.chaos.story import QUEUES, SHORT_S, THRESHOLDS_S, ZONES
from tests.chaos.witness import calls_in, visits_in
from tests.oracle import floor as oracle

NOW = 1_767_960_000_000
TOLD = story.tell(3, ends_at=NOW, lasts_s=60, speed=30, contacts_per_s=10)
QUEUE = QUEUES[0]


def _without_reason(call: oracle.Call) -> oracle.Call:
    """Only of a flow-out is it told."""
    return call if call.outcome == "flowed_out" else replace(call, reason="")


def shown() -> Tile:
    waiting = oracle.waiting(TOLD.calls, QUEUE)
    rolling = {t: Counts(**oracle.rolling(TOLD.calls, QUEUE, t, SHORT_S, NOW)) for t in THRESHOLDS_S}
    return Tile(
        id=QUEUE, as_of=NOW, offset=1, target_s=20, target_percent=80, definition="offered", rolling=rolling,
        waiting=len(waiting), oldest_offered_at=waiting[0] if waiting else None,
    )  # fmt: skip


def half_hours() -> dict[tuple[str, int], Interval]:
    found = oracle.half_hours(
        [c for c in TOLD.calls if c.queue == QUEUE], ZONES[QUEUE.partition("/")[0]], THRESHOLDS_S, SHORT_S
    )
    return {
        (queue, start): Interval.model_validate(
            {"id": f"{queue}|{start}", "scope": queue, "start": start, "end": start + 1_800_000, "status": "final", "revision": 1, **one}
        )
        for (queue, start), one in found.items()
    }  # fmt: skip


def test_the_plan_follows_from_the_seed_and_has_every_kind_of_fault():
    first = plan(7, duration_s=600, workers=2, session_s=6)
    assert first == plan(7, duration_s=600, workers=2, session_s=6)
    assert first != plan(8, duration_s=600, workers=2, session_s=6)
    assert {fault.kind for fault in first} == {"kill", "stop", "restart", "mid-write", "flush", "join", "leave"}
    assert {fault.target.partition("-")[0] for fault in first} == {
        "kafka",
        "redis",
        "ingest",
        "metrics",
        "alerts",
        "api",
    }
    assert all(fault.for_s > 6 for fault in first if fault.kind == "stop" and fault.target.startswith("metrics"))


def test_the_story_follows_from_the_seed_and_its_events_tell_it_in_any_order():
    assert story.tell(3, ends_at=NOW, lasts_s=60, speed=30, contacts_per_s=10) == TOLD
    body = json.dumps([item for posting in TOLD.postings for item in posting.items]).encode()
    events = [to_wire(event, str) for event in read(body, newest_ms=NOW).events]
    assert len(events) == len(TOLD.postings)
    for queue in QUEUES:
        told = calls_in(event for event in events if isinstance(event, LegEvent) and event.queue == queue)
        expected = [replace(c, marks=tuple(sorted(c.marks, key=itemgetter(1)))) for c in TOLD.calls if c.queue == queue]
        assert sorted(map(_without_reason, told), key=repr) == sorted(map(_without_reason, expected), key=repr)
    for flow in story.FLOWS:
        told_visits = visits_in(event for event in events if getattr(event, "flow", "") == flow)
        assert sorted(told_visits, key=repr) == sorted((v for v in TOLD.visits if v.flow == flow), key=repr)


def test_what_is_right_is_not_called_wrong():
    calls = list(TOLD.calls)
    assert verdict.tile(shown(), calls, NOW).wrong == ()
    found = verdict.half_hours(QUEUE.partition("/")[0], half_hours(), [c for c in calls if c.queue == QUEUE])
    assert found.wrong == ()
    assert found.compared > 2 * len(COUNTERS)


@pytest.mark.parametrize("counter", COUNTERS)
def test_one_wrong_counter_is_seen(counter):
    right = shown()
    counts = right.rolling[20]
    off = right.model_copy(
        update={"rolling": right.rolling | {20: counts.model_copy(update={counter: getattr(counts, counter) + 1})}}
    )
    assert len(verdict.tile(off, list(TOLD.calls), NOW).wrong) == 1

    ones = half_hours()
    name, one = next(iter(ones.items()))
    counts = one.by_threshold[20]
    wrong = one.model_copy(
        update={
            "by_threshold": one.by_threshold | {20: counts.model_copy(update={counter: getattr(counts, counter) - 1})}
        }
    )
    calls = [c for c in TOLD.calls if c.queue == QUEUE]
    site = QUEUE.partition("/")[0]
    assert len(verdict.half_hours(site, ones | {name: wrong}, calls).wrong) == 1
    assert verdict.half_hours(site, {key: value for key, value in ones.items() if key != name}, calls).wrong
