"""What the contracts refuse, and what they say then."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from services.contracts import events
from services.contracts.alerts import RuleFile
from services.contracts.edge import EdgeEvent, epoch_ms
from services.contracts.topology import Flow, Queue, Site, Text, Topology, record_key, unknown_queue, unknown_site

RULE = {
    "id": "low", "name": {"en": "Low", "zh": "低"}, "metric": "service_level", "scope": {"kind": "queue"},
    "direction": "below", "threshold": 70, "clear": 80, "for_s": 60,
}  # fmt: skip
ANSWERED = {
    "type": "answered", "event_id": "e", "source": "acd", "occurred_at": "2026-01-01T10:00:20+01:00",
    "offered_at": "2026-01-01T09:00:00Z", "queue": "lisbon/sales", "contact": "c1",
}  # fmt: skip
edge = TypeAdapter(EdgeEvent)


def refusal(model, value) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(model).validate_python(value)
    return str(caught.value)


def test_a_rule_that_clears_on_the_wrong_side_is_refused():
    assert "must lie at or over threshold" in refusal(RuleFile, {"rules": [RULE | {"clear": 60}]})
    above = RULE | {"metric": "queue_length", "direction": "above", "threshold": 10, "clear": 12}
    assert "must lie at or under threshold" in refusal(RuleFile, {"rules": [above]})


def test_a_rule_id_given_twice_is_refused():
    assert "'low' is given twice" in refusal(RuleFile, {"rules": [RULE, RULE]})
    assert len(TypeAdapter(RuleFile).validate_python({"rules": [RULE, RULE | {"id": "lower"}]}).rules) == 2


def test_an_unknown_time_zone_is_named():
    assert "Mars/Olympus" in refusal(
        Site, {"id": "mars", "name": {"en": "Mars", "zh": "火星"}, "timezone": "Mars/Olympus"}
    )


def test_the_target_is_always_counted():
    queue = Queue(id="lisbon/sales", name=Text(en="Sales", zh="销售"), target_s=45, thresholds_s=(30, 20))

    assert queue.counted_thresholds_s == (20, 30, 45)
    assert queue.site == "lisbon"


def test_topology_records_have_keys_of_their_kind():
    site, queue = unknown_site("lisbon"), unknown_queue("lisbon/sales")
    flow = Flow(id="lisbon/main", name=Text(en="Main", zh="主"))

    assert flow.site == "lisbon"
    assert [record_key(r) for r in Topology(sites=(site,), queues=(queue,), flows=(flow,)).records] == [
        "site|lisbon", "queue|lisbon/sales", "flow|lisbon/main",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"offered_at": "2026-01-01T09:00:30Z"}, "before offered_at"),
        ({"queue": "sales"}, "String should match pattern"),
        ({"occurred_at": "2026-01-01T10:00:20"}, "timezone"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
        ({"type": "answred"}, "does not match any of the expected tags"),
    ],
)
def test_an_event_from_outside_that_cannot_be_right_is_refused(change, reason):
    assert reason in refusal(EdgeEvent, ANSWERED | change)
    assert edge.validate_python(ANSWERED).type == "answered"


def test_an_ivr_visit_cannot_end_before_it_began():
    visit = {
        "type": "ivr_exited", "event_id": "e", "source": "s", "occurred_at": "2026-01-01T09:00:00Z", "entered_at": "2026-01-01T09:00:01Z",
        "flow": "lisbon/main", "contact": "c", "outcome": "contained",
    }  # fmt: skip

    assert "before entered_at" in refusal(EdgeEvent, visit)
    assert edge.validate_python(visit | {"entered_at": "2026-01-01T08:59:00Z"}).type == "ivr_exited"


def test_times_are_epoch_milliseconds():
    assert epoch_ms(datetime(2026, 1, 1, tzinfo=UTC)) == 1_767_225_600_000


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (events.Offered("e", "s", 1, "a/q", "c"), "a/q"),
        (events.IvrEntered("e", "s", 1, "a/main", "c"), "a/main"),
        (events.AgentLoggedOut("e", "s", 1, "ann", "a"), "ann"),
    ],
)
def test_queue_flow_or_agent_decides_the_partition(event, key):
    assert events.key_of(event) == key


def test_a_heartbeat_has_no_key():
    with pytest.raises(TypeError, match="every partition"):
        events.key_of(events.Heartbeat("s", "a", 1))


def test_a_batch_comes_back_as_it_went():
    batch = [events.Offered("e", "s", 1, "a/q", "c", "chat"), events.Heartbeat("s", "a", 3, 20.0)]

    assert events.decode_contacts(events.encode_batch(batch)) == batch
