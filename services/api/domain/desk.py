"""What the desk holds, as the API knows it: alerts, rules, silences, plans and moves, and to whom each is shown.

A view of a higher revision replaces one of a lower; what is told again out of order changes nothing.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from services.api.domain.ledger import Either, InTeam, Ledger, OfTeam, Place
from services.api.domain.views import REGION
from services.contracts.adherence import AdherenceLimitsView
from services.contracts.alerts import Alert, RuleView, Scope, Silence
from services.contracts.contingency import PlanView
from services.contracts.desk import Gone
from services.contracts.moves import MoveTerms, MoveView

DeskKind = Literal["rule", "silence", "plan", "move", "limits"]
KINDS: tuple[DeskKind, ...] = ("rule", "silence", "plan", "move", "limits")
DeskView = RuleView | Silence | PlanView | MoveView | AdherenceLimitsView
AnyView = Alert | DeskView

SitesOfRegion = Callable[[str], frozenset[str]]
_GLOB = frozenset("*?[")


def place_of(view: AnyView, sites_of: SitesOfRegion) -> Place:
    """Where a view belongs. What concerns several sites, or nobody knows which, is for those who see everything."""
    match view:
        case Alert():
            return place_of_alert(view, sites_of)
        case RuleView():
            return place_of_scope(view.rule.scope, sites_of)
        case Silence():
            return place_of_matchers((matcher.name, matcher.match) for matcher in view.matchers)
        case PlanView():
            return view.site or place_of_scope(view.definition.scope, sites_of)
        case MoveView():
            return place_of_terms(view.terms)
        case AdherenceLimitsView():
            return None


def place_to_act(do: str, view: AnyView, sites_of: SitesOfRegion) -> Place:
    """Where somebody must be at home to give a command about a view: the giver decides a move, the taker cancels it."""
    if isinstance(view, MoveView):
        if do in {"accept_move", "decline_move"}:
            return view.terms.giver
        if do == "cancel_move":
            return view.terms.taker
    return place_of(view, sites_of)


def place_of_alert(alert: Alert, sites_of: SitesOfRegion) -> Place:
    """An adherence alert is its team's lead's; one of a region is for those who see all its sites.

    A rule's alert at a team is for those who see the team, one at an agent (whose team it does not say) for those who
    see all teams.
    """
    site = alert.scope.partition("/")[0] if alert.site is None else alert.site
    if alert.team:
        return OfTeam(site if alert.site else alert.team.partition("/")[0], alert.team)
    match alert.scope_kind:
        case "team":
            return InTeam(site, alert.scope)
        case "region":
            return _region(alert.scope, sites_of)
        case "all" | "agent" if alert.site is None:
            return None
        case "agent":
            return InTeam(site, "")
    return site


def place_of_scope(scope: Scope, sites_of: SitesOfRegion) -> Place:
    """The one site, region or team that a rule or plan looks at, None if there may be more."""
    if scope.kind in {"all", "agent"}:
        return None
    if scope.kind == "region":
        return None if _GLOB & set(scope.match) else _region(scope.match, sites_of)
    site = scope.match.partition("/")[0]
    if scope.kind == "team" and not _GLOB & set(scope.match):
        return InTeam(site, scope.match)
    return None if _GLOB & set(site) else site


def place_of_matchers(matchers: Iterable[tuple[str, str]]) -> Place:
    """The one site that a silence is about, None if it may concern more."""
    for name, match in matchers:
        site, slash, _ = match.partition("/")
        if (name == "site" or (name == "scope" and slash)) and not _GLOB & set(site):
            return site
    return None


def place_of_terms(terms: MoveTerms) -> Place:
    """A move concerns the giver and the taker."""
    return Either(frozenset({terms.giver, terms.taker}))


def _region(name: str, sites_of: SitesOfRegion) -> Place:
    return sites_of(name.removeprefix(REGION)) or None  # a region without sites is nobody's


class Desk:
    """The newest of every view, in the ledger that clients are sent.

    Args:
        ledger: what clients see.
        sites_of: sites of a region, as they are described now.
    """

    def __init__(self, ledger: Ledger, sites_of: SitesOfRegion) -> None:
        self._ledger = ledger
        self._sites_of = sites_of
        self._held: dict[tuple[str, str], AnyView] = {}

    def get(self, kind: str, id_: str) -> AnyView | None:
        """How something stands, as far as it has been told."""
        return self._held.get((kind, id_))

    def moves(self) -> list[MoveView]:
        """Every move, open and closed."""
        return [view for view in self._held.values() if isinstance(view, MoveView)]

    def place(self, view: AnyView) -> Place:
        """Where a view belongs now."""
        return place_of(view, self._sites_of)

    def take(self, view: AnyView | Gone) -> None:
        """Something was announced."""
        if isinstance(view, Gone):
            self.drop(view.of, view.id)
            return
        held = self._held.get((view.kind, view.id))
        if held is not None and _age(held) > _age(view):
            return
        if isinstance(view, Alert) and view.state == "inactive":
            self.drop(view.kind, view.id)
        else:
            self._show(view)

    def read(self, views: Iterable[AnyView], *, complete: bool) -> None:
        """Take in what is stored. `complete`: what is missing there is gone, and what is there is as it stands."""
        stored = {(view.kind, view.id): view for view in views}
        for key, view in stored.items():
            if complete:
                self._held.pop(key, None)
            self.take(view)
        if complete:
            for kind, id_ in self._held.keys() - stored.keys():
                self.drop(kind, id_)

    def described_anew(self) -> None:
        """Regions may have other sites than before: what belongs to one is shown to others."""
        for view in self._held.values():
            self._put(view)

    def drop(self, kind: str, id_: str) -> None:
        """It is gone."""
        self._held.pop((kind, id_), None)
        self._ledger.remove(kind, id_)

    def _show(self, view: AnyView) -> None:
        self._held[view.kind, view.id] = view
        self._put(view)

    def _put(self, view: AnyView) -> None:
        self._ledger.put(view.kind, view.id, self.place(view), view.model_dump_json().encode())


def _age(view: AnyView) -> tuple[int, int]:
    """Which of two views of one thing is newer. An alert's episode may begin again at revision 1."""
    return (view.since if isinstance(view, Alert) else 0, view.revision)
