"""The section of alerts: rules at work, what people do about alerts, and whom they are told to.

A site whose feed falls silent has an alert of its own, `feed-down|SITE`; it hides those of the site, of which nobody
knows whether they still hold.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from services.alerts.domain.care import KIND as ALERT
from services.alerts.domain.care import ON_ALERTS, change_of
from services.alerts.domain.conditions import Verdict
from services.alerts.domain.floor import Floor
from services.alerts.domain.life import FLAPS, Stored, Watch
from services.alerts.domain.rulebook import KIND as RULE
from services.alerts.domain.rulebook import Rulebook
from services.alerts.domain.section import Answer, Changed, Fact, View
from services.alerts.domain.silences import KIND as SILENCE
from services.alerts.domain.silences import Silences
from services.alerts.domain.watches import Watches
from services.contracts.alerts import Alert, AlertTransition, Compare, Rule, RuleView, Scope, Silence
from services.contracts.desk import AnyCommand, EndSilence, ImportRules, PutRule, PutSilence, RemoveRule, TryRule
from services.contracts.names import Names
from services.contracts.topology import Text

FEED_DOWN = Rule(
    id="feed-down",
    name=Text(en="The feed is silent", zh="数据源中断"),
    scope=Scope(kind="site"),
    when=Compare(metric="waiting", direction="above", threshold=0),  # never read: silence is seen by the ticks
    severity="critical",
    owner="administrator",
    runbook=Text(
        en="Nothing has been heard of this site for a minute: its numbers are those of before. Look at its ACD and at "
        "the connection; `floorwatch doctor` names the feeds.",
        zh="该中心已一分钟没有数据：所示数字均为此前的。请检查其 ACD 与网络连接；`floorwatch doctor` 会列出各数据源。",
    ),
)


class _Snapshot(msgspec.Struct, array_like=True):
    rules: list[bytes]
    digest: str
    gone: dict[str, int]
    watches: dict[str, Stored]
    times: dict[str, int]
    past_times: dict[str, int]
    feeds: dict[str, Stored]
    silences: list[bytes]


_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_encode = msgspec.msgpack.Encoder().encode


class _Silent:
    """A reading that says whether a feed is silent."""

    def __init__(self, *, silent: bool) -> None:
        self._verdict = Verdict(breached=silent, cleared=not silent, value=None, has_data=True)

    def at(self, _: int) -> Verdict:
        return self._verdict

    def turn(self, _: int) -> None:
        return None


class Alerts:
    """See services/alerts/domain/section.py for what each method must do."""

    name = "alerts"

    def __init__(self, names: Names) -> None:
        """Without rules: they come by command."""
        self._names = names
        self.book = Rulebook()
        self.silences = Silences()
        self.watches = Watches(Floor())
        self._feeds: dict[str, Watch] = {}

    # -- the floor changes

    def look(self, floor: Floor, changed: Changed) -> list[Fact]:
        """See Section."""
        happened: list[AlertTransition] = []
        facts: list[Fact] = []
        if changed.moved or changed.wall:
            happened += self._look_at_feeds(floor, changed)
        happened += self.watches.look(changed)
        if changed.wall:
            facts += [Fact(None, view.id, None, (view,)) for view in self.silences.pass_wall(floor.wall_at)]
            happened += _in_order(self._escalate(floor))
        if facts or happened or changed.wall:
            happened += _in_order(self._hide(floor))
        return [*facts, *self._facts(happened)]

    def _look_at_feeds(self, floor: Floor, changed: Changed) -> Iterator[AlertTransition]:
        for site in sorted(changed.moved | floor.heard.keys() if changed.wall else changed.moved):
            feed = self._feeds.get(site)
            silent = floor.is_silent(site)
            if feed is None:
                if not silent:
                    continue
                feed = self._feeds[site] = self._feed(site, floor)
            was = feed.state
            feed.wall_at = floor.wall_at
            yield from feed.hold(floor.clocks.at(site), _Silent(silent=silent))
            if (was == "firing") != (feed.state == "firing"):
                yield from _in_order(self._fall_silent(site, floor, silent=feed.state == "firing"))

    def _fall_silent(self, site: str, floor: Floor, *, silent: bool) -> Iterator[AlertTransition]:
        for watch in self.watches:
            if watch.alert is not None and watch.alert.site == site:
                watch.wall_at = floor.wall_at
                yield from watch.fall_silent() if silent else watch.speak()

    def _feed(self, site: str, floor: Floor, stored: Stored | None = None) -> Watch:
        return Watch(FEED_DOWN, site, floor.clocks.at(site), site=site, stored=stored, metric="feed")

    def _escalate(self, floor: Floor) -> Iterator[AlertTransition]:
        for watch in list(self._all()):
            alert, after_s = watch.alert, watch.rule.escalate_after_s
            if alert is None or after_s is None or alert.state != "firing" or alert.acknowledged_by:
                continue
            since = watch.fired_wall
            if alert.escalated_at is None and since and floor.wall_at >= since + round(after_s * 1000):
                watch.wall_at = floor.wall_at
                yield watch.change("escalated", escalated_at=floor.wall_at, owner=watch.rule.escalate_to)

    def _hide(self, floor: Floor) -> Iterator[AlertTransition]:
        """Whatever hides an alert now, or does no more, is told as a change of it."""
        hiding = self._hiding()
        for watch in self._all():
            alert = watch.alert
            if alert is None or alert.state == "inactive":
                continue
            watch.wall_at = floor.wall_at
            if alert.snoozed_until is not None and alert.snoozed_until <= floor.wall_at:
                yield watch.change("woken", snoozed_until=None)
                alert = watch.alert
                assert alert is not None, "it was there a moment ago"
            by = self._hidden_by(alert, hiding)
            if by != alert.hidden_by:
                yield watch.change(by.partition(":")[0] or "shown", hidden_by=by)

    def _hiding(self) -> dict[str, list[Alert]]:
        """Rule → alerts that hide it; "" for all rules of the alert's site."""
        found: dict[str, list[Alert]] = {}
        for feed in self._feeds.values():
            if feed.alert is not None and feed.alert.state == "firing":
                found.setdefault("", []).append(feed.alert)
        for watch in self.watches:
            if watch.rule.inhibits and watch.alert is not None and watch.alert.state == "firing":
                for rule in watch.rule.inhibits:
                    found.setdefault(rule, []).append(watch.alert)
        for alerts in found.values():
            alerts.sort(key=lambda alert: alert.id)  # of several the same one hides, be it after a restart
        return found

    def _hidden_by(self, alert: Alert, hiding: dict[str, list[Alert]]) -> str:
        for other in (*hiding.get("", ()), *hiding.get(alert.rule, ())):
            if other.id != alert.id and (other.site is None or other.site == alert.site):
                return f"inhibited:{other.id}"
        if (silence := self.silences.over(alert)) != "":
            return f"silence:{silence}"
        return "snoozed" if alert.snoozed_until is not None else ""

    # -- people

    def obey(self, command: AnyCommand, floor: Floor) -> Answer | None:
        """See Section."""
        match command:
            case TryRule():
                return self.book.try_(command, floor)
            case PutRule():
                answer, views = self.book.put(command, floor)
            case RemoveRule():
                answer, views = self.book.remove(command)
            case ImportRules():
                answer, views = self.book.take_file(command)
            case PutSilence():
                answer, views = self.silences.put(command)
            case EndSilence():
                answer, views = self.silences.end(command)
            case _:
                return self._care(command, floor) if isinstance(command, ON_ALERTS) else None
        happened = self.watches.adopt(self.book.rules) if any(view.kind == RULE for view in views) else []
        if views:
            happened += _in_order(self._hide(floor))
        shown = [Fact(None, view.id, None, (view,)) for view in views]
        return answer._replace(facts=(*shown, *self._facts(happened)))

    def _care(self, command: AnyCommand, floor: Floor) -> Answer:
        watch = self._find(command.target)
        if watch is None:
            return Answer("unknown_target", f"there is no alert {command.target!r}")
        alert = watch.alert
        if alert is None or alert.state == "inactive":
            return Answer("not_now", "there is no such alert now, or it is over")
        change = change_of(command, alert, floor.wall_at)
        if isinstance(change, Answer):
            return change
        watch.wall_at = floor.wall_at
        happened = [watch.change(change.why, **change.fields), *_in_order(self._hide(floor))]
        assert watch.alert is not None, "it was there a moment ago"
        subject, revision = f"{ALERT}|{alert.id}", watch.alert.revision
        return Answer("done", subject=subject, revision=revision, facts=tuple(self._facts(happened)))

    # -- asking

    def alerts(self) -> list[Alert]:
        """Every alert that is not inactive, by id."""
        lasting = (watch.alert for watch in self._all() if watch.alert is not None and watch.alert.state != "inactive")
        return sorted(lasting, key=lambda alert: alert.id)

    def views(self) -> list[View]:
        """See Section."""
        shown = [View(ALERT, alert.id, alert) for alert in self.alerts()]
        shown += [View(RULE, view.id, view) for view in self.book.views.values()]
        return shown + [View(SILENCE, silence.id, silence) for silence in self.silences.held.values()]

    def silenced(self, alert: Alert) -> str:
        """Id of the silence that covers an alert, of whatever section; empty: none."""
        return self.silences.over(alert)

    def _all(self) -> Iterator[Watch]:
        yield from self._feeds.values()
        yield from self.watches

    def _find(self, alert: str) -> Watch | None:
        rule, _, scope = alert.partition("|")
        return self._feeds.get(scope) if rule == FEED_DOWN.id else self.watches.find(alert)

    def _facts(self, happened: list[AlertTransition]) -> list[Fact]:
        """For the log, each with whether people are to be told: not what was hidden when it happened, nor is by now.

        What is shown again and still fires is told as `shown`, once.
        """
        facts = []
        for transition in happened:
            watch = self._find(transition.alert.id)
            later = transition.alert if watch is None or watch.alert is None else watch.alert
            hidden = transition.alert.hidden_by or later.hidden_by
            told = transition.model_copy(update={"tell": not hidden and _is_news(transition)})
            alert = told.alert
            view = View(ALERT, alert.id, None if alert.state == "inactive" else alert)
            facts.append(Fact(self._names.alerts, told.id, told, (view,)))
        return facts

    # -- keeping

    def snapshot(self) -> bytes:
        """See Section."""
        return bytes(
            _encode(
                _Snapshot(
                    [_json(view) for view in self.book.views.values()], self.book.digest, self.book.gone,
                    _stored(self.watches, lambda watch: f"{watch.rule.id}|{watch.scope}"), self.watches.times,
                    self.watches.past_times,
                    _stored(self._feeds.values(), lambda watch: watch.scope),
                    [_json(silence) for silence in self.silences.held.values()],
                )
            )
        )  # fmt: skip

    def restore(self, snapshot: bytes | None, floor: Floor) -> list[Fact]:
        """See Section."""
        self.watches = Watches(floor)
        self.book, self.silences, self._feeds = Rulebook(), Silences(), {}
        if snapshot is None:
            return []
        stored = _decode(snapshot)
        self.book = Rulebook(map(RuleView.model_validate_json, stored.rules), stored.digest, stored.gone)
        self.silences = Silences(map(Silence.model_validate_json, stored.silences))
        self._feeds = {site: self._feed(site, floor, watch) for site, watch in stored.feeds.items()}
        for feed in self._feeds.values():
            feed.go_on(_Silent(silent=feed.state == "firing"))
        self.watches.go_on(self.book.rules, stored.watches, stored.times, stored.past_times)
        return []


def _is_news(transition: AlertTransition) -> bool:
    """It fires, it is over, nobody has taken it up, or it still fires and is hidden no more; and it is not damped."""
    alert = transition.alert
    if alert.flapping and alert.flaps > FLAPS:
        return False
    if transition.why:
        return alert.state == "firing" and transition.why in {"escalated", "shown"}
    return alert.state == "firing" or (alert.state == "resolved" and transition.previous in {"firing", "stale"})


def _in_order(happened: Iterable[AlertTransition]) -> list[AlertTransition]:
    """The same order after a restart, which brings watches back in another one."""
    return sorted(happened, key=lambda transition: transition.alert.id)


def _stored(watches: Iterable[Watch], key: Callable[[Watch], str]) -> dict[str, Stored]:
    return {key(watch): kept for watch in sorted(watches, key=key) if (kept := watch.store()) is not None}


def _json(model: RuleView | Silence) -> bytes:
    return model.model_dump_json().encode()
