"""Who may see what: roles, and the rows of a floor that a viewer is shown.

An account sees all sites or a list of them, and all teams or a list of them. What belongs to several sites (a region)
is for those who see them all, what belongs to the whole floor (the roll-up `all`) for those who see all sites. Rows of
agents and teams are for those who see the team; what is between a lead and the team (adherence alerts) is for its leads
alone. A loan names agents of two sites: who sees only some teams does not see it.
"""

import hashlib
from dataclasses import dataclass
from typing import get_args

from services.api.domain.answers import Session
from services.api.domain.ledger import Either, InTeam, OfTeam, Place
from services.contracts.people import Actor, Role
from services.contracts.socket import Filters

ROLES: tuple[Role, ...] = get_args(Role)
OPEN_SESSION = Session(mode="open", role="administrator", sites=None, name="local", by="open")
"""Nobody has to sign in: only this machine can reach the service."""
LEADS: frozenset[Role] = frozenset({"team_lead", "administrator"})
"""Roles that are shown what is between a lead and the team."""
SHOWN_UNASKED = frozenset({"tile", "day", "feed", "alert", "team"})
"""Kinds that a viewer gets who names none. Agents are many: only who asks for them gets them."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one viewer is shown. Viewers with an equal sight are sent the same bytes.

    Attributes:
        sites: None means all.
        kinds: of items, on the socket.
        teams: `site/team`; None means all, and agents without a team.
        leads: whether what is between a lead and the team is shown, as far as the team is.
    """

    sites: frozenset[str] | None = None
    kinds: frozenset[str] = SHOWN_UNASKED
    teams: frozenset[str] | None = None
    leads: bool = True

    def sees(self, kind: str, site: Place) -> bool:
        """Whether an item of this kind and place is shown."""
        return kind in self.kinds and self.sees_site(site)

    def sees_site(self, site: Place) -> bool:
        """Whether rows of this place are shown."""
        match site:
            case OfTeam():
                return self.leads and self.sees_team(site.site, site.team)
            case InTeam():
                return self.sees_team(site.site, site.team)
            case Either():
                return self.teams is None and (self.sites is None or bool(site.sites & self.sites))
            case frozenset():
                return self.sites is None or site <= self.sites
        return self.sites is None or site in self.sites

    def sees_team(self, site: str, team: str) -> bool:
        """Whether rows of agents of this team (empty: of none) are shown."""
        return (self.sites is None or site in self.sites) and (self.teams is None or team in self.teams)

    @property
    def mark(self) -> str:
        """Short and the same for equal sights: who comes back with other filters or another role must start anew."""
        parts = ("*" if part is None else "\n".join(sorted(part)) for part in (self.sites, self.kinds, self.teams))
        return hashlib.sha256("\0".join((*parts, str(self.leads))).encode()).hexdigest()[:8]


def role_of(name: str) -> Role | None:
    """The role that a sign-in link names, or None if there is none of that name."""
    return next((role for role in ROLES if role == name), None)


def sight_of(session: Session, filters: Filters) -> Sight:
    """What a viewer is shown: what it asks for, as far as its session allows."""
    allowed = sites_of(session)
    wanted = None if filters.sites is None else frozenset(filters.sites)
    return Sight(
        sites=wanted if allowed is None else allowed if wanted is None else allowed & wanted,
        kinds=SHOWN_UNASKED if filters.kinds is None else frozenset(filters.kinds),
        teams=None if session.teams is None else frozenset(session.teams),
        leads=session.role in LEADS,
    )


def sites_of(who: Session | Actor) -> frozenset[str] | None:
    """Sites of a person; of one who is given teams alone those of the teams."""
    if who.sites is not None:
        return frozenset(who.sites)
    return None if who.teams is None else frozenset(team.partition("/")[0] for team in who.teams)
