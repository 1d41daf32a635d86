"""A rule held against the floor as it is now, without switching it on."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from services.alerts.domain.conditions.place import Place
from services.alerts.domain.conditions.reading import read_rule
from services.alerts.domain.floor import Floor, site_of
from services.contracts.alerts import Alert, Rule, Scope, ScopeKind
from services.contracts.topology import Flow, Site


def scopes_of(scope: Scope, floor: Floor) -> list[str]:
    """Ids of the scopes that are meant, as far as the floor knows them; of kind `all`, "all"."""
    if scope.kind == "all":
        return ["all"]
    return sorted({id_ for id_ in _known(scope.kind, floor) if fnmatchcase(id_, scope.match)})


def would_fire(rule: Rule, floor: Floor) -> list[Alert]:
    """The alerts that a rule would begin now: firing where it needs no time (`for_s` 0), else pending.

    Of comparisons against `change` nothing is known yet, unless a rule at work makes the same.
    """
    found = []
    for scope in scopes_of(rule.scope, floor):
        now = Place(floor, rule.scope.kind, scope, rule.scope.match).now
        verdict = read_rule(rule, scope, floor, noted=False).at(now)
        if verdict.breached:
            first = rule.compares[0]
            found.append(
                Alert(
                    id=f"{rule.id}|{scope}", rule=rule.id, scope=scope, scope_kind=rule.scope.kind,
                    site=site_of_scope(scope, rule.scope.kind, floor), state="pending" if rule.for_s else "firing",
                    since=now, episode=now, value=verdict.value, threshold=first.threshold, metric=first.metric,
                    severity=rule.severity, name=rule.name, owner=rule.owner, labels=rule.labels, runbook=rule.runbook,
                    link=rule.link,
                )
            )  # fmt: skip
    return found


def site_of_scope(scope: str, kind: ScopeKind, floor: Floor) -> str | None:
    """The one site that a scope belongs to; None: to none, or to several."""
    if kind in {"region", "all"}:
        return None
    if kind == "agent":
        agent = floor.agents.get(scope)
        return None if agent is None else agent.site
    return site_of(scope)


def _known(kind: ScopeKind, floor: Floor) -> Iterable[str]:
    match kind:
        case "queue":
            return floor.queues
        case "agent":
            return floor.agents
        case "team":
            return {agent.team for agent in floor.agents.values() if agent.team}
        case "flow" | "node":
            return _menus(kind, floor)
    if kind == "region":
        return {one.region for one in floor.described.values() if isinstance(one, Site) and one.region}
    return floor.of_site.keys() | floor.clocks.sites.keys()


def _menus(kind: ScopeKind, floor: Floor) -> set[str]:
    """Flows, or nodes, that are described or had calls."""
    flows = [one for one in floor.described.values() if isinstance(one, Flow)]
    if kind == "flow":
        return {*floor.flows, *(flow.id for flow in flows)}
    described = {f"{flow.id}#{node.id}" for flow in flows for node in flow.nodes}
    return described | {
        f"{id_}#{node}" for id_, flow in floor.flows.items() for half in flow.halves for node in half.nodes
    }
