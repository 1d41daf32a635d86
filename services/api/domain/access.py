"""Who may see what: roles, and the rows of a floor that a viewer is shown.

A role sees all sites or a list of them. What belongs to several sites (a region) is for those who see them all, what
belongs to the whole floor (the roll-up `all`) for those who see all sites.
"""

import hashlib
from dataclasses import dataclass
from typing import get_args

from services.api.domain.answers import Session
from services.api.domain.ledger import Either, OfTeam, Place
from services.contracts.people import Role
from services.contracts.socket import Filters

ROLES: tuple[Role, ...] = get_args(Role)
OPEN_SESSION = Session(mode="open", role="administrator", sites=None)
"""Nobody has to sign in: only this machine can reach the service."""
SHOWN_UNASKED = frozenset({"tile", "day", "feed", "alert", "team"})
"""Kinds that a viewer gets who names none. Agents are many: only who asks for them gets them."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one viewer is shown; `sites` None means all. Viewers with an equal sight are sent the same bytes."""

    sites: frozenset[str] | None = None
    kinds: frozenset[str] = SHOWN_UNASKED

    def sees(self, kind: str, site: Place) -> bool:
        """Whether an item of this kind and place is shown."""
        return kind in self.kinds and self.sees_site(site)

    def sees_site(self, site: Place) -> bool:
        """Whether rows of this place are shown."""
        if self.sites is None:
            return True
        match site:
            case frozenset():
                return site <= self.sites
            case Either():
                return bool(site.sites & self.sites)
            case OfTeam():
                return site.site in self.sites
        return site in self.sites

    @property
    def mark(self) -> str:
        """Short and the same for equal sights: who comes back with other filters or another role must start anew."""
        parts = ("*" if part is None else "\n".join(sorted(part)) for part in (self.sites, self.kinds))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def role_of(name: str) -> Role | None:
    """The role that a sign-in link names, or None if there is none of that name."""
    return next((role for role in ROLES if role == name), None)


def sight_of(session: Session, filters: Filters) -> Sight:
    """What a viewer is shown: what it asks for, as far as its session allows."""
    allowed = None if session.sites is None else frozenset(session.sites)
    wanted = None if filters.sites is None else frozenset(filters.sites)
    sites = wanted if allowed is None else allowed if wanted is None else allowed & wanted
    return Sight(sites, SHOWN_UNASKED if filters.kinds is None else frozenset(filters.kinds))
