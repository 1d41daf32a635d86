"""Laws of moves: whatever people and telephone systems do, in whatever order, and wherever the desk is restarted."""

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.moves import OPEN_STATES, MoveStep
from tests.oracle.moves import Film, Scene
from tests.unit.alerts.floor import tick
from tests.unit.alerts.lending import LISBON, PORTO, Floor, agent

NAMES = ("ann", "bob", "cid")
MOVES = ("m1", "m2")
NEXT: dict[str, set[str]] = {
    "proposed": {"accepted", "declined", "cancelled", "expired"},
    "accepted": {"effective", "cancelled", "returned", "expired"},
    "effective": {"returned", "expired"},
    "returned": set(), "declined": set(), "cancelled": set(), "expired": set(),
}  # fmt: skip

names = st.sampled_from(NAMES)
moves = st.sampled_from(MOVES)
PLAUSIBLE = [
    ("propose", "m1", ("ann", "bob"), 90), ("accept", "m1"), ("seen", "ann", (LISBON,), True), ("tick", 20),
    ("seen", "bob", (LISBON,), True), ("send", "m1", "ann"), ("tick", 20), ("seen", "bob", (PORTO,), True),
]  # fmt: skip
"""Chance alone seldom comes as far as a loan: some films begin with a part of one."""
ANYTHING = st.lists(
    st.one_of(
        st.tuples(st.just("propose"), moves, st.lists(names, min_size=1, unique=True).map(tuple), st.integers(5, 60)),
        st.tuples(st.just("accept"), moves),
        st.tuples(st.just("accept"), moves),
        st.tuples(st.sampled_from(("decline", "cancel", "return")), moves),
        st.tuples(st.just("send"), moves, names),
        st.tuples(st.just("seen"), names, st.sampled_from(((PORTO,), (LISBON,), (LISBON,))), st.booleans()),
        st.tuples(st.just("seen"), names, st.just((LISBON,)), st.just(True)),
        st.tuples(st.just("tick"), st.integers(1, 30)),
    ),
    max_size=30,
)
HAPPENINGS = st.builds(lambda first, then: PLAUSIBLE[:first] + then, st.integers(0, len(PLAUSIBLE)), ANYTHING)


def scenes_of(happenings: list[tuple[Any, ...]]) -> list[Scene]:
    """With the wall clock in them, and everybody signed in at the beginning."""
    scenes = [Scene("seen", 0, agent=name, queues=(PORTO,)) for name in NAMES]
    now = 0
    for what, *rest in happenings:
        match what:
            case "tick":
                now += rest[0]
                scenes.append(Scene("tick", now))
            case "propose":
                scenes.append(Scene("propose", now, move=rest[0], asked=rest[1], until=now + rest[2]))
            case "seen":
                scenes.append(Scene("seen", now, agent=rest[0], queues=rest[1], signed_in=rest[2]))
            case "send":
                scenes.append(Scene("return", now, move=rest[0], agent=rest[1]))
            case _:
                scenes.append(Scene(what, now, move=rest[0]))
    return scenes


def play(scenes: list[Scene], *, restart_before: frozenset[int] = frozenset(), twice: bool = False) -> Floor:
    """The same at the desk. `twice`: every command is told a second time, under the same id."""
    floor = Floor()
    for number, scene in enumerate(scenes):
        floor.now = scene.at
        if number in restart_before:
            floor.restart()
        for _ in range(2 if twice and scene.move else 1):
            _act(floor, scene, f"s{number}")
    return floor


def _act(floor: Floor, scene: Scene, id_: str) -> None:
    match scene.what:
        case "tick":
            floor.news(tick(scene.at))
        case "seen":
            state = "available" if scene.signed_in else "offline"
            floor.news(agent(f"porto-{scene.agent}", scene.at, queues=scene.queues, state=state))
        case "propose":
            floor.propose(*scene.asked, move=scene.move, until=scene.until, id=id_)
        case "return":
            floor.do("return_move", scene.move, id=id_, agent=f"porto-{scene.agent}" if scene.agent else "")
        case _:
            floor.do(f"{scene.what}_move", scene.move, id=id_)


def of_moves(steps: list[MoveStep], move: str) -> list[str]:
    return [step.step for step in steps if step.view.id == move and not step.step.startswith("agent_")]


@settings(max_examples=400, deadline=None)
@given(HAPPENINGS)
def test_every_move_ends_as_the_oracle_says(happenings):
    scenes = scenes_of(happenings)
    floor, film = play(scenes), Film(scenes, LISBON)
    shown = {view.id: view.value for view in floor.desk.views()}

    for move in MOVES:
        fate = film.fate(move)
        assert (fate is None) == (move not in shown)
        if fate is None:
            continue
        view = floor.move(move)
        assert view.state == fate.state
        seen = {one.agent.removeprefix("porto-"): one for one in view.agents}
        assert {name: one.state for name, one in seen.items()} == {
            name: how for name, (how, _, _) in fate.agents.items()
        }
        for name, (_, came, gone) in fate.agents.items():
            assert (seen[name].effective_at is None) == (came is None)
            if came is not None:
                assert seen[name].effective_at == scenes[_told_by(scenes, name, came)].at * 1000
            assert (seen[name].ended_at is None) == (gone is None)


def _told_by(scenes: list[Scene], name: str, n: int) -> int:
    """The scene whose news of the agent stood in scene n: event time is that of the agent's own news."""
    return max(k for k in range(n + 1) if scenes[k].what == "seen" and scenes[k].agent == name)


@settings(max_examples=150, deadline=None)
@given(HAPPENINGS, st.frozensets(st.integers(0, 32), max_size=6))
def test_restarts_and_repeated_commands_change_nothing(happenings, restart_before):
    scenes = scenes_of(happenings)
    undisturbed = play(scenes)

    again = play(scenes, restart_before=restart_before, twice=True)

    assert again.steps == undisturbed.steps
    assert again.desk.views() == undisturbed.desk.views()
    assert again.desk.snapshot() == undisturbed.desk.snapshot()


@settings(max_examples=150, deadline=None)
@given(HAPPENINGS)
def test_steps_follow_each_other_and_nobody_is_lent_twice(happenings):
    floor = play(scenes_of(happenings))

    revisions: dict[str, int] = {}
    held: dict[str, set[str]] = {}
    for step in floor.steps:
        view = step.view
        assert step.id == f"move|{view.id}|{view.revision}"
        assert view.revision == revisions.get(view.id, 0) + 1
        revisions[view.id] = view.revision
        lent = {one.agent for one in view.agents if one.state in {"waiting", "effective"}}
        held[view.id] = lent if view.state in OPEN_STATES else set()
        assert sum(map(len, held.values())) == len(set().union(*held.values()))
    for move in MOVES:
        path = of_moves(floor.steps, move)
        assert all(later in NEXT[earlier] for earlier, later in pairwise(path)), path
        assert path[:1] in ([], ["proposed"])
