"""Who acts, and whether they may: what a session says of a person, and the one table of what each role may do."""

from services.api.domain.access import Sight, sites_of
from services.api.domain.answers import Session
from services.api.domain.ledger import InTeam, OfTeam, Place
from services.contracts.people import Actor, KeyScope, Role

_ADMINISTRATORS: frozenset[Role] = frozenset({"administrator"})
_HEADS: frozenset[Role] = _ADMINISTRATORS | {"supervisor"}
_FLOOR: frozenset[Role] = _HEADS | {"dispatcher"}
_ALL_WHO_ACT: frozenset[Role] = _FLOOR | {"team_lead"}
_LEADS: frozenset[Role] = _ADMINISTRATORS | {"team_lead"}
_DISPATCHERS: frozenset[Role] = _ADMINISTRATORS | {"dispatcher"}

MAY: dict[str, frozenset[Role]] = {
    **dict.fromkeys(("acknowledge", "unacknowledge", "assign", "note", "snooze"), _ALL_WHO_ACT),
    **dict.fromkeys(("coach", "excuse", "dismiss"), _LEADS),
    **dict.fromkeys(("silence", "end_silence"), _FLOOR),
    **dict.fromkeys(("activate_plan", "decline_plan", "complete_action", "stand_down"), _FLOOR),
    **dict.fromkeys(("accept_move", "decline_move", "return_move"), _FLOOR),
    **dict.fromkeys(("propose_move", "cancel_move"), _DISPATCHERS),
    **dict.fromkeys(
        (
            "put_rule",
            "remove_rule",
            "try_rule",
            "import_rules",
            "backtest",
            "put_plan",
            "remove_plan",
            "put_adherence_limits",
        ),
        _ADMINISTRATORS,
    ),
    **dict.fromkeys(("channels", "try_channel"), _ADMINISTRATORS),
    "devices": _HEADS,
    **dict.fromkeys(("accounts", "keys", "dead_letters", "floor"), _ADMINISTRATORS),
}
"""Action (a command's `do`, or what else is changed) → roles that may, each where its account says. Everybody may look
at what their sites and teams show; what is not in this table nobody may do."""


def actor_of(session: Session) -> Actor:
    """Whom the journal names."""
    name = session.name or ("local" if session.mode == "open" else session.role)
    sites = sites_of(session)
    return Actor(
        name=name,
        role=session.role,
        via="key" if session.by == "key" else "page",
        sites=None if sites is None else tuple(sorted(sites)),
        teams=session.teams,
    )


def may(actor: Actor, do: str, place: Place) -> bool:
    """Whether somebody may give a command (`do`) about something that belongs there.

    Who has teams acts for them and for nothing else of the site.
    """
    if actor.role not in MAY.get(do, frozenset()):
        return False
    if actor.teams is not None and not isinstance(place, OfTeam | InTeam):
        return False
    teams = None if actor.teams is None else frozenset(actor.teams)
    return Sight(sites_of(actor), teams=teams).sees_site(place)


def scope_for(do: str) -> KeyScope:
    """The scope that a key needs for an action: `admin` where administrators alone may."""
    return "admin" if MAY.get(do, _ADMINISTRATORS) <= _ADMINISTRATORS else "act"


def in_scope(session: Session, do: str) -> bool:
    """Whether a key is for such a thing; a person's session is for all that the role may."""
    return session.scopes is None or scope_for(do) in session.scopes
