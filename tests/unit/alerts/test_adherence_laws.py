"""Adherence alerts against an oracle that steps second by second, cut, repeated, shuffled and restarted at will."""

from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.adherence import AdherenceLimits, StateLimit
from services.contracts.agents import AgentTile
from services.contracts.alerts import AlertTransition
from services.contracts.metrics import FeedClock
from tests.oracle import absences as oracle
from tests.unit.alerts.absences import LeadsDesk, agent, staff_clock
from tests.unit.alerts.floor import command, tick

LIMITS = AdherenceLimits(
    not_signed_in_s=5, late_from_break_s=7, out_s=11, unknown_s=86_400, together_least=1000,
    states=(StateLimit(state="wrap_up", after_s=12), StateLimit(state="not_ready", after_s=15)),
)  # fmt: skip
BY_HAND = oracle.Limits(
    not_signed_in=5, late_from_break=7, out=11, states={("wrap_up", ""): 12, ("not_ready", ""): 15}
)  # fmt: skip

AT_WORK = [
    oracle.Second("in", "on_queue", "available", "", "on_queue"),
    oracle.Second("in", "on_queue", "wrap_up", "", "on_queue"),
    oracle.Second("out", "on_queue", "offline", "", "absent"),
    oracle.Second("out", "on_queue", "not_ready", "break", "break"),
    oracle.Second("out", "on_queue", "not_ready", "meeting", "meeting"),
    oracle.Second("out", "on_queue", "not_ready", "", "off_queue"),
    oracle.Second("out", "break", "available", "", "on_queue"),
    oracle.Second("unscheduled", None, "not_ready", "", "off_queue"),
    oracle.Second("ignored", "on_queue", "not_ready", "break", "break"),
    oracle.Second("ignored", "on_queue", "offline", "", "absent"),
    oracle.Second("unknown", "on_queue", "not_ready", "break", "break"),
    oracle.Second("unknown", "on_queue", "available", "", "on_queue"),
]
phases = st.lists(st.tuples(st.sampled_from(AT_WORK), st.integers(1, 20)), min_size=1, max_size=9)


def seconds_of(story: list[tuple[oracle.Second, int]]) -> list[oracle.Second]:
    return [what for what, lasts in story for _ in range(lasts)] + [story[-1][0]] * 25


def tiles_of(id_: str, seconds: list[oracle.Second]) -> dict[int, AgentTile]:
    """A tile in each second that is other than the one before."""
    tiles = {}
    for at, now in enumerate(seconds):
        if at == 0 or now != seconds[at - 1]:
            tiles[at] = agent(
                id_, at, planned=now.planned, state=now.state, reason=now.reason, activity=now.activity,
                adherence=now.adherence, adherence_since=oracle.began(seconds, at, adherence=True),
                state_since=oracle.began(seconds, at, adherence=False),
            )  # fmt: skip
    return tiles


def log_of(stories: dict[str, list[oracle.Second]]) -> list[AgentTile | FeedClock]:
    """What metrics tells: in each second the tiles, then the clock."""
    tiles = {id_: tiles_of(id_, seconds) for id_, seconds in stories.items()}
    log: list[AgentTile | FeedClock] = []
    for at in range(max(map(len, stories.values()))):
        log += [own[at] for own in tiles.values() if at in own]
        log.append(staff_clock(at + 0.001))
    return log


def told_of(steps: list[AlertTransition], id_: str) -> list[tuple[str, int, int, int | None]]:
    """(kind, since, fired, resolved) of an agent's alerts; being stale is no end."""
    found: dict[str, list[Any]] = {}
    order: list[list[Any]] = []
    for step in steps:
        if step.alert.scope != id_ or step.why:
            continue
        if step.alert.state == "firing" and step.previous in {"inactive", "resolved"}:
            order.append([step.alert.rule, step.alert.episode // 1000, step.at // 1000, None])
            found[step.alert.id] = order[-1]
        elif step.alert.state == "resolved":
            found[step.alert.id][3] = step.at // 1000
    return [(kind, since, fired, resolved) for kind, since, fired, resolved in order]


def played(log, cuts: set[int], restarts: set[int], *, twice: bool = False) -> LeadsDesk:
    floor, record = LeadsDesk(LIMITS), []
    for number, item in enumerate(log):
        record.append(item)
        if number in cuts or isinstance(item, FeedClock):
            floor.take(record)
            if twice:
                floor.take(record)
            record = []
        if number in restarts and not record:
            floor.restart()
    floor.take(record)
    return floor


@settings(max_examples=150, deadline=None)
@given(phases, st.sets(st.integers(0, 400), max_size=6))
def test_alerts_are_those_of_the_oracle_through_restarts_at_any_point(story, restarts):
    seconds = seconds_of(story)

    floor = played(log_of({"ana": seconds}), set(), restarts)

    expected = [(one.kind, one.since, one.fired, one.resolved) for one in oracle.alerts(seconds, BY_HAND)]
    assert told_of(floor.steps, "ana") == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(phases, min_size=2, max_size=4), st.sets(st.integers(0, 400), max_size=20), st.randoms())
def test_neither_batches_nor_repetition_nor_the_order_of_agents_change_a_step(stories, cuts, chance):
    named = {f"agent{number}": seconds_of(story) for number, story in enumerate(stories)}
    log = log_of(named)
    shuffled = [*named.items()]
    chance.shuffle(shuffled)

    def steps(*how: Any, **more: Any) -> dict[str, AlertTransition]:
        found = played(*how, **more).steps
        assert len({step.id for step in found}) == len(found)
        return {step.id: step for step in found}

    plain = steps(log, set(), set())

    assert steps(log, cuts, set()) == plain
    assert steps(log, set(), set(), twice=True) == plain
    assert steps(log_of(dict(shuffled)), set(), set()) == plain


acts = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["coach", "dismiss", "excuse", "snooze", "acknowledge"])), max_size=8
)


@settings(max_examples=80, deadline=None)
@given(st.lists(phases, min_size=3, max_size=6), acts, st.sets(st.integers(0, 60)))
def test_with_people_and_whole_teams_a_restart_at_any_point_changes_nothing(stories, given_acts, restarts):
    """Small limits for teams, so that they occur."""
    limits = LIMITS.model_copy(update={"together_least": 2, "together_s": 6, "unknown_s": 4})
    log = log_of({f"agent{number}": seconds_of(story) for number, story in enumerate(stories)})

    def run(breaks: set[int]) -> LeadsDesk:
        floor = LeadsDesk(limits)
        for number, first in enumerate(range(0, len(log), 5)):
            if number in breaks:
                floor.restart()
            floor.take([tick(number + 1)])
            floor.take(log[first : first + 5])
            for at, do in given_acts:
                if at == number and (alerts := floor.section.alerts()):
                    more = {"start": 0, "end": 9_000, "reason": "x"} if do == "excuse" else {}
                    more |= {"until": 30_000} if do == "snooze" else {}
                    floor.take(
                        [command(do, alerts[0].id, number, by=f"lea{len(floor.facts)}", role="team_lead", **more)]
                    )
        return floor

    undisturbed, crashed = run(set()), run(restarts)

    assert crashed.facts == undisturbed.facts
    assert crashed.desk.snapshot() == undisturbed.desk.snapshot()
    follows: defaultdict[str, str] = defaultdict(lambda: "inactive")
    ids = [step.id for step in undisturbed.steps]
    assert len(ids) == len(set(ids))
    for step in undisturbed.steps:
        assert step.previous == follows[step.alert.id]
        assert not (step.tell and step.alert.hidden_by)
        follows[step.alert.id] = step.alert.state
