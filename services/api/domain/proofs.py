"""Bodies of the answer that proves a number: the contacts behind it, and the events that they were counted from."""

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from services.contracts.definitions import Counts
from services.contracts.events import Channel
from services.contracts.metrics import Details, FlowOut, Status
from services.contracts.topology import Contract

ContactOutcome = Literal["waiting", "answered", "abandoned", "flowed_out", "ghost"]


class ContactEvent(Contract):
    """An event as it stands on the log. Customers are pseudonyms."""

    offset: int = Field(description="log record that it came in")
    type: str
    event_id: str
    source: str
    at: int
    new: bool = Field(description="false: it said nothing that was not known, as a repeat does")
    fields: dict[str, str | int] = Field(description="the rest of it")


class ContactRecord(Contract):
    """A contact in the queue, as it was counted, and the very events it was counted from."""

    contact: str
    offered_at: int
    channel: Channel
    segment: str
    dialled: str
    customer: str = Field(description="pseudonym; empty: not known")
    agent: str
    outcome: ContactOutcome
    reason: FlowOut | None = Field(description="why it flowed out")
    inferred: bool = Field(description="answered for certain, though nobody told when")
    wait_ms: int | None = Field(description="until its outcome; None while it waits")
    within: bool = Field(description="its wait was at most T")
    short: bool = Field(description="abandoned before the short-abandon limit")
    counted_at: int = Field(description="its service-level event: the outcome, or T passing")
    talk_ms: int | None
    hold_ms: int | None
    wrap_up_ms: int | None
    events: tuple[ContactEvent, ...]


class Difference(Contract):
    """A counter that came out otherwise."""

    counter: str = Field(description="rolling|by_threshold|target|details, T, name: 'by_threshold.20.answered'")
    published: int
    recounted: int


class Evidence(Contract):
    """A queue's half-hour recounted from the log, contact by contact.

    `equal`: every published counter (at each T, at the target, and the details) came out the same. None where that
    can't be said: the log no longer holds the events, or there are too many of them (`incomplete` says which).
    """

    queue: str
    window: Literal["interval", "rolling"]
    start: int = Field(description="interval: arrivals in [start, end); rolling: service-level events in (start, end]")
    end: int
    status: Status
    revision: int = Field(description="newest log record in the published number; no later one was recounted")
    as_of: int = Field(description="the site's clock by which ghosts and the window were told")
    threshold_s: int | None = Field(description="T of `published` and `recounted`; None: each contact's own target")
    published: Counts
    recounted: Counts
    details: Details
    equal: bool | None
    incomplete: str | None
    differences: tuple[Difference, ...]
    partition: int
    first_offset: int = Field(description="where reading began")
    records: int
    total: int = Field(description="contacts that fit the filters")
    contacts: tuple[ContactRecord, ...]
    next: str | None = Field(description="cursor of the next page")


def without_agents(record: ContactRecord, hidden: Callable[[str], bool]) -> ContactRecord:
    """The same contact without the names of agents that are hidden."""

    def as_told(event: ContactEvent) -> ContactEvent:
        agent = event.fields.get("agent")
        if not isinstance(agent, str) or not hidden(agent):
            return event
        return event.model_copy(update={"fields": event.fields | {"agent": ""}})

    agent = "" if hidden(record.agent) else record.agent
    return record.model_copy(update={"agent": agent, "events": tuple(map(as_told, record.events))})
