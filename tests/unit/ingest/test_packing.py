"""What goes to the same partition travels together: every event once, in order, where its key belongs."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.contracts.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentStateChanged,
    Answered,
    Heartbeat,
    IvrEntered,
    IvrExited,
    Offered,
    key_of,
)
from services.ingest.domain.packing import LANES, Batch, Lane, Packer, count_kinds, lane_of
from services.runtime.kafka import partition_of

PARTITIONS: dict[Lane, int] = {"contacts": 4, "ivr": 3, "agents": 2}
LANE: dict[Any, Lane] = {
    Offered: "contacts", Answered: "contacts", IvrEntered: "ivr", IvrExited: "ivr", AgentLoggedIn: "agents",
    AgentStateChanged: "agents", AgentLoggedOut: "agents",
}  # fmt: skip

key = st.sampled_from([f"s/{n}" for n in range(9)])
event = st.one_of(
    st.builds(Offered, st.uuids().map(str), st.just("f"), st.integers(), key, st.just("c")),
    st.builds(Answered, st.uuids().map(str), st.just("f"), st.integers(), key, st.just("c"), st.integers()),
    st.builds(IvrEntered, st.uuids().map(str), st.just("f"), st.integers(), key, st.just("c")),
    st.builds(AgentLoggedIn, st.uuids().map(str), st.just("f"), st.integers(), key, st.just("s")),
)
heartbeat = st.builds(Heartbeat, st.just("f"), st.just("s"), st.integers())


def pack(events: list[Any], max_events: int = 500) -> list[Batch]:
    return Packer(PARTITIONS, partition_of, max_events=max_events).pack(events)


@given(st.lists(event, max_size=200), st.integers(1, 20))
def test_every_event_goes_out_exactly_once(events, max_events):
    packed: list[Any] = [e for batch in pack(events, max_events) for e in batch.events]
    assert Counter(e.event_id for e in packed) == Counter(e.event_id for e in events)


@given(st.lists(event | heartbeat, max_size=200), st.integers(1, 20))
def test_every_event_goes_where_its_key_belongs(events, max_events):
    for batch in pack(events, max_events):
        assert 1 <= len(batch.events) <= max_events
        for e in batch.events:
            if not isinstance(e, Heartbeat):
                assert batch.lane == LANE[type(e)]
                assert batch.partition == partition_of(key_of(e), PARTITIONS[batch.lane])


@given(st.lists(event | heartbeat, max_size=200), st.integers(1, 20))
def test_a_partition_keeps_the_order_and_a_heartbeat_comes_after_what_it_covers(events, max_events):
    batches = pack(events, max_events)
    for lane in LANES:
        for partition in range(PARTITIONS[lane]):
            got = [e for b in batches if (b.lane, b.partition) == (lane, partition) for e in b.events]
            wanted = [
                e for e in events
                if isinstance(e, Heartbeat)
                or (LANE[type(e)] == lane and partition_of(key_of(e), PARTITIONS[lane]) == partition)
            ]  # fmt: skip
            assert got == wanted


def test_a_single_event_is_a_batch_of_one():
    (batch,) = pack([Offered("1", "f", 0, "s/q", "c")])
    assert len(batch.events) == 1


def test_events_of_many_queues_share_the_record_of_their_partition():
    events = [Offered(str(n), "f", n, f"s/{n}", "c") for n in range(400)]
    assert len(pack(events)) == PARTITIONS["contacts"]


def test_packing_goes_on_when_more_keys_are_known_than_are_kept(monkeypatch):
    monkeypatch.setattr("services.ingest.domain.packing.MAX_KNOWN_KEYS", 3)
    packer = Packer(PARTITIONS, partition_of)
    events = [Offered(str(n), "f", n, f"s/{n}", "c") for n in range(20)]
    assert sum(len(batch.events) for batch in packer.pack(events)) == 20


def test_kinds_are_counted_by_the_names_of_the_edge():
    assert count_kinds([Offered("1", "f", 0, "s/q", "c"), Heartbeat("f", "s", 1)]) == {"offered": 1, "heartbeat": 1}
    assert lane_of(Heartbeat("f", "s", 1)) is None
    assert lane_of(IvrEntered("1", "f", 0, "s/m", "c")) == "ivr"
