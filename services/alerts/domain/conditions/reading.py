"""What a condition says of a scope, now and as time passes while nothing new is told.

    AllOf: breached while all parts are; cleared as soon as one is; known when all are known or one is cleared.
    AnyOf: breached while one part is; cleared when all that are known are; known when one is.

A part without data is neither breached nor cleared, and nothing is both.
"""

from functools import partial
from typing import NamedTuple, Protocol

from services.alerts.domain.conditions.contacts import (
    contacts_figure,
    last_week_figure,
    outlook_figure,
    queue_figure,
    target_percent,
)
from services.alerts.domain.conditions.figures import Figure
from services.alerts.domain.conditions.menus import menu_figure
from services.alerts.domain.conditions.place import Place
from services.alerts.domain.conditions.staff import staff_figure
from services.alerts.domain.conditions.windows import is_open, next_edge
from services.alerts.domain.floor import Floor
from services.alerts.domain.past import Trails
from services.contracts.alerts import AllOf, Compare, Condition, Rule, Window
from services.contracts.comparing import Basis, basis_of, metric_of

_FIGURES = {
    "contacts": contacts_figure,
    "outlook": outlook_figure,
    "queue": queue_figure,
    "agents": staff_figure,
    "calls": menu_figure,
    "menu": menu_figure,
}


class Verdict(NamedTuple):
    """What a condition is at a moment. `value`: of its first comparison, as that compares it; None without data."""

    breached: bool
    cleared: bool
    value: float | None
    has_data: bool


class Reading(Protocol):
    """A condition at a scope, until something new is told. Instants are epoch ms of the scope's clock."""

    def at(self, instant: int) -> Verdict:
        """What it is at a moment."""
        ...

    def turn(self, after: int) -> int | None:
        """The first moment after `after` at which the verdict may be another though nothing is told; None: never.

        Asked at any moment before that one, it answers the same.
        """
        ...


def read(condition: Condition, place: Place) -> Reading:
    """A condition at a scope of the floor as it is now.

    Args:
        condition: of a rule, or of a level of a plan.
        place: the scope. Its floor is only read, but for the samples that a comparison against `change` leaves.
    """
    if isinstance(condition, Compare):
        return Compared(condition, place)
    every = isinstance(condition, AllOf)
    parts = condition.all if isinstance(condition, AllOf) else condition.any
    return Joined([read(part, place) for part in parts], every=every)


def read_rule(rule: Rule, scope: str, floor: Floor, *, noted: bool = True) -> Reading:
    """A rule's condition at a scope, inside the rule's windows. Outside it is not breached, and cleared.

    Not `noted`, it leaves no samples: so it is read without being at work, and again after a restart.
    """
    place = Place(floor, rule.scope.kind, scope, rule.scope.match, noted=noted)
    reading = read(rule.when, place)
    return Windowed(reading, rule.windows, place.timezone) if rule.windows else reading


class Compared:
    """One comparison."""

    __slots__ = ("_base", "_compare", "_figure", "_scale")

    def __init__(self, compare: Compare, place: Place) -> None:
        """Read the figure, and what it is compared with."""
        metric = metric_of(compare.metric, compare.definition)
        assert metric is not None, "a condition that names no metric is refused where it is built"
        basis: Basis = basis_of(metric)
        self._compare = compare
        self._figure: Figure = _FIGURES[basis](compare, metric, place)
        self._scale: Figure | None = None
        self._base: Changes | float | None = 0.0
        match compare.against:
            case "target":
                self._base = target_percent(compare, place)
            case "last_week":
                self._scale = last_week_figure(compare, metric, place)
            case "change":
                self._base = Changes(compare, place, self._figure)

    def at(self, instant: int) -> Verdict:
        """See Reading."""
        value, compare = self._value(instant), self._compare
        if value is None:
            return Verdict(breached=False, cleared=False, value=None, has_data=False)
        if compare.direction == "above":
            return Verdict(value > compare.threshold, value <= compare.cleared_at, value, has_data=True)
        return Verdict(value < compare.threshold, value >= compare.cleared_at, value, has_data=True)

    def turn(self, after: int) -> int | None:
        """See Reading. What it is compared with is the same until its own next turn."""
        limits = self._compare.threshold, self._compare.cleared_at
        if self._scale is not None:
            then = self._scale.at(after)
            own = self._figure.turn([limit * then / 100 for limit in limits], after) if then else None
            return _first(self._scale.turn((), after), own)
        if not isinstance(self._base, Changes):
            base = self._base
            return None if base is None else self._figure.turn([limit + base for limit in limits], after)
        before = self._base.at(after)
        own = None if before is None else self._figure.turn([limit + before for limit in limits], after)
        return _first(self._base.turn(after), own)

    def _value(self, instant: int) -> float | None:
        value = self._figure.at(instant)
        if value is None:
            return None
        if self._scale is not None:
            then = self._scale.at(instant)
            return value / then * 100 if then else None
        base = self._base.at(instant) if isinstance(self._base, Changes) else self._base
        return None if base is None else value - base


