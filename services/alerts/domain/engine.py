"""All rules over all scopes: feed it tiles and clocks, take the transitions, snapshot, restore."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import msgspec

from services.alerts.domain.clocks import SiteClocks
from services.alerts.domain.life import Watch
from services.alerts.domain.values import Held, QueueNow, measure
from services.contracts.alerts import Alert, AlertTransition, Rule, RuleFile
from services.contracts.metrics import FeedClock, Tile

ALL = "all"


class _Snapshot(msgspec.Struct, array_like=True):
    queues: dict[str, QueueNow]
    parts: dict[str, int]
    sites: dict[str, int]
    times: dict[str, int]  # how far each queue, site and `all` was looked at
    alerts: list[bytes]  # JSON of each alert that is not inactive


_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_encode = msgspec.msgpack.Encoder().encode


def site_of(queue: str) -> str:
    """Id of a queue's site."""
    return queue.partition("/")[0]


class Engine:
    """Rules at work. Everything it says is a function of the tiles and clocks it was fed, in their order.

    A queue is looked at as of its tile and whenever its site's clock moves; a site as of its clock; all sites
    together as of the furthest clock, because sites may live in different years.
    """

    def __init__(self, rules: RuleFile) -> None:
        """Start with nothing known."""
        self._rules = rules.rules
        self._wanted = {kind: [r for r in self._rules if r.scope.kind == kind] for kind in ("queue", "site", ALL)}
        self._forget()

    def _forget(self) -> None:
        self._queues: dict[str, QueueNow] = {}
        self._of_site: defaultdict[str, list[str]] = defaultdict(list)
        self._clocks = SiteClocks()
        self._watches: dict[str, list[Watch]] = {}  # by scope
        self._times: dict[str, int] = {}

    # Feed it -----------------------------------------------------------------------------------------------------

    def take(self, items: Iterable[Tile | FeedClock]) -> list[AlertTransition]:
        """A batch as metrics published it. Answers with what happened, in its order."""
        happened: list[AlertTransition] = []
        touched: set[str] = set()
        moved: set[str] = set()
        for item in items:
            if isinstance(item, Tile):
                happened += self._take_tile(item)
                touched.add(site_of(item.id))
            elif self._clocks.hear(item):
                moved.add(item.site)
        for site in sorted(moved):
            for queue in self._of_site[site]:
                happened += self._pass_time(queue, self._clocks.at(site))
        for site in sorted(touched | moved):
            happened += self._look_at_site(site)
        if touched or moved:
            happened += self._look_at_all()
        return happened

    def _take_tile(self, tile: Tile) -> Iterator[AlertTransition]:
        known = self._queues.get(tile.id)
        if known is None:
            self._of_site[site_of(tile.id)].append(tile.id)
        elif tile.as_of < known.as_of:
            return  # of a worker that slept
        queue = self._queues[tile.id] = QueueNow.of(tile)
        at = self._move(tile.id, tile.as_of)
        for watch in self._watches_of(tile.id, at):
            yield from watch.hold(at, measure(watch.rule, [queue]))

    def _pass_time(self, scope: str, to: int) -> Iterator[AlertTransition]:
        self._move(scope, to)
        for watch in self._watches.get(scope, ()):
            yield from watch.pass_time(to)

    def _look_at_site(self, site: str) -> Iterator[AlertTransition]:
        queues = [self._queues[queue] for queue in self._of_site[site]]
        now = self._move(site, self._clocks.at(site) or _newest(queues))
        for watch in self._watches_of(site, now):
            yield from watch.hold(now, measure(watch.rule, queues))

    def _look_at_all(self) -> Iterator[AlertTransition]:
        now = self._move(ALL, max(self._clocks.sites.values(), default=0) or _newest(self._queues.values()))
        for watch in self._watches_of(ALL, now):
            glob = watch.rule.scope.match
            members = [queue for queue in self._queues if glob == "*" or fnmatchcase(queue, glob)]
            if watch.rule.metric == "longest_wait_s":
                yield from watch.hold(now, self._longest_wait(members, now))
            else:
                yield from watch.hold(now, measure(watch.rule, [self._queues[queue] for queue in members]))

    def _longest_wait(self, queues: Iterable[str], now: int) -> Held:
        """The longest of the sites' longest waits, each by its own clock."""
        waits = [
            self._clocks.at(site_of(queue)) - oldest
            for queue in queues
            if (oldest := self._queues[queue].oldest_offered_at) is not None
        ]
        return Held(0.0, now - max(0, *waits)) if waits else Held(0.0)

    def _move(self, scope: str, to: int) -> int:
        now = self._times[scope] = max(to, self._times.get(scope, 0))
        return now

    def _watches_of(self, scope: str, now: int) -> list[Watch]:
        watches = self._watches.get(scope)
        if watches is None:
            watches = self._watches[scope] = [Watch(rule, scope, now) for rule in self._rules_for(scope)]
        return watches

    def _rules_for(self, scope: str) -> Iterator[Rule]:
        kind = ALL if scope == ALL else "queue" if "/" in scope else "site"
        for rule in self._wanted[kind]:
            if kind == ALL or fnmatchcase(scope, rule.scope.match):
                yield rule

    # Ask it ------------------------------------------------------------------------------------------------------

    def alerts(self) -> list[Alert]:
        """Every alert that is not inactive."""
        return [alert for alert in self._all_alerts() if alert.state != "inactive"]

    def _all_alerts(self) -> Iterator[Alert]:
        for watches in self._watches.values():
            for watch in watches:
                if watch.alert is not None:
                    yield watch.alert

    def snapshot(self) -> bytes:
        """All that `restore` needs. An alert that has just become inactive still decides when it may begin anew."""
        alerts = [
            alert.model_dump_json().encode()
            for alert in self._all_alerts()
            if alert.state != "inactive" or alert.since >= self._times[alert.scope]
        ]
        clocks = self._clocks
        return bytes(_encode(_Snapshot(self._queues, clocks.parts, clocks.sites, self._times, alerts)))

    def restore(self, snapshot: bytes | None) -> list[AlertTransition]:
        """Start from a snapshot (None: from nothing). Alerts whose rule or scope is gone end; new rules begin."""
        self._forget()
        if snapshot is None:
            return []
        stored = _decode(snapshot)
        self._queues, self._times = stored.queues, stored.times
        self._clocks = SiteClocks(stored.parts, stored.sites)
        for queue in stored.queues:
            self._of_site[site_of(queue)].append(queue)
        alerts = {alert.id: alert for alert in map(Alert.model_validate_json, stored.alerts)}
        return [*self._go_on(alerts), *self._end_orphans(alerts)]

    def _go_on(self, alerts: dict[str, Alert]) -> Iterator[AlertTransition]:
        """Watch as before. Where neither rules nor tiles are new, nothing happens by this."""
        for scope, now in self._times.items():
            self._watches[scope] = [
                Watch(rule, scope, now, alerts.pop(f"{rule.id}|{scope}", None)) for rule in self._rules_for(scope)
            ]
        for queue, known in self._queues.items():
            for watch in self._watches.get(queue, ()):
                yield from watch.hold(self._times[queue], measure(watch.rule, [known]))
        for site in self._of_site:
            if site in self._times:
                yield from self._look_at_site(site)
        if ALL in self._times:
            yield from self._look_at_all()

    def _end_orphans(self, alerts: dict[str, Alert]) -> Iterator[AlertTransition]:
        for alert in alerts.values():
            watch = Watch(_rule_of(alert), alert.scope, self._times.get(alert.scope, alert.since), alert)
            yield from watch.end(watch.now)


def _newest(queues: Iterable[QueueNow]) -> int:
    return max((queue.as_of for queue in queues), default=0)


def _rule_of(alert: Alert) -> Rule:
    """As much of a rule that is gone as ending its alert needs."""
    scope = {"kind": alert.scope_kind}
    return Rule.model_validate(
        {
            "id": alert.rule, "name": alert.name, "metric": alert.metric, "scope": scope, "direction": "above",
            "threshold": alert.threshold, "clear": alert.threshold, "severity": alert.severity,
        }
    )  # fmt: skip
