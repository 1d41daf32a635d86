"""Who acts, and whether they may: what a session says of a person."""

from services.api.domain.access import Sight
from services.api.domain.answers import Session
from services.api.domain.ledger import Place
from services.contracts.people import Actor, Role

_ALERTS = frozenset({"acknowledge", "unacknowledge", "assign", "note", "snooze"})
_LEADS = frozenset({"coach", "excuse", "dismiss"})
_SILENCES = frozenset({"silence", "end_silence"})
_PLANS = frozenset({"activate_plan", "decline_plan", "complete_action", "stand_down"})
_DECISIONS = frozenset({"accept_move", "decline_move", "return_move"})
_MOVES = _DECISIONS | {"propose_move", "cancel_move"}
_BY_ROLE: dict[Role, frozenset[str]] = {
    "viewer": frozenset(),
    "team_lead": _ALERTS | _LEADS,
    "supervisor": _ALERTS | _SILENCES | _PLANS | _DECISIONS,
    "dispatcher": _ALERTS | _SILENCES | _PLANS | _MOVES,
}


def actor_of(session: Session) -> Actor:
    """Whom the journal names."""
    name = "local" if session.mode == "open" else session.role
    return Actor(name=name, role=session.role, sites=session.sites)


def may(actor: Actor, do: str, place: Place) -> bool:
    """Whether somebody may give a command (`do`) about something that belongs there."""
    if actor.role != "administrator" and do not in _BY_ROLE[actor.role]:
        return False
    return Sight(None if actor.sites is None else frozenset(actor.sites)).sees_site(place)
