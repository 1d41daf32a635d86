"""The life of one alert."""

from math import floor
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.domain import life
from services.alerts.domain.conditions import Verdict
from services.alerts.domain.life import Watch
from services.contracts.alerts import AlertTransition, Rule
from tests.unit.alerts.floor import rule, told


class Held(NamedTuple):
    """A value that holds until something else is known, or a wait that grows since `oldest` (ms)."""

    value: float | None
    oldest: int | None = None

    def at(self, instant: int) -> float | None:
        return self.value if self.oldest is None else max(0, instant - self.oldest) / 1000


def breached(wanted: Rule, value: float | None) -> bool:
    (compare,) = wanted.compares
    if value is None:
        return False
    return value > compare.threshold if compare.direction == "above" else value < compare.threshold


def cleared(wanted: Rule, value: float | None) -> bool:
    (compare,) = wanted.compares
    if value is None:
        return True
    return value <= compare.cleared_at if compare.direction == "above" else value >= compare.cleared_at


class Known:
    """A reading of one value."""

    def __init__(self, wanted: Rule, held: Held) -> None:
        self.wanted, self.held = wanted, held

    def at(self, instant: int) -> Verdict:
        value = self.held.at(instant)
        over = value is not None and cleared(self.wanted, value)
        return Verdict(breached(self.wanted, value), over, value, value is not None)

    def turn(self, after: int) -> int | None:
        if self.held.oldest is None:
            return None
        (compare,) = self.wanted.compares
        reached = [self.held.oldest + floor(limit * 1000) for limit in (compare.threshold, compare.cleared_at)]
        return min((at + more for at in reached for more in (0, 1) if at + more > after), default=None)


class Floor:
    """A watch whose times are seconds."""

    def __init__(self, **wanted: Any) -> None:
        self.rule = rule(**wanted)
        self.watch = Watch(self.rule, "bank/PS", 0, site="bank")
        self.happened: list[AlertTransition] = []

    def length(self, at: int, callers: float | None) -> "Floor":
        self.happened += self.watch.hold(at * 1000, self._known(None if callers is None else float(callers)))
        return self

    def wait_since(self, at: int, oldest: int | None) -> "Floor":
        self.happened += self.watch.hold(at * 1000, self._known(0.0, None if oldest is None else oldest * 1000))
        return self

    def _known(self, value: float | None, oldest: int | None = None) -> Known:
        return Known(self.rule, Held(value, oldest))

    def until(self, at: int) -> "Floor":
        self.happened += self.watch.pass_time(at * 1000)
        return self

    @property
    def told(self) -> list[str]:
        return [line.removeprefix("bank/PS: ") for line in told(self.happened)]


def test_twelve_wait_for_half_a_minute_then_four():
    #  0      10                 40          50
    #  3 wait 12 ─────────────── fires ───── 4 wait
    floor = Floor(for_s=30).length(0, 3).length(10, 12).until(45).length(50, 4)

    assert floor.told == [
        "inactive → pending at 10 (12)",
        "pending → firing at 40 (12)",
        "firing → resolved at 50 (4)",
    ]


def test_it_fires_at_its_moment_however_late_we_hear():
    assert Floor(for_s=30).length(10, 12).length(500, 4).told[1] == "pending → firing at 40 (12)"


def test_a_breach_that_ends_in_time_never_fires():
    assert Floor(for_s=30).length(10, 12).length(40, 10).until(100).told == [
        "inactive → pending at 10 (12)",
        "pending → inactive at 40 (10)",
    ]


def test_between_clear_and_threshold_it_goes_on():
    floor = Floor(for_s=0).length(10, 12).length(20, 7).length(30, 5)

    assert floor.told == ["inactive → firing at 10 (12)", "firing → resolved at 30 (5)"]


def test_no_data_starts_nothing_and_ends_what_fires():
    floor = Floor(direction="below", threshold=60, clear=70).length(0, None).length(10, 50).length(20, None)

    assert floor.told == ["inactive → firing at 10 (50)", "firing → resolved at 20"]


