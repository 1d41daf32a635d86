"""The life of alerts, stepped through second by second: slow, clear, and without a line of the services.

One site with some queues, each with two figures that hold until the next tile: callers waiting, and a share that may be
missing. Each second the wall clock ticks; then, if the feed lives, its clock says the second, and tiles may come; then
people do something. Event time is in ms: five looks a second, at its first five ms, see every moment at which one thing
follows another within the same second.
"""

from dataclasses import dataclass, field
from typing import Any

SITE = "bank"
SILENT_AFTER = 60  # seconds of the wall clock
SHOWN_RESOLVED_MS = 15 * 60 * 1000
HOUR_MS = 3_600_000
LOOKS = range(5)


@dataclass
class Rule:
    """`above` compares the callers, else the share is compared below."""

    id: str
    above: bool
    threshold: float
    clear: float
    for_s: int = 0
    keep_s: int = 0
    no_data_s: int | None = None
    escalate_s: int | None = None
    inhibits: str = ""


@dataclass
class One:
    """A rule at a queue, or the feed itself."""

    id: str
    rule: Rule | None
    queue: str = ""
    state: str = "inactive"
    since: int = 0
    revision: int = 0
    now: int = 0
    was: str = ""
    clear_since: int | None = None
    missing_since: int | None = None
    fires: list[int] = field(default_factory=list)
    episode: int = 0
    fired_wall: int = 0
    acknowledged: str = ""
    escalated: bool = False
    snoozed: int | None = None
    hidden: str = ""


