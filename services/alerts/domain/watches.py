"""Every rule at every scope that it means: which of them a change of the floor concerns, and what comes of it."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import cast

from services.alerts.domain.conditions import read_rule, scopes_of, site_of_scope
from services.alerts.domain.conditions.place import Place
from services.alerts.domain.crowds import Group
from services.alerts.domain.floor import Floor, site_of
from services.alerts.domain.life import Stored, Watch
from services.alerts.domain.section import Changed
from services.contracts.alerts import AlertTransition, Rule, ScopeKind
from services.contracts.comparing import basis_of, metric_of

Name = tuple[str, str]
"""(rule, scope)."""
WIDE: tuple[ScopeKind, ...] = ("region", "all")


class Watches:
    """Watches by scope. What they say is a function of the floor and the rules, in the order of what changed."""

    def __init__(self, floor: Floor) -> None:
        """Without rules."""
        self._floor = floor
        self._rules: dict[ScopeKind, list[Rule]] = {}
        self._with_agents: set[ScopeKind] = set()
        self.by_scope: dict[tuple[ScopeKind, str], dict[str, Watch]] = {}
        self._times: dict[str, int] = {}
        self._costly = False

    @property
    def times(self) -> dict[str, int]:
        """How far each scope was looked at, by `kind|scope`: time never goes back, be it after a restart."""
        return {
            f"{kind}|{scope}": max(watch.now for watch in watches.values())
            for (kind, scope), watches in sorted(self.by_scope.items())
        }

    @property
    def past_times(self) -> dict[str, int]:
        """The same of scopes that no rule looks at any more."""
        return {key: at for key, at in sorted(self._times.items()) if _name(key) not in self.by_scope}

    def __iter__(self) -> Iterator[Watch]:
        """All of them."""
        for watches in self.by_scope.values():
            yield from watches.values()

    def find(self, alert: str) -> Watch | None:
        """The watch of an alert's id."""
        rule, _, scope = alert.partition("|")
        for kind in self._rules:
            found = self.by_scope.get((kind, scope), {}).get(rule)
            if found is not None:
                return found
        return None

    # -- rules

    def adopt(self, rules: Iterable[Rule]) -> list[AlertTransition]:
        """Watch by these rules, all that are in force, from now on: alerts of others end, the rest goes on."""
        known = sorted(self.by_scope.items())
        before = {f"{one.rule.id}|{scope}": (one, kind) for (kind, scope), ones in known for one in ones.values()}
        kept = {id_: watch.store() for id_, (watch, _) in before.items()}
        self._times |= self.times
        self._sort(rules)
        happened: list[AlertTransition] = []
        for kind, listed in self._rules.items():
            for rule in listed:
                for scope in scopes_of(rule.scope, self._floor):
                    watch = self._watch(rule, kind, scope, kept.pop(f"{rule.id}|{scope}", None))
                    happened += watch.hold(self._now(rule, scope), read_rule(rule, scope, self._floor))
        for id_, (watch, kind) in before.items():
            if id_ in kept:
                watch.wall_at = self._floor.wall_at
                happened += watch.end(watch.now)
                self._times[f"{kind}|{watch.scope}"] = max(watch.now, self._times[f"{kind}|{watch.scope}"])
        return happened

    def go_on(
        self, rules: Iterable[Rule], stored: dict[str, Stored], times: dict[str, int], past_times: dict[str, int]
    ) -> None:
        """After a restart: be as before. Nothing happens by it, and nothing is looked at anew.

        Args:
            rules: all that are in force.
            stored: what each watch stored, by alert id.
            times: see there; the scopes that were watched.
            past_times: see there.
        """
        self._times = times | past_times
        self._sort(rules)
        for key, now in times.items():
            kind, scope = _name(key)
            for rule in self._rules.get(kind, ()):
                if _means(rule, kind, scope):
                    watch = self._watch(rule, kind, scope, stored.get(f"{rule.id}|{scope}"), now=now)
                    watch.go_on(read_rule(rule, scope, self._floor, noted=False))

    def _sort(self, rules: Iterable[Rule]) -> None:
        self._rules, self._with_agents, self._costly, self.by_scope = {}, set(), False, {}
        for rule in rules:
            kind = rule.scope.kind
            self._rules.setdefault(kind, []).append(rule)
            if any(_of_agents(compare.metric, compare.definition) for compare in rule.compares):
                self._with_agents.add(kind)
            self._costly |= kind == "agent" and any(compare.metric == "absence_cost" for compare in rule.compares)

    def _watch(
        self, rule: Rule, kind: ScopeKind, scope: str, stored: Stored | None = None, *, now: int | None = None
    ) -> Watch:
        site = site_of_scope(scope, kind, self._floor)
        if now is None:
            now = max(self._now(rule, scope), self._times.get(f"{kind}|{scope}", 0))
        watch = Watch(rule, scope, now, site=site, stored=stored)
        watch.wall_at = self._floor.wall_at
        self.by_scope.setdefault((kind, scope), {})[rule.id] = watch
        return watch

    # -- the floor changes

    def look(self, changed: Changed) -> Iterator[AlertTransition]:
        """What a change means to the rules; scopes in a fixed order."""
        if changed.described:
            yield from self.adopt([rule for rules in self._rules.values() for rule in rules])
            return
        for kind in self._rules:
            again = sorted(self._concerned(kind, changed))
            for scope in again:
                yield from self._hold(kind, scope)
            for scope in sorted(self._moved(kind, changed).difference(again)):
                yield from self._pass(kind, scope)

    def _moved(self, kind: ScopeKind, changed: Changed) -> set[str]:
        """Watched scopes of a kind for which time has passed."""
        # Before its first heartbeat a site's time is that of its newest tile.
        sites = changed.moved | {site for site in changed.sites if not self._floor.clocks.at(site)}
        if not sites:
            return set()
        return {scope for of, scope in self.by_scope if of == kind and site_of_scope(scope, kind, self._floor) in sites}

    def _pass(self, kind: ScopeKind, scope: str) -> Iterator[AlertTransition]:
        for watch in self.by_scope[kind, scope].values():
            watch.wall_at = self._floor.wall_at
            yield from watch.pass_time(self._now(watch.rule, scope))

    def _hold(self, kind: ScopeKind, scope: str) -> Iterator[AlertTransition]:
        known = self.by_scope.get((kind, scope), {})
        for rule in self._rules[kind]:
            watch = known.get(rule.id)
            if watch is None:
                if not _means(rule, kind, scope):
                    continue
                watch = self._watch(rule, kind, scope)
            watch.wall_at, watch.site = self._floor.wall_at, site_of_scope(scope, kind, self._floor)
            yield from watch.hold(self._now(rule, scope), read_rule(rule, scope, self._floor))

    def _concerned(self, kind: ScopeKind, changed: Changed) -> set[str]:
        """Scopes of a kind of which something else than time has changed (or that are read at each moment)."""
        floor = self._floor
        crowds = changed.crowds if kind in self._with_agents else set()
        match kind:
            case "queue":
                found = changed.queues | {id_ for of, id_ in crowds if of == "queue" and id_ in floor.queues}
            case "team":
                found = {id_ for of, id_ in crowds if of == "team"}
            case "agent":
                found = set(changed.agents) if crowds else set()
                found |= self._cost_others(changed) if self._costly else set()
            case "flow":
                found = set(changed.flows)
            case "node":
                found = self._nodes_of(changed.flows)
            case _:
                found = self._wide(kind, changed, crowds)
        return found | self._of_new_day(kind, changed.turned)

    def _wide(self, kind: ScopeKind, changed: Changed, crowds: set[Group]) -> set[str]:
        """Scopes of whole sites."""
        sites = changed.sites | changed.moved | set(map(site_of, changed.flows))
        sites |= {id_ for of, id_ in crowds if of == "site"}
        match kind:
            case "site":
                return sites
            case "region":
                return {region for site in sites if (region := self._floor.region_of(site))}
        return {"all"} if sites else set()

    def _cost_others(self, changed: Changed) -> set[str]:
        """Agents whose absence may cost more or less by what others do: their queues', and those who serve them."""
        queues = changed.queues | {id_ for of, id_ in changed.crowds if of == "queue"}
        crowds = (self._floor.staff.group("queue", queue) for queue in queues)
        return {agent for crowd in crowds if crowd is not None for agent in crowd.absent}

    def _nodes_of(self, flows: set[str]) -> set[str]:
        """Nodes of menus: those with calls, and those that had some before."""
        halves = ((flow, half) for flow in flows for half in self._floor.flows[flow].halves)
        watched = (scope for of, scope in self.by_scope if of == "node") if flows else ()
        return {f"{flow}#{node}" for flow, half in halves for node in half.nodes} | {
            scope for scope in watched if scope.partition("#")[0] in flows
        }

    def _of_new_day(self, kind: ScopeKind, sites: set[str]) -> set[str]:
        """All that reads agents, for any may be of a site where another day has begun."""
        if not sites or kind not in self._with_agents:
            return set()
        return {scope for of, scope in self.by_scope if of == kind}

    def _now(self, rule: Rule, scope: str) -> int:
        return Place(self._floor, rule.scope.kind, scope, rule.scope.match).now


def _means(rule: Rule, kind: ScopeKind, scope: str) -> bool:
    return kind == "all" or fnmatchcase(scope, rule.scope.match)


def _name(key: str) -> tuple[ScopeKind, str]:
    kind, _, scope = key.partition("|")
    return cast(ScopeKind, kind), scope


def _of_agents(name: str, definition: str | None) -> bool:
    metric = metric_of(name, definition)
    return metric is not None and basis_of(metric) == "agents"
