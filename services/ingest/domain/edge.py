"""Canonical events as JSON brought them → as they travel on Kafka."""

from collections.abc import Callable
from typing import Any

from services.contracts import edge, events
from services.contracts.edge import EdgeEvent, epoch_ms
from services.ingest.domain.pseudonym import Pseudonym


def seconds_to_ms(seconds: float) -> int:
    """Whole milliseconds."""
    return round(seconds * 1000)


def to_wire(event: EdgeEvent, pseudonym: Pseudonym) -> "events.AnyEvent":
    """One event, the customer hidden."""
    return _CONVERSIONS[type(event)](event, pseudonym)


def clock_key(event: EdgeEvent) -> tuple[str, str]:
    """(source, site): whose clock an event moves."""
    if isinstance(event, edge.AgentLoggedIn | edge.AgentStateChanged | edge.AgentLoggedOut):
        return event.source, event.site
    if isinstance(event, edge.IvrEntered | edge.IvrNodeVisited | edge.IvrInputFailed | edge.IvrExited):
        return event.source, event.flow.partition("/")[0]
    return event.source, event.queue.partition("/")[0]


def _offered(e: edge.Offered, pseudonym: Pseudonym) -> events.Offered:
    return events.Offered(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, e.channel, e.segment, pseudonym(e.customer),
        e.dialled,
    )  # fmt: skip


def _answered(e: edge.Answered, _: Pseudonym) -> events.Answered:
    return events.Answered(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, epoch_ms(e.offered_at), e.agent
    )


def _abandoned(e: edge.Abandoned, _: Pseudonym) -> events.Abandoned:
    return events.Abandoned(e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, epoch_ms(e.offered_at))


def _flowed_out(e: edge.FlowedOut, _: Pseudonym) -> events.FlowedOut:
    return events.FlowedOut(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, epoch_ms(e.offered_at), e.reason, e.target
    )


def _ended(e: edge.Ended, _: Pseudonym) -> events.Ended:
    return events.Ended(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, epoch_ms(e.offered_at),
        seconds_to_ms(e.talk_s), seconds_to_ms(e.hold_s), seconds_to_ms(e.wrap_up_s), e.agent,
    )  # fmt: skip


def _ringing(e: edge.Ringing, _: Pseudonym) -> events.Ringing:
    return events.Ringing(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, epoch_ms(e.offered_at), e.agent
    )


def _held(e: edge.Held, _: Pseudonym) -> events.Held:
    return events.Held(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, epoch_ms(e.offered_at), e.agent
    )


def _transferred(e: edge.Transferred, _: Pseudonym) -> events.Transferred:
    return events.Transferred(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, epoch_ms(e.offered_at),
        e.mode, e.target, e.agent,
    )  # fmt: skip


def _conferenced(e: edge.Conferenced, _: Pseudonym) -> events.Conferenced:
    return events.Conferenced(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.queue, e.contact, epoch_ms(e.offered_at), e.agent
    )


def _ivr_entered(e: edge.IvrEntered, pseudonym: Pseudonym) -> events.IvrEntered:
    return events.IvrEntered(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.flow, e.contact, e.segment, pseudonym(e.customer)
    )


def _ivr_node_visited(e: edge.IvrNodeVisited, _: Pseudonym) -> events.IvrNodeVisited:
    return events.IvrNodeVisited(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.flow, e.contact, epoch_ms(e.entered_at), e.node, e.depth
    )


def _ivr_input_failed(e: edge.IvrInputFailed, _: Pseudonym) -> events.IvrInputFailed:
    return events.IvrInputFailed(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.flow, e.contact, epoch_ms(e.entered_at), e.node, e.fault
    )


def _ivr_exited(e: edge.IvrExited, _: Pseudonym) -> events.IvrExited:
    return events.IvrExited(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.flow, e.contact, epoch_ms(e.entered_at), e.outcome, e.queue
    )


def _agent_logged_in(e: edge.AgentLoggedIn, _: Pseudonym) -> events.AgentLoggedIn:
    return events.AgentLoggedIn(e.event_id, e.source, epoch_ms(e.occurred_at), e.agent, e.site, e.team)


def _agent_state_changed(e: edge.AgentStateChanged, _: Pseudonym) -> events.AgentStateChanged:
    return events.AgentStateChanged(
        e.event_id, e.source, epoch_ms(e.occurred_at), e.agent, e.site, e.state, e.reason, e.contact
    )


def _agent_logged_out(e: edge.AgentLoggedOut, _: Pseudonym) -> events.AgentLoggedOut:
    return events.AgentLoggedOut(e.event_id, e.source, epoch_ms(e.occurred_at), e.agent, e.site)


_CONVERSIONS: dict[type, Callable[[Any, Pseudonym], events.AnyEvent]] = {
    edge.Offered: _offered,
    edge.Answered: _answered,
    edge.Abandoned: _abandoned,
    edge.FlowedOut: _flowed_out,
    edge.Ended: _ended,
    edge.Ringing: _ringing,
    edge.Held: _held,
    edge.Transferred: _transferred,
    edge.Conferenced: _conferenced,
    edge.IvrEntered: _ivr_entered,
    edge.IvrNodeVisited: _ivr_node_visited,
    edge.IvrInputFailed: _ivr_input_failed,
    edge.IvrExited: _ivr_exited,
    edge.AgentLoggedIn: _agent_logged_in,
    edge.AgentStateChanged: _agent_state_changed,
    edge.AgentLoggedOut: _agent_logged_out,
}
EDGE_TYPES = frozenset(_CONVERSIONS)