class Changes:
    """What a figure was `over_s` before: the newest sample of then. It leaves one of now, if the place notes any."""

    __slots__ = ("_key", "_over_ms", "_trails")

    def __init__(self, compare: Compare, place: Place, figure: Figure) -> None:
        """Note the figure as it is now. Who looks at other moments has samples of their own: `place.reader`."""
        self._trails: Trails = place.floor.trails
        self._over_ms = compare.over_s * 1000
        self._key = "|".join(
            str(part)
            for part in (
                place.kind, place.id, place.match, compare.metric, compare.part, compare.channel, compare.definition,
                compare.threshold_s, compare.min_offered, compare.over_s, place.reader,
            )
        )  # fmt: skip
        if place.noted:
            now = place.now
            self._trails.note(self._key, now, figure.at(now), self._over_ms)

    def at(self, instant: int) -> float | None:
        """The figure `over_s` before a moment."""
        return self._trails.before(self._key, instant - self._over_ms)

    def turn(self, after: int) -> int | None:
        """The first moment after `after` at which another sample is the one."""
        later = (step for at in self._trails.steps(self._key) if (step := at + self._over_ms) > after)
        return next(later, None)


class Joined:
    """Several conditions, of which all or one must be breached."""

    __slots__ = ("_every", "_parts")

    def __init__(self, parts: list[Reading], *, every: bool) -> None:
        """Join at least one part."""
        self._parts = parts
        self._every = every

    def at(self, instant: int) -> Verdict:
        """See Reading."""
        verdicts = [part.at(instant) for part in self._parts]
        known = [verdict for verdict in verdicts if verdict.has_data]
        value = verdicts[0].value
        if self._every:
            cleared = any(verdict.cleared for verdict in known)
            breached = len(known) == len(verdicts) and all(verdict.breached for verdict in known)
            return Verdict(breached, cleared, value, has_data=cleared or len(known) == len(verdicts))
        breached = any(verdict.breached for verdict in known)
        cleared = bool(known) and all(verdict.cleared for verdict in known)
        return Verdict(breached, cleared, value, has_data=bool(known))

    def turn(self, after: int) -> int | None:
        """See Reading."""
        return _first(*(part.turn(after) for part in self._parts))


class Windowed:
    """A condition that is asked within windows alone."""

    __slots__ = ("_is_open", "_next_edge", "_reading")

    def __init__(self, reading: Reading, windows: tuple[Window, ...], timezone: str) -> None:
        """Close it outside of all windows; without a time zone of its own a window is in `timezone`."""
        self._reading = reading
        self._is_open = partial(is_open, windows, timezone)
        self._next_edge = partial(next_edge, windows, timezone)

    def at(self, instant: int) -> Verdict:
        """See Reading."""
        verdict = self._reading.at(instant)
        if self._is_open(instant):
            return verdict
        return Verdict(breached=False, cleared=True, value=verdict.value, has_data=True)

    def turn(self, after: int) -> int | None:
        """See Reading."""
        return _first(self._next_edge(after), self._reading.turn(after))


def _first(*turns: int | None) -> int | None:
    return min((turn for turn in turns if turn is not None), default=None)
