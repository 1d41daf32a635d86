"""Every rule at every scope that it means: which of them a change of the floor concerns, and what comes of it."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from services.alerts.domain.conditions import read_rule, scopes_of, site_of_scope
from services.alerts.domain.conditions.place import Place
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

    @property
    def times(self) -> dict[str, int]:
        """How far each scope was looked at, by `kind|scope`: time never goes back, be it after a restart."""
        return {
            f"{kind}|{scope}": max(watch.now for watch in watches.values())
            for (kind, scope), watches in sorted(self.by_scope.items())
        }

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

    def adopt(
        self, rules: Iterable[Rule], stored: dict[str, Stored] | None = None, times: dict[str, int] | None = None
    ) -> list[AlertTransition]:
        """Watch by these rules from now on: alerts of rules that are no more end, the others go on.

        Args:
            rules: all that are in force.
            stored: by alert id, after a restart; without, the watches that there are go on.
            times: likewise, how far each scope was looked at.
        """
        self._times = self.times if times is None else times
        before = {watch.rule.id + "|" + watch.scope: (watch, kind) for (kind, _), ws in self.by_scope.items()
                  for watch in ws.values()}  # fmt: skip
        kept = {id_: watch.store() for id_, (watch, _) in before.items()} if stored is None else dict(stored)
        self._rules, self._with_agents, self.by_scope = {}, set(), {}
        for rule in rules:
            self._rules.setdefault(rule.scope.kind, []).append(rule)
            if any(_of_agents(compare.metric, compare.definition) for compare in rule.compares):
                self._with_agents.add(rule.scope.kind)
        happened: list[AlertTransition] = []
        for kind, listed in self._rules.items():
            for rule in listed:
                for scope in scopes_of(rule.scope, self._floor):
                    watch = self._watch(rule, kind, scope, kept.pop(f"{rule.id}|{scope}", None))
                    happened += watch.hold(self._now(rule, scope), read_rule(rule, scope, self._floor))
        for id_, (watch, _) in before.items():
            if id_ in kept:
                watch.wall_at = self._floor.wall_at
                happened += watch.end(watch.now)
        return happened

    def _watch(self, rule: Rule, kind: ScopeKind, scope: str, stored: Stored | None = None) -> Watch:
        site = site_of_scope(scope, kind, self._floor)
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
                if kind != "all" and not fnmatchcase(scope, rule.scope.match):
                    continue
                watch = self._watch(rule, kind, scope)
            watch.wall_at = self._floor.wall_at
            yield from watch.hold(self._now(rule, scope), read_rule(rule, scope, self._floor))

    def _concerned(self, kind: ScopeKind, changed: Changed) -> set[str]:  # noqa: PLR0911  # a kind each
        """Scopes of a kind of which something else than time has changed (or that are read at each moment)."""
        floor = self._floor
        agents = [floor.agents[id_] for id_ in changed.agents if id_ in floor.agents]
        staffed = agents if kind in self._with_agents else []
        match kind:
            case "queue":
                return changed.queues | {queue for agent in staffed for queue in agent.queues if queue in floor.queues}
            case "site":
                flows = {site_of(flow) for flow in changed.flows}
                return changed.sites | changed.moved | flows | {agent.site for agent in staffed}
            case "team":
                return {agent.team for agent in staffed if agent.team}
            case "agent":
                return set(changed.agents) if staffed else set()
            case "flow":
                return set(changed.flows)
            case "node":
                return {
                    f"{flow}#{node}"
                    for flow in changed.flows
                    for half in floor.flows[flow].halves
                    for node in half.nodes
                }
            case "region":
                sites = changed.sites | changed.moved | {agent.site for agent in staffed}
                return {region for site in sites if (region := floor.region_of(site))}
            case "all":
                return {"all"} if changed.sites or changed.moved or staffed else set()

    def _now(self, rule: Rule, scope: str) -> int:
        return Place(self._floor, rule.scope.kind, scope, rule.scope.match).now


def _of_agents(name: str, definition: str | None) -> bool:
    metric = metric_of(name, definition)
    return metric is not None and basis_of(metric) == "agents"
