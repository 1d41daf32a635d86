"""JSON at the edge and msgpack inside: one vocabulary."""

from datetime import datetime
from typing import Any, get_args

import msgspec
import pytest
from pydantic import TypeAdapter

from services.contracts import edge, events
from services.ingest.domain.edge import EDGE_TYPES, clock_key, to_wire
from services.ingest.domain.packing import KIND_NAMES
from services.ingest.domain.pseudonym import pseudonyms

EDGE_UNION: tuple[type[Any], ...] = get_args(get_args(edge.EdgeEvent)[0])
WIRE_UNION: set[type[Any]] = {
    member for union in (events.ContactEvent, events.IvrEvent, events.AgentEvent) for member in get_args(union)
} - {events.Heartbeat}
ADAPTER: TypeAdapter[Any] = TypeAdapter(edge.EdgeEvent)
NAMES_AT_THE_EDGE = {"at": "occurred_at", "talk_ms": "talk_s", "hold_ms": "hold_s", "wrap_up_ms": "wrap_up_s"}

SAMPLES: list[dict[str, Any]] = [
    {"type": "offered", "queue": "s/q", "contact": "c", "channel": "chat", "segment": "vip", "customer": "555", "dialled": "9"},
    {"type": "answered", "queue": "s/q", "contact": "c", "offered_at": "2026-01-01T00:00:00Z", "agent": "a"},
    {"type": "abandoned", "queue": "s/q", "contact": "c", "offered_at": "2026-01-01T00:00:00Z"},
    {"type": "flowed_out", "queue": "s/q", "contact": "c", "offered_at": "2026-01-01T00:00:00Z", "reason": "key", "target": "9"},
    {"type": "ended", "queue": "s/q", "contact": "c", "offered_at": "2026-01-01T00:00:00Z", "talk_s": 1.5, "hold_s": 2, "wrap_up_s": 3, "agent": "a"},
    {"type": "ringing", "queue": "s/q", "contact": "c", "offered_at": "2026-01-01T00:00:00Z", "agent": "a"},
    {"type": "held", "queue": "s/q", "contact": "c", "offered_at": "2026-01-01T00:00:00Z", "agent": "a"},
    {"type": "transferred", "queue": "s/q", "contact": "c", "offered_at": "2026-01-01T00:00:00Z", "mode": "blind", "target": "s/r", "agent": "a"},
    {"type": "conferenced", "queue": "s/q", "contact": "c", "offered_at": "2026-01-01T00:00:00Z", "agent": "a"},
    {"type": "ivr_entered", "flow": "s/m", "contact": "c", "segment": "vip", "customer": "555"},
    {"type": "ivr_node_visited", "flow": "s/m", "contact": "c", "entered_at": "2026-01-01T00:00:00Z", "node": "n", "depth": 2},
    {"type": "ivr_input_failed", "flow": "s/m", "contact": "c", "entered_at": "2026-01-01T00:00:00Z", "node": "n", "fault": "timeout"},
    {"type": "ivr_exited", "flow": "s/m", "contact": "c", "entered_at": "2026-01-01T00:00:00Z", "outcome": "to_queue", "queue": "s/q"},
    {"type": "agent_logged_in", "agent": "a", "site": "s", "team": "t"},
    {"type": "agent_state_changed", "agent": "a", "site": "s", "state": "hold", "reason": "r", "contact": "c"},
    {"type": "agent_logged_out", "agent": "a", "site": "s"},
]  # fmt: skip


def read(sample: dict[str, Any]) -> Any:
    return ADAPTER.validate_python(
        {"event_id": "1", "source": "acd", "occurred_at": "2026-01-01T01:00:00.25+01:00", **sample}
    )


def test_both_sides_have_the_same_events():
    assert {kind.__name__ for kind in EDGE_UNION} == {kind.__name__ for kind in WIRE_UNION}
    assert set(EDGE_UNION) == EDGE_TYPES
    assert set(KIND_NAMES) == WIRE_UNION | {events.Heartbeat}


@pytest.mark.parametrize("kind", sorted(WIRE_UNION, key=str), ids=str)
def test_both_sides_have_the_same_fields(kind: type[Any]) -> None:
    at_edge = getattr(edge, kind.__name__)
    wired = {NAMES_AT_THE_EDGE.get(field.name, field.name) for field in msgspec.structs.fields(kind)}
    assert wired == set(at_edge.model_fields) - {"type"}


@pytest.mark.parametrize("kind", sorted(WIRE_UNION, key=str), ids=str)
def test_both_sides_name_an_event_alike(kind):
    assert KIND_NAMES[kind] == get_args(getattr(edge, kind.__name__).model_fields["type"].annotation)[0]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s["type"])
def test_nothing_is_lost_on_the_way(sample):
    wired = to_wire(read(sample), pseudonyms("0" * 16))
    assert KIND_NAMES[type(wired)] == sample["type"]
    got = msgspec.structs.asdict(wired)
    assert (got["event_id"], got["source"]) == ("1", "acd")
    assert got["at"] == 1_767_225_600_250
    for name, value in sample.items():
        if name in {"offered_at", "entered_at"}:
            assert got[name] == round(datetime.fromisoformat(value).timestamp() * 1000)
        elif name == "customer":
            assert got[name] == pseudonyms("0" * 16)("555") != "555"
        elif name.endswith("_s"):
            assert got[name.replace("_s", "_ms")] == value * 1000
        elif name != "type":
            assert got[name] == value


def test_every_event_is_sampled():
    assert {sample["type"] for sample in SAMPLES} == {KIND_NAMES[kind] for kind in WIRE_UNION}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s["type"])
def test_every_event_moves_the_clock_of_its_source_at_its_site(sample):
    assert clock_key(read(sample)) == ("acd", "s")
