"""All that a simulation remembers, as plain data: a snapshot is this, encoded, and nothing else.

Agents, queues, flows' nodes and streams are named by their index in the layout; contacts by a running number.
"""

from typing import Literal, NamedTuple

import msgspec

from services.contracts.events import AgentState

Stage = Literal["ivr", "waiting", "talking", "hold", "wrap_up"]
NOTHING, SIGN_OFF = -1, -2  # what an agent wants to do when free; 0 and up: that break of the shift


class Entry(NamedTuple):
    """Something that will happen: `action` to `subject`. Entries sort by time, then in the order they were made."""

    at: int
    order: int
    action: int
    subject: int
    argument: int


class Contact(msgspec.Struct, array_like=True, gc=False):
    """A contact under way. `since` is when it entered the menu, later when it was offered to its queue."""

    number: int
    id: str
    site: int
    stream: int
    customer: int
    customer_id: str
    segment: int
    since: int
    stage: Stage = "ivr"
    queue: int = -1
    agent: int = -1
    events: int = 0
    overflowed: bool = False
    gives_up_at: int = -1
    talk_ms: int = 0
    talk_left_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0


class Agent(msgspec.Struct, array_like=True):
    """An agent. `ticket` is the place in the line of idle agents (0: not in it), `spare` in that for a further chat."""

    state: AgentState = "offline"
    shown_contact: str = ""
    contacts: list[int] = []
    ticket: int = 0
    spare: int = 0
    wants: int = NOTHING
    back_at: int = 0
    events: int = 0


class State(msgspec.Struct, array_like=True):
    """Everything. The lists of waiting contacts and idle agents are heaps, stale entries included."""

    clock: int
    agents: list[Agent]
    waiting: list[list[tuple[int, int, int]]]
    """Per queue: (−priority, offered at, contact)."""
    idle: list[list[tuple[int, int]]]
    """Per group: (ticket, agent)."""
    spare: list[list[tuple[int, int]]]
    arrived: list[int]
    """Per site: how many contacts so far."""
    agenda: list[Entry] = []
    contacts: dict[int, Contact] = {}
    numbered: int = 0
    ordered: int = 0
    tickets: int = 0
    lent: dict[int, int] = {}
    """Agent → the queue that they serve instead of their own."""
    orders: list[tuple[int, str, str]] = []
    """(at, agent, queue) of every order obeyed so far."""
