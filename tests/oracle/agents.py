"""Agents by hand: what each did, was meant to do and how the two agree, tick by tick of the clock.

Slow and simple, and without a line of the services': every total is a sum over all ticks of a day, and every question of
a tick is answered from the definitions (docs/decisions/0006). All times are epoch milliseconds and multiples of TICK_MS.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

TICK_MS = 60_000
BUSY = ("ringing", "talking", "hold", "wrap_up")
A_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Telling:
    """A feed says of an agent: `what` is a state, "log-in" or "log-out"."""

    agent: str
    at: int
    what: str
    reason: str = ""
    contact: str = ""
    source: str = "acd"


@dataclass(frozen=True)
class Beat:
    """A heartbeat; rate 0 is a replay at full speed."""

    source: str
    at: int
    rate: float = 1.0


@dataclass(frozen=True)
class Plan:
    """A record of the schedules topic: the plan of a date, or (activities None) its deletion."""

    agent: str
    date: str
    version: int
    activities: tuple[tuple[str, int, int], ...] | None


@dataclass(frozen=True)
class Excuse:
    """An exception as it was told last; one that was withdrawn or deleted has span None."""

    agent: str
    name: str
    span: tuple[int, int] | None


@dataclass(frozen=True)
class Rules:
    """What activities mean: (counts as, tolerance in ms) of each, and which state and reason is which."""

    activities: dict[str, tuple[str, int]]
    mapping: dict[tuple[str, str], str]

    def activity(self, state: str, reason: str) -> str:
        default = "absent" if state == "offline" else "unmapped"
        return self.mapping.get((state, reason)) or self.mapping.get((state, "")) or default

    def kind(self, activity: str) -> str:
        return self.activities[activity][0] if activity in self.activities else "other"

    def tolerance(self, activity: str | None) -> int:
        return self.activities[activity][1] if activity in self.activities else 0

    def same(self, activity: str, planned: str | None) -> bool:
        """Whether someone who does `activity` does what is planned; every absence is as good as no plan."""
        if self.kind(activity) == "absence":
            return planned is None or self.kind(planned) == "absence"
        return activity == planned


@dataclass
class Turn:
    """From `at` on, until the next one."""

    at: int
    state: str = "offline"
    reason: str = ""
    contact: str = ""
    source: str = ""
    since: int = 0
    contact_began: int | None = None
    talked: bool = False
    first_talks: int = 0


@dataclass
class Floor:
    """Everything that was told, in the order of the log where that matters (plans and excuses)."""

    timezone: str
    rules: Rules
    silent_ms: int
    tellings: Sequence[Telling]
    beats: Sequence[Beat]
    plans: Sequence[Plan]
    excuses: Sequence[Excuse]
    known: dict[str, "Agent"] = field(default_factory=dict)
    heard: dict[str, tuple[float, set[int]]] = field(default_factory=dict)

    def agent(self, name: str) -> "Agent":
        if name not in self.known:
            self.known[name] = Agent(self, name)
        return self.known[name]

    def heard_at(self, source: str) -> tuple[float, set[int]]:
        """(when the feed was heard first, every tick at which it was alive)."""
        if source not in self.heard:
            heard, first = set[int](), float("inf")
            for beat in self.beats:
                if beat.source == source:
                    start, reach = (beat.at, round(self.silent_ms * max(beat.rate, 1)))
                    if beat.rate == 0:
                        start, reach = beat.at - 3 * A_DAY_MS, 4 * A_DAY_MS  # all before it, and a day more
                        first = 0
                    first = min(first, start)
                    heard.update(range(start, start + reach, TICK_MS))
            self.heard[source] = first, heard
        return self.heard[source]

    def feed_is_silent(self, source: str, at: int, *, from_the_first: bool) -> bool:
        first, alive = self.heard_at(source)
        if not alive:
            return False
        return from_the_first if at < first else at not in alive

    def nobody_knows(self, turn: Turn | None, at: int) -> bool:
        if turn is not None:
            return self.feed_is_silent(turn.source, at, from_the_first=False)
        tellers = {telling.source for telling in self.tellings} or {beat.source for beat in self.beats}
        return not tellers or any(self.feed_is_silent(source, at, from_the_first=True) for source in tellers)


class Agent:
    """One agent's story and plan."""

    def __init__(self, floor: Floor, name: str) -> None:
        self.floor, self.rules, self.name = floor, floor.rules, name
        self.turns = story([telling for telling in floor.tellings if telling.agent == name])
        self.shifts = shifts([plan for plan in floor.plans if plan.agent == name])
        spans = {excuse.name: excuse.span for excuse in floor.excuses if excuse.agent == name}
        self.excuses = [span for span in spans.values() if span is not None]
        for slow in ("planned_at", "day_of", "changes", "adherence_at"):
            setattr(self, slow, cache(getattr(self, slow)))

    def turn_at(self, at: int) -> Turn | None:
        return next((turn for turn in reversed(self.turns) if turn.at <= at), None)

    def shift_at(self, at: int) -> tuple[str, list[tuple[str, int, int]]] | None:
        """Of several at the same time, the one that began first."""
        return next(((date, acts) for start, end, date, acts in self.shifts if start <= at < end), None)

    def planned_at(self, at: int) -> str | None:
        _, activities = self.shift_at(at) or ("", [])
        return next((activity for activity, start, end in activities if start <= at < end), None)

    def day_of(self, at: int) -> str:
        shift = self.shift_at(at)
        return (
            shift[0] if shift else datetime.fromtimestamp(at // 1000, ZoneInfo(self.floor.timezone)).date().isoformat()
        )

    def changes(self) -> list[int]:
        """Every tick with another plan than the one before."""
        ends = {
            end
            for *span, _, activities in self.shifts
            for end in (*span, *(x for _, *both in activities for x in both))
        }
        return sorted(at for at in ends if self.planned_at(at) != self.planned_at(at - TICK_MS))

    def last_change(self, at: int) -> int | None:
        """When what is planned at `at` began to be planned."""
        return max((change for change in self.changes() if change <= at), default=None)

    def next_change(self, at: int) -> int | None:
        """When something else will be planned."""
        return min((change for change in self.changes() if change > at), default=None)

    def adherence_at(self, at: int) -> str:  # noqa: PLR0911  # each is a rule
        turn = self.turn_at(at)
        if any(start <= at < end for start, end in self.excuses):
            return "ignored"
        if self.floor.nobody_knows(turn, at):
            return "unknown"
        doing, rules, planned = turn or Turn(0), self.rules, self.planned_at(at)
        activity = rules.activity(doing.state, doing.reason)
        if rules.same(activity, planned):
            return "in"
        began, ends = self.last_change(at), self.next_change(at)
        if began is not None:
            before = self.planned_at(began - TICK_MS)
            if at < began + rules.tolerance(planned or before) and rules.same(activity, before):
                return "in"  # late
            if doing.contact_began is not None and doing.contact_began < began:
                return "in"  # a contact that began before the change
        if ends is not None:
            after = self.planned_at(ends)
            if at >= ends - rules.tolerance(planned or after) and rules.same(activity, after):
                return "in"  # early
        if planned is not None and rules.kind(planned) != "absence":
            return "out"
        return "unscheduled" if doing.state != "offline" else "in"

    def ticks_of(self, day: str, until: int) -> Iterable[int]:
        """Every tick of a day before `until`: looked for from half a day before it to a day after it."""
        middle = round(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp() * 1000)
        for at in range(middle - A_DAY_MS, min(until, middle + 2 * A_DAY_MS), TICK_MS):
            if self.day_of(at) == day:
                yield at

    def totals(self, day: str, until: int, pieces: Iterable[tuple[int, int]] | None = None) -> dict[str, object]:
        """AgentTotals of a day as far as `until`, which is asked for at that moment: facts of it are known.

        `pieces`: (beginning, length) of times in which nothing changes; without them every tick is one.
        """
        by_state, by_activity, planned_ms, scheduled = Counter(), Counter(), Counter(), Counter()  # type: ignore[var-annotated]
        worked = scheduled_work = 0
        for at, ms in pieces if pieces is not None else ((tick, TICK_MS) for tick in self.ticks_of(day, until)):
            turn, planned = self.turn_at(at) or Turn(0), self.planned_at(at)
            if turn.state != "offline":
                activity = self.rules.activity(turn.state, turn.reason)
                by_state[f"not_ready:{turn.reason}" if turn.state == "not_ready" and turn.reason else turn.state] += ms
                by_activity[activity] += ms
                worked += ms * (self.rules.kind(activity) == "work")
            if planned is not None:
                planned_ms[planned] += ms
                if self.rules.kind(planned) != "absence":
                    scheduled[self.adherence_at(at)] += ms
                    scheduled_work += ms * (self.rules.kind(planned) == "work")
        return {
            "signed_in_ms": by_state.total(),
            "by_state_ms": dict(by_state),
            "by_activity_ms": dict(by_activity),
            "contacts": sum(t.first_talks for t in self.turns if t.at <= until and self.day_of(t.at) == day),
            "scheduled_ms": scheduled.total(),
            "planned_ms": dict(planned_ms),
            "adherent_ms": scheduled["in"],
            "out_ms": scheduled["out"],
            "ignored_ms": scheduled["ignored"],
            "unknown_ms": scheduled["unknown"],
            "worked_ms": worked,
            "scheduled_work_ms": scheduled_work,
        }

    def adherence_since(self, now: int) -> int:
        """Since when the adherence of now has been the same, within the day."""
        day, adherence, since = self.day_of(now), self.adherence_at(now), now
        for at in reversed(list(self.ticks_of(day, now))):
            if self.adherence_at(at) != adherence:
                break
            since = at
        return since


def shifts(plans: Iterable[Plan]) -> list[tuple[int, int, str, list[tuple[str, int, int]]]]:
    """(start, end, date, activities) of the plans that stand, the earliest first."""
    standing: dict[str, Plan] = {}
    for plan in plans:
        before = standing.get(plan.date)
        if plan.activities is None:
            standing.pop(plan.date, None)
        elif before is None or plan.version >= before.version:
            standing[plan.date] = plan
    return sorted(
        (plan.activities[0][1], plan.activities[-1][2], plan.date, list(plan.activities))
        for plan in standing.values()
        if plan.activities
    )


def story(tellings: Iterable[Telling]) -> list[Turn]:
    """What the agent did, from what was told in any order and perhaps twice: one turn a telling."""
    waiting, turns = sorted(set(tellings), key=lambda telling: telling.at), [Turn(0)]
    while waiting:
        moment = [telling for telling in waiting if telling.at == waiting[0].at]
        waiting = waiting[len(moment) :]
        in_hand = turns[-1].contact if turns[-1].contact_began is not None else None
        moment.sort(key=lambda telling: (*_turn_within_a_moment(telling, in_hand), telling.source))
        for telling in moment:
            turns.append(_next(turns[-1], telling))
    return turns[1:]


def _turn_within_a_moment(telling: Telling, in_hand: str | None) -> tuple[int, int, str, str]:
    order = ["available", "ringing", "talking", "hold", "wrap_up", "not_ready", "offline", "log-in", "log-out"]
    rank = order.index(telling.what)
    names = rank, telling.reason, telling.contact
    if telling.what == "log-in":
        return 0, *names
    if telling.what in ("log-out", "offline"):
        return 4, *names
    if telling.what in ("available", "not_ready"):
        return 2, *names
    goes_on = telling.contact == in_hand and telling.what != "ringing"
    return (1 if goes_on else 3), *names


def _next(last: Turn, telling: Telling) -> Turn:
    turn = Turn(telling.at, telling.what, telling.reason, telling.contact, telling.source)
    if telling.what == "log-in":
        if last.state != "offline":
            turn.state, turn.reason, turn.contact = last.state, last.reason, last.contact
            turn.since, turn.contact_began, turn.talked = last.since, last.contact_began, last.talked
            return turn
        turn.state, turn.reason = "not_ready", ""
    if turn.state in ("offline", "log-out"):
        turn.state, turn.reason, turn.contact = "offline", "", ""
    same = (turn.state, turn.reason, turn.contact) == (last.state, last.reason, last.contact)
    turn.since = last.since if same and last.since else telling.at
    if turn.state in BUSY:
        on_it = last.contact_began is not None and last.contact == turn.contact
        if on_it and not turn.contact:
            rings_anew = turn.state == "ringing" and last.state != "ringing"
            next_one = last.state == "wrap_up" and turn.state in ("talking", "hold")
            on_it = not rings_anew and not next_one
        turn.contact_began = last.contact_began if on_it else telling.at
        already = on_it and last.talked
        turn.first_talks = int(turn.state == "talking" and not already)
        turn.talked = already or turn.state == "talking"
    return turn