def test_a_caller_who_waits_fires_by_time_alone():
    # Offered at 10, limit 60 s: 60.001 s is more than 60.
    floor = Floor(metric="longest_wait_s", threshold=60, clear=30).wait_since(12, 10).until(200).wait_since(210, None)

    assert floor.told == ["inactive → firing at 70.001 (60.001)", "firing → resolved at 210 (0)"]


def test_resolved_is_shown_for_a_quarter_of_an_hour():
    floor = Floor().length(10, 12).length(20, 0).until(20 + 15 * 60)

    assert floor.told[-1] == "resolved → inactive at 920 (0)"


def test_a_resolved_alert_that_comes_back_begins_anew():
    assert Floor(for_s=5).length(10, 12).length(20, 0).length(30, 12).told[-1] == "resolved → pending at 30 (12)"


def test_what_flaps_within_a_millisecond_still_has_its_own_ids():
    floor = Floor().length(10, 12).length(10, 0).length(10, 12).length(10, 0)

    assert [t.at for t in floor.happened] == [10_000, 10_001, 10_002, 10_003]
    assert len({t.id for t in floor.happened}) == 4
    assert floor.happened[0].id == "r|bank/PS|firing|10000"


def test_time_does_not_go_back():
    floor = Floor().length(10, 0).length(5, 12)

    assert floor.told == ["inactive → firing at 10 (12)"]


def test_a_rule_that_is_gone_ends_its_alert():
    floor = Floor().length(10, 12)
    floor.happened += floor.watch.end(15_000)

    assert floor.told[1:] == ["firing → resolved at 15 (12)", "resolved → inactive at 15.001 (12)"]


def naive(wanted: Rule, changes: dict[int, Held], end: int) -> list[tuple[int, str, str]]:
    """A look at every millisecond."""
    state, since, held = "inactive", 0, Held(None)
    happened: list[tuple[int, str, str]] = []

    def enter(to: str, at: int) -> None:
        nonlocal state, since
        happened.append((at, state, to))
        state, since = to, at

    for now in range(end + 1):
        held = changes.get(now, held)
        value = held.at(now)
        if state == "firing":
            if cleared(wanted, value):
                enter("resolved", now)
        elif breached(wanted, value):
            if state != "pending":
                enter("pending" if wanted.for_s else "firing", now)
            elif now - since >= wanted.for_s * 1000 - 0.5:
                enter("firing", now)
        elif state == "pending" or (state == "resolved" and now - since >= life.RESOLVED_FOR_MS):
            enter("inactive", now)
    return happened


END = 200
moments = st.integers(0, END)
lengths = st.sampled_from([None, 0.0, 4.0, 5.0, 6.0, 10.0, 11.0, 30.0]).map(Held)
waits = st.one_of(st.just(Held(0.0)), st.integers(0, END).map(lambda oldest: Held(0.0, oldest)))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["above", "below"]),
    st.integers(0, 60),
    st.one_of(st.dictionaries(moments, lengths, max_size=12), st.dictionaries(moments, waits, max_size=8)),
    st.lists(moments, max_size=10),
)
def test_every_life_is_that_of_a_look_at_each_millisecond(direction, for_ms, changes, looks):
    grows = any(held.oldest is not None for held in changes.values())
    near, far = (0.02, 0.05) if grows else (5, 10)
    threshold, clear = (far, near) if direction == "above" else (near, far)
    wanted = rule(direction=direction, threshold=threshold, clear=clear, for_s=for_ms / 1000)
    before = life.RESOLVED_FOR_MS
    life.RESOLVED_FOR_MS = 40
    try:
        watch = Watch(wanted, "bank/PS", 0, site="bank")
        happened: list[AlertTransition] = []
        for at in sorted({*changes, *looks}):
            happened += watch.hold(at, Known(wanted, changes[at])) if at in changes else watch.pass_time(at)
        happened += watch.pass_time(END)

        assert [(t.at, t.previous, t.alert.state) for t in happened] == naive(wanted, changes, END)
    finally:
        life.RESOLVED_FOR_MS = before
