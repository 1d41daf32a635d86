"""A feed disturbed on purpose: late within bounds, repeated, nothing lost, the same again by its seed."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.contracts.events import Offered
from services.ingest.domain.disorder import Disorder

events = st.lists(st.integers(0, 10_000_000), max_size=60).map(
    lambda times: [Offered(f"{n}", "f", at, "s/q", f"c{n}") for n, at in enumerate(times)]
)
disorders = st.builds(Disorder, st.floats(0, 600), st.floats(0, 1), st.integers())


@given(events, disorders)
def test_nothing_is_lost_and_nothing_comes_early_or_too_late(given_events, disorder):
    coming = disorder.arrange(given_events)
    assert {event.event_id for _, event in coming} == {event.event_id for event in given_events}
    assert [when for when, _ in coming] == sorted(when for when, _ in coming)
    assert all(0 <= when - event.at <= disorder.within_s * 1000 + 1 for when, event in coming)
    assert max(Counter(event.event_id for _, event in coming).values(), default=0) <= 2


@given(events, disorders)
def test_the_same_seed_gives_the_same_disorder(given_events, disorder):
    assert disorder.arrange(given_events) == disorder.arrange(given_events)


@given(events)
def test_without_disorder_events_come_at_their_time_once(given_events):
    coming = Disorder().arrange(given_events)
    assert [(when, event) for when, event in coming] == [
        (event.at, event) for event in sorted(given_events, key=lambda e: e.at)
    ]


def test_the_disorder_is_real():
    feed = [Offered(f"{n}", "f", n * 1000, "s/q", f"c{n}") for n in range(2000)]
    coming = Disorder(300, 0.1, seed=7).arrange(feed)
    assert 2150 <= len(coming) <= 2250
    order = [event.at for _, event in coming]
    assert sum(a > b for a, b in pairwise(order)) > 500