class Oracle:
    """Step it; `told` has what each alert did: (id, from, to, at in ms, wall second, why, whether people are told)."""

    def __init__(self, rules: list[Rule], queues: list[str]) -> None:
        self.rules, self.queues = rules, queues
        self.alerts = {
            f"{rule.id}|{queue}": One(f"{rule.id}|{queue}", rule, queue) for queue in queues for rule in rules
        }
        self.feed = One(f"feed-down|{SITE}", None)
        self.known: dict[str, tuple[int, float | None]] = {}
        self.silences: dict[str, tuple[str, int]] = {}
        self.told: list[list[Any]] = []
        self.wall = self.clock = 0
        self.heard: int | None = None
        self._fresh = 0

    # -- a second

    def tick(self, second: int) -> None:
        self.wall = second
        self._feed()
        for id_, (_, until) in list(self.silences.items()):
            if until <= second:
                del self.silences[id_]
        for one in self.alerts.values():
            limit = None if one.rule is None else one.rule.escalate_s
            if (
                one.state == "firing" and limit is not None and not one.acknowledged and not one.escalated
                and one.fired_wall and second >= one.fired_wall + limit
            ):  # fmt: skip
                one.escalated = True
                self._change(one, "escalated")
        self._end(wall=True)

    def hear(self, second: int) -> None:
        """The feed's clock: what is known has lasted until then."""
        self.heard = self.wall
        if second > self.clock:
            self.clock = second
            self._feed()
            self._pass(second * 1000)
            self._end()

    def tiles(self, second: int, known: dict[str, tuple[int, float | None]]) -> None:
        """Queues are so from this second on."""
        for queue in sorted(known):
            self.known[queue] = known[queue]
            for one in self.alerts.values():
                if one.queue == queue:
                    one.now = max(one.now, second * 1000)
                    self._look(one)
        self._end()

    def do(self, what: str, target: str, until: int = 0) -> None:
        """A person acts. An alert that is not there, or is over, can't be looked after."""
        if what == "silence":
            if until > self.wall:
                self.silences[f"s{self.wall}"] = (target, until)
        else:
            one = self.feed if target == self.feed.id else self.alerts[target]
            if one.state == "inactive":
                return
            if what == "acknowledge" and not one.acknowledged:
                one.acknowledged = "ana"
                self._change(one, "acknowledged")
            elif what == "snooze":
                snoozed = until if until > self.wall else None
                if snoozed != one.snoozed:
                    one.snoozed = snoozed
                    self._change(one, "snoozed" if snoozed else "woken")
        self._end(wall=True)

    # -- alerts

    def _feed(self) -> None:
        feed = self.feed
        feed.now = self.clock * 1000
        silent = bool(self.heard) and self.wall - (self.heard or 0) >= SILENT_AFTER
        if silent and feed.state in {"inactive", "resolved"}:
            self._enter(feed, "firing")
            for one in self.alerts.values():
                if one.state in {"pending", "firing"}:
                    one.was = one.state
                    self._enter(one, "stale")
        elif not silent and feed.state == "firing":
            self._enter(feed, "resolved")
            for one in self.alerts.values():
                if one.state == "stale":
                    self._enter(one, one.was)
                    self._look(one)
        elif not silent and feed.state == "resolved" and feed.now >= feed.since + SHOWN_RESOLVED_MS:
            feed.now = feed.since + SHOWN_RESOLVED_MS
            self._enter(feed, "inactive")

    def _pass(self, to: int) -> None:
        for one in self.alerts.values():
            while one.now < to:
                later = [one.now - one.now % 1000 + part for part in LOOKS]
                one.now = min([at for at in later if at > one.now] or [one.now - one.now % 1000 + 1000])
                self._look(one)

    def _look(self, one: One) -> None:
        if one.queue not in self.known or one.state == "stale" or one.rule is None:
            return
        rule, now = one.rule, one.now
        waiting, share = self.known[one.queue]
        value = float(waiting) if rule.above else share
        bad = value is not None and (value > rule.threshold if rule.above else value < rule.threshold)
        good = value is not None and (value <= rule.clear if rule.above else value >= rule.clear)
        one.missing_since = None if value is not None else now if one.missing_since is None else one.missing_since
        if one.state == "firing":
            if good or value is None:
                one.clear_since = now if one.clear_since is None else one.clear_since
                if now >= one.clear_since + rule.keep_s * 1000:
                    self._enter(one, "resolved")
            else:
                one.clear_since = None
        elif bad and one.state != "pending":
            self._enter(one, "pending" if rule.for_s else "firing")
        elif bad and now >= one.since + rule.for_s * 1000:
            self._enter(one, "firing")
        elif not bad and (
            one.state == "pending"
            or (one.state == "resolved" and now >= one.since + SHOWN_RESOLVED_MS)
            or (one.state == "no_data" and value is not None)
        ):
            self._enter(one, "inactive")
        lacks = rule.no_data_s is not None and one.missing_since is not None
        if (
            lacks
            and now >= (one.missing_since or 0) + (rule.no_data_s or 0) * 1000
            and one.state in {"inactive", "resolved"}
        ):
            self._enter(one, "no_data")

    def _enter(self, one: One, state: str) -> None:
        at, before = max(one.now, one.since + 1 if one.revision else 0), one.state
        if before == "inactive":
            one.episode, one.revision, one.acknowledged, one.escalated = at, 0, "", False
            one.snoozed, one.hidden = None, ""
        if state == "firing" and before != "stale":
            if any(fired >= one.episode for fired in one.fires):
                one.acknowledged = ""
            one.fires.append(at)
            one.escalated, one.fired_wall = False, self.wall
        one.state, one.since, one.clear_since = state, at, None
        one.revision += 1
        news = state == "firing" or (state == "resolved" and before in {"firing", "stale"})
        self._tell(one, before, at, "", news=news)

    def _change(self, one: One, why: str) -> None:
        one.revision += 1
        news = one.state == "firing" and why in {"escalated", "shown"} and not self._damped(one)
        self._tell(one, one.state, max(one.now, one.since), why, news=news)

    def _damped(self, one: One) -> bool:
        last = one.fires[-1] if one.fires else 0
        return sum(last - HOUR_MS < fired <= last for fired in one.fires) - 1 > 3

    def _tell(self, one: One, before: str, at: int, why: str, *, news: bool) -> None:
        news = news and not self._damped(one) and not one.hidden
        self.told.append([one.id, before, one.state, at, self.wall, why, news])

    # -- who is told

    def _end(self, *, wall: bool = False) -> None:
        """The end of a look: what hides an alert now, or does no more."""
        if wall or len(self.told) > self._fresh:
            everyone = sorted([*self.alerts.values(), self.feed], key=lambda one: one.id)
            hiding = [one for one in self.alerts.values() if one.rule and one.rule.inhibits and one.state == "firing"]
            down = self.feed.state == "firing"
            for one in everyone:
                if one.state != "inactive":
                    if one.snoozed is not None and one.snoozed <= self.wall:
                        one.snoozed = None
                        self._change(one, "woken")
                    self._hide(one, self._hidden_by(one, hiding, down=down))
        for told in self.told[self._fresh :]:
            one = self.feed if told[0] == self.feed.id else self.alerts[told[0]]
            told[6] = told[6] and not one.hidden
        self._fresh = len(self.told)

    def _hide(self, one: One, by: str) -> None:
        if by != one.hidden:
            one.hidden = by
            self._change(one, by.partition(":")[0] or "shown")

    def _hidden_by(self, one: One, hiding: list[One], *, down: bool) -> str:
        if down and one is not self.feed:
            return f"inhibited:{self.feed.id}"
        for other in sorted(hiding, key=lambda other: other.id):
            if other.rule and one.rule and other.rule.inhibits == one.rule.id and other is not one:
                return f"inhibited:{other.id}"
        for id_, (rule, _) in self.silences.items():
            if one.rule and one.rule.id == rule:
                return f"silence:{id_}"
        return "snoozed" if one.snoozed is not None else ""
