"""Facts of agents: what one event says, told by one feed of one site."""

from typing import NamedTuple, get_args

from services.contracts.events import AgentLoggedIn, AgentLoggedOut, AgentState, AgentStateChanged, StaffEvent

STATES: tuple[AgentState, ...] = get_args(AgentState)
AVAILABLE, RINGING, TALKING, HOLD, WRAP_UP, NOT_READY, OFFLINE = range(len(STATES))
LOG_IN, LOG_OUT = len(STATES), len(STATES) + 1
_CODES = {state: code for code, state in enumerate(STATES)}


class Fact(NamedTuple):
    """From `at` on, by what `source` tells of `site`: a state (code below LOG_IN), a log-in or a log-out.

    `reason` of a log-in is the team.
    """

    at: int
    code: int
    reason: str
    contact: str
    site: str
    source: str


def fact_of(event: StaffEvent) -> Fact:
    """The fact that an event tells."""
    if isinstance(event, AgentStateChanged):
        return Fact(event.at, _CODES[event.state], event.reason, event.contact, event.site, event.source)
    if isinstance(event, AgentLoggedIn):
        return Fact(event.at, LOG_IN, event.team, "", event.site, event.source)
    assert isinstance(event, AgentLoggedOut)
    return Fact(event.at, LOG_OUT, "", "", event.site, event.source)
