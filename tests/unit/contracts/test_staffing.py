"""Agents for a target, pools of agents with several queues, and the load that is read off counters."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts import live_load
from services.contracts.definitions import DEFINITION_NAMES, Counts
from services.contracts.live_load import Sample
from services.contracts.pools import pool_of, share_out
from services.contracts.staffing import (
    CALLERS,
    Load,
    Needed,
    Promise,
    agents_behind,
    agents_for,
    expected,
    expected_counts,
    with_shrinkage,
)

PLANNER = Load(500, 210)
"""250 calls a half-hour of 210 s: tests/unit/contracts/test_erlang.py has its table."""
PATIENT = PLANNER._replace(patience_s=120)


@pytest.mark.parametrize(("percent", "agents"), [(80, 34), (90, 36), (70, 33), (95, 38)])
def test_agents_for_a_target_are_those_of_the_table(percent: float, agents: int):
    """The table rounds: 37 agents reach 94.8 %."""
    assert agents_for(PLANNER, Promise(20, percent / 100)) == Needed(agents, "service_level")


def test_the_occupancy_cap_may_ask_for_more_and_abandonment_for_fewer():
    assert agents_for(PLANNER, Promise(20, 0.8), occupancy_cap=0.8) == Needed(37, "occupancy")
    patient = agents_for(PATIENT, Promise(20, 0.8)).agents
    assert patient is not None
    assert patient < 34
    assert agents_for(Load(0, 200), Promise()) == Needed(0, "service_level")
    assert agents_for(Load(100, 200), Promise(), occupancy_cap=1e-9).agents is None


def test_shrinkage_rosters_more():
    assert (with_shrinkage(34, 0.3), with_shrinkage(7, 0.3), with_shrinkage(34, 0)) == (49, 10, 34)
    with pytest.raises(ValueError, match="shrinkage"):
        with_shrinkage(1, 1)


def test_without_abandonment_and_with_too_few_agents_nobody_is_in_time():
    found = expected(PLANNER, 29, Promise())
    assert (found.stable, found.service_level, found.asa_s, found.mean_queue, found.occupancy) == (
        False, 0, None, None, 1,
    )  # fmt: skip
    assert expected(PLANNER, 29, Promise(definition="answered_only")).service_level == 0
    assert expected(PLANNER, 0, Promise(definition="answered_only")).service_level is None


@pytest.mark.parametrize("patience_s", [None, 120.0])
def test_where_nobody_comes_and_nobody_serves_there_is_nothing_to_expect(patience_s: float | None):
    nobody = Load(0, 200, patience_s)
    found = expected(nobody, 0, Promise())
    assert (found.stable, found.service_level, found.abandonment_rate, found.asa_s) == (True, None, None, None)
    assert expected_counts(nobody, 0, 20, 5) == Counts()
    assert expected(nobody, 0.5, Promise()).service_level is None
    assert expected(nobody, 1, Promise()).service_level == 1


def test_half_an_agent_is_half_way():
    lower, half, upper = (expected(PATIENT, agents, Promise()).service_level for agents in (30, 30.5, 31))
    assert lower is not None
    assert upper is not None
    assert half == pytest.approx((lower + upper) / 2)
    with pytest.raises(ValueError, match="agents"):
        expected(PATIENT, -1, Promise())


def test_expected_callers_are_counted_as_the_floor_counts_its_own():
    counts = expected_counts(PATIENT, 30, 20, 5)
    assert counts.offered == CALLERS == counts.answered + counts.abandoned
    assert 0 < counts.short_abandoned < counts.abandoned_within < counts.abandoned
    by_name = {
        name: expected(PATIENT, 30, Promise(short_s=5, definition=name)).service_level for name in DEFINITION_NAMES
    }
    assert by_name["offered"] == counts.answered_within / (CALLERS - counts.short_abandoned)
    assert by_name["answered_only"] == counts.answered_within / counts.answered
    assert len(set(by_name.values())) >= 5


@settings(max_examples=60, deadline=None)
@given(
    arrivals=st.floats(0.1, 400), aht=st.floats(5, 600), patience=st.one_of(st.none(), st.floats(5, 600)),
    agents=st.integers(0, 100), target=st.floats(0.05, 0.99),
)  # fmt: skip
def test_more_agents_never_make_it_worse_and_one_fewer_is_too_few(
    arrivals: float, aht: float, patience: float | None, agents: int, target: float
):
    load, promise = Load(arrivals, aht, patience), Promise(20, target)
    fewer, more = (expected(load, n, promise).service_level or 0.0 for n in (agents, agents + 1))
    assert more >= fewer - 1e-6
    needed = agents_for(load, promise).agents
    assert needed is not None
    assert (expected(load, needed, promise).service_level or 0.0) >= target
    assert (expected(load, needed - 1, promise).service_level or 0.0) < target


@pytest.mark.parametrize("agents", [22.0, 27.25, 30.5, 33.0])
def test_the_model_read_backwards_says_how_many_there_were(agents: float):
    level = expected(PATIENT, agents, Promise()).service_level
    assert level is not None
    assert agents_behind(PATIENT, Promise(), level) == pytest.approx(agents, abs=0.01)
    assert agents_behind(Load(0, 100), Promise(), 0.8) is None


# -- pools


def test_who_serves_two_queues_is_where_the_pressure_is():
    """a: 8 erlangs, 10 agents of its own; b: 5 erlangs, none; five serve both: all of their time goes to b."""
    shared = share_out({("a",): 10, ("a", "b"): 5}, {"a": 8, "b": 5})
    assert shared["a"] == pytest.approx(10, abs=0.01)
    assert shared["b"] == pytest.approx(5, abs=0.01)


def test_queues_of_one_pool_are_equally_busy():
    shared = share_out({("a", "b", "c"): 12}, {"a": 6, "b": 2, "c": 1})
    assert {queue: round(n, 3) for queue, n in shared.items()} == {"a": 8, "b": 2.667, "c": 1.333}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True).map(lambda q: tuple(sorted(q))),
        st.integers(0, 50).map(float),
        max_size=8,
    ),
    st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 80)),
)
def test_nobody_is_lost_and_nobody_is_twice(groups: dict[tuple[str, ...], float], erlangs: dict[str, float]):
    shared = share_out(groups, erlangs)
    assert sum(shared.values()) == pytest.approx(sum(groups.values()))
    assert all(n >= 0 for n in shared.values())


def test_a_pool_reaches_as_far_as_agents_in_common():
    groups = [("a", "b"), ("b", "c"), ("d",), ("e", "f")]
    assert pool_of(["a"], groups) == {"a", "b", "c"}
    assert pool_of(["d", "x"], groups) == {"d", "x"}


# -- the load


def floor_of(mean_s: float, per_hour: float, patience_s: float, seed: int) -> tuple[Sample, int]:
    """Half an hour of callers on agents without end, as the rolling window counts it: who still talks has not ended."""
    chance, span = Random(seed), 1800.0
    answered = handled = abandoned = 0
    talk = waiting = 0.0
    at = -7200.0
    unfinished = 0
    while True:
        at += chance.expovariate(per_hour / 3600)
        if at >= span:
            break
        length, wait, patience = (
            chance.expovariate(1 / mean_s), chance.uniform(0, 60), chance.expovariate(1 / patience_s)
        )  # fmt: skip
        unfinished += at < span < at + length
        if at < 0:
            continue
        waiting += min(wait, patience)
        if patience < wait:
            abandoned += 1
            continue
        answered += 1
        if at + length <= span:
            handled += 1
            talk += length
    counts = Counts(
        offered=answered + abandoned,
        answered=answered,
        abandoned=abandoned,
        handled=handled,
        talk_ms=round(talk * 1000),
    )
    return Sample(counts, round(waiting * 1000)), unfinished


def test_handle_time_and_patience_are_not_cut_short_by_what_has_not_ended():
    """Over 40 half-hours of 1,200 calls of 6 minutes, patience 4: the mean of the ended alone is a quarter short."""
    samples = [floor_of(360, 2400, 240, seed) for seed in range(40)]
    handle = [found.value or 0.0 for found in (live_load.handle_time((s,), busy) for s, busy in samples)]
    patience = [found.value or 0.0 for found in (live_load.patience((s,)) for s, _ in samples)]
    naive = [s.counts.talk_ms / s.counts.handled / 1000 for s, _ in samples]
    assert sum(naive) / 40 < 290
    assert sum(handle) / 40 == pytest.approx(360, rel=0.02)
    assert sum(patience) / 40 == pytest.approx(240, rel=0.02)


def test_a_feed_that_never_tells_of_the_end_is_not_taken_for_long_calls():
    """100 answered, 50 of them told to have ended after 200 s; only 4 agents are on a contact."""
    sample = (Sample(Counts(offered=100, answered=100, handled=50, talk_ms=50 * 200_000), 0),)
    assert live_load.handle_time(sample, 4).value == pytest.approx(50 * 200 / 46)
    assert live_load.handle_time(sample).why == "fewer than 5 contacts have ended"


def test_too_few_contacts_say_nothing_and_the_day_stands_in():
    few = Sample(Counts(offered=4, answered=4, handled=4, talk_ms=400_000), 1000)
    day = Sample(Counts(offered=60, answered=50, handled=50, talk_ms=50 * 150_000, abandoned=10), 900_000, "today")
    unknown = live_load.handle_time((few,))
    assert (unknown.value, unknown.why) == (None, "fewer than 5 contacts have ended")
    assert live_load.handle_time((few, day)) == (150, 50, "today", "")
    assert live_load.patience((few, day)) == (90, 10, "today", "")
    assert live_load.patience((few,)).why == "fewer than 5 contacts were abandoned"
    assert live_load.arrivals(few) == (8, 4, "rolling", "")


def test_more_contacts_of_the_day_are_preferred_to_a_few_of_the_half_hour():
    some = Sample(Counts(offered=10, answered=10, handled=10, talk_ms=10 * 100_000), 0)
    day = Sample(Counts(offered=400, answered=400, handled=400, talk_ms=400 * 150_000), 0, "today")
    assert live_load.handle_time((some, day)).value == 150
    many = Sample(Counts(offered=40, answered=40, handled=40, talk_ms=40 * 100_000), 0)
    assert live_load.handle_time((many, day)).value == 100
    assert live_load.handle_time((some, many._replace(source="site"))).contacts == 40


def test_samples_add():
    one = Sample(Counts(offered=3, answered=2, abandoned=1), 100)
    both = live_load.together([one, one], "today")
    assert (both.counts.offered, both.waiting_ms, both.source) == (6, 200, "today")
    assert math.isclose(Load(90, 200).erlangs, 5)
