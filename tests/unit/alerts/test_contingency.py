"""Contingency plans, second by second: a queue is overrun, a plan climbs its ladder and comes down again.

waiting   11 ──────────────── 4
seconds   0        60         …
level     0   proposed at 60   withdrawn
"""

from functools import partial
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerts.domain.contingency import Contingency
from services.alerts.domain.floor import Floor, site_of
from services.alerts.domain.section import Answer, Changed, Fact
from services.contracts.agents import AgentTile, AgentTotals
from services.contracts.contingency import PlanDefinition, PlanStep, PlanView
from services.contracts.desk import Described, command_adapter
from services.contracts.names import Names
from services.contracts.people import SERVICE, Actor
from services.contracts.plan_file import PlanFileError, parse_plans
from services.contracts.staffing import Load, Promise, expected
from services.contracts.topology import Site, Text
from tests.unit.alerts.floor import clock, command, tile

PS = "bank/PS"
NAME = {"en": "A plan", "zh": "预案"}
KEEPER = Actor(name="dana", role="supervisor")


def level(enter: float, **more: Any) -> dict[str, Any]:
    many = {"metric": "queue_length", "direction": "above", "threshold": enter, "clear": 5}
    few = {"metric": "queue_length", "direction": "below", "threshold": 3}
    return {"name": NAME, "enter": many, "enter_for_s": 60, "leave": few, "leave_for_s": 120, **more}


def plan(*levels: dict[str, Any], **more: Any) -> PlanDefinition:
    scope = {"kind": "queue", "match": PS}
    return PlanDefinition.model_validate(
        {"id": "peak", "name": NAME, "scope": scope, "levels": levels or (level(10),), **more}
    )


class Story:
    """A floor of one queue and the plans for it."""

    def __init__(self, *plans: PlanDefinition) -> None:
        self.names = Names("t")
        self.floor = Floor()
        self.section = Contingency(self.names)
        self.steps: list[PlanStep] = []
        self._ids = 0
        for one in plans:
            assert self.do("put_plan", target=one.id, plan=one.model_dump(mode="json")).code == "done"

    def _tell(self, facts: tuple[Fact, ...] | list[Fact]) -> list[str]:
        steps = [fact.value for fact in facts if isinstance(fact.value, PlanStep)]
        self.steps += steps
        return [f"{step.step} {step.level} at {step.at / 1000:g}" for step in steps]

    def at(self, second: float, waiting: int, **counts: int) -> list[str]:
        self.floor.take_tile(tile(PS, second, waiting=waiting, **counts))
        return self._tell(self.section.look(self.floor, Changed(queues={PS}, sites={site_of(PS)})))

    def clock(self, second: float) -> list[str]:
        self.floor.hear(clock("bank", second))
        return self._tell(self.section.look(self.floor, Changed(moved={"bank"})))

    def do(self, what: str, *, target: str = "peak", by: Actor = KEEPER, **more: Any) -> Answer:
        self._ids += 1
        command = {"do": what, "id": f"c{self._ids}", "at": 0, "by": by.model_dump(), "target": target, **more}
        answer = self.section.obey(command_adapter.validate_python(command), self.floor)
        assert answer is not None
        self._tell(answer.facts)
        return answer

    @property
    def view(self) -> PlanView:
        value = next(view.value for view in self.section.views() if view.id == "peak")
        assert isinstance(value, PlanView)
        return value

    def restart(self) -> None:
        """A new process with the snapshot of this moment."""
        floor = Floor()
        floor.restore(self.floor.snapshot())
        section = Contingency(self.names)
        assert section.restore(self.section.snapshot(), floor) == []
        self.floor, self.section = floor, section


def test_a_plan_is_proposed_at_the_very_second_and_withdrawn_when_it_is_over():
    story = Story(plan())

    assert story.at(0.001, 11) == []
    assert story.clock(59) == []
    assert story.clock(70) == ["proposed 1 at 60.001"]
    assert story.at(80, 8) == []  # between the threshold and clear
    assert story.at(90, 5) == ["withdrawn 1 at 90"]
    assert story.view.level == 0


def test_a_person_activates_and_stands_down_and_half_an_hour_later_it_is_measured():
    story = Story(plan(level(10, actions=[{"id": "ivr", "kind": "announcement", "name": NAME}])))
    story.at(1, 11, offered=20, answered=10, answered_within=5)
    story.clock(61)
    proposed = story.view

    assert story.do("activate_plan", level=1, cause="peak", expected=proposed.revision).code == "done"
    assert (story.view.level, story.view.cause, story.view.proposed) == (1, "peak", None)
    assert story.do("complete_action", action="ivr", note="on").code == "done"
    assert story.do("complete_action", action="ivr", note="on").code == "same"
    assert story.at(100, 2, offered=20, answered=20, answered_within=20) == []
    assert story.clock(220) == ["leave_proposed 1 at 220"]
    assert story.do("stand_down").code == "done"
    assert story.clock(220 + 1799) == []
    assert story.clock(220 + 1900) == ["measured 0 at 2020"]
    effect = story.view.effect
    assert effect.before
    assert effect.after
    assert (effect.before.service_level, effect.before.waiting) == (0.25, 11)
    assert (effect.after.service_level, effect.after.waiting, effect.after.at) == (1.0, 2, 2_020_000)


def test_what_was_declined_is_not_proposed_again_before_the_condition_was_over():
    story = Story(plan())
    story.at(1, 11)
    story.clock(61)

    assert story.do("decline_plan", reason="no").code == "done"
    assert story.do("decline_plan").code == "not_now"
    assert story.at(200, 20) == []
    assert story.at(210, 8) == []
    assert story.at(220, 20) == []
    assert story.at(230, 5) == []
    assert story.at(240, 20) == []
    assert story.clock(300) == ["proposed 1 at 300"]


def test_automatic_levels_climb_one_by_one_and_come_down_by_themselves():
    story = Story(plan(level(10, automatic=True), level(15, automatic=True), level(20)))
    story.at(1, 30)

    assert story.clock(61) == ["activated 1 at 61", "activated 2 at 61", "proposed 3 at 61"]
    assert story.at(100, 2) == ["withdrawn 3 at 100"]
    assert story.clock(220) == ["stood_down 1 at 220"]
    assert story.clock(340) == ["stood_down 0 at 340"]


def test_webhooks_are_called_on_activation_and_undone_on_standing_down():
    hook = {"id": "pbx", "kind": "webhook", "name": NAME, "webhook": "pbx-main", "undo": True}
    story = Story(plan(level(10, actions=[hook])))
    story.at(1, 1)
    story.do("activate_plan", level=1)
    story.do("complete_action", action="pbx", result="failed", note="HTTP 500", by=SERVICE)
    assert story.view.actions[0].state == "failed"
    story.do("stand_down")

    calls = [(step.step, call.action, call.channel, call.event) for step in story.steps for call in step.calls]
    assert calls == [("activated", "pbx", "pbx-main", "activated"), ("stood_down", "pbx", "pbx-main", "stood_down")]


def test_what_was_not_taken_back_stands_on_the_plan_until_somebody_did_it_or_the_level_is_entered_again():
    hook = {"id": "pbx", "kind": "webhook", "name": NAME, "webhook": "pbx-main", "undo": True}
    call = {"id": "call", "kind": "call_in", "name": NAME}
    story = Story(plan(level(10, actions=[call]), level(20, actions=[hook])))
    story.at(1, 1)
    story.do("activate_plan", level=2)
    undo = partial(story.do, "complete_action", action="pbx", undo=True)
    assert undo().code == "not_now"
    story.do("stand_down", to_level=1)
    assert [(one.action, one.level, one.state) for one in story.view.taken_back] == [("pbx", 2, "open")]
    assert undo(result="failed", note="undeliverable: HTTP 500", by=SERVICE).code == "done"
    story.do("stand_down")
    assert [(one.state, one.note) for one in story.view.taken_back] == [("failed", "undeliverable: HTTP 500")]
    assert [one.state for one in story.view.actions] == ["open"]
    assert undo(note="by hand").code == "done"
    assert [(one.state, one.by) for one in story.view.taken_back] == [("done", "dana")]
    story.do("activate_plan", level=2)
    assert story.view.taken_back == ()


def test_refusals_say_why():
    story = Story(plan(level(10), level(20)))
    elsewhere = Actor(name="eve", role="supervisor", sites=("lisbon",))

    assert story.do("activate_plan", level=1).code == "not_now"  # nobody has told of the queue
    story.at(1, 1)
    assert story.do("activate_plan", level=1, expected=99).code == "stale"
    assert story.do("activate_plan", level=3).code == "invalid"
    assert story.do("activate_plan", level=1, target="other").code == "unknown_target"
    assert story.do("activate_plan", level=1, by=elsewhere).code == "not_allowed"
    assert story.do("stand_down").code == "not_now"
    assert story.do("activate_plan", level=2).code == "done"
    assert [step.level for step in story.steps] == [1, 2]
    assert story.do("activate_plan", level=2).code == "same"
    assert story.do("remove_plan").code == "not_now"
    assert story.do("complete_action", action="none").code == "invalid"
    story.do("stand_down", to_level=1)
    story.do("stand_down")
    revision = story.view.revision
    assert story.do("remove_plan").code == "done"
    assert story.section.views() == []
    again = story.do("put_plan", plan=plan().model_dump(mode="json"), expected=0)
    assert (again.code, again.revision) == ("stale", revision + 1)


def test_a_plan_that_is_written_anew_goes_on_where_it_may_and_is_refused_where_it_may_not():
    story = Story(plan(level(10), level(20)))
    story.at(1, 1)
    wrote = partial(story.do, "put_plan")
    assert wrote(plan=plan(level(10), level(20)).model_dump(mode="json")).code == "same"
    assert (
        wrote(target="other", plan=plan().model_dump(mode="json")).message == "plan.id: must be 'other', as the target"
    )
    assert story.do("activate_plan", level=2).code == "done"
    assert wrote(plan=plan(level(10)).model_dump(mode="json")).code == "not_now", "it is on a level that is no more"
    elsewhere = plan(level(10), level(20), scope={"kind": "queue", "match": "bank/NW"}).model_dump(mode="json")
    assert wrote(plan=elsewhere).code == "not_now", "it is active here"
    assert wrote(plan=plan(level(11), level(20)).model_dump(mode="json")).code == "done"
    assert (story.view.level, story.view.definition.levels[0].enter.threshold) == (2, 11)  # type: ignore[union-attr]
    assert story.do("activate_plan", level=1).code == "not_now", "lower is to stand down"
    assert story.do("stand_down", to_level=2).code == "same"
    assert story.do("stand_down").code == "done"
    assert wrote(plan=elsewhere).code == "done"
    assert story.view.definition.scope.match == "bank/NW"
    lisbon = Actor(name="eve", role="supervisor", sites=("lisbon",))
    moved = plan(scope={"kind": "queue", "match": "lisbon/retail"}).model_dump(mode="json")
    assert wrote(plan=moved, by=lisbon).code == "not_allowed", "what stands is not hers"


def test_an_action_of_a_level_that_is_not_active_is_not_done_now_and_nothing_is_declined_that_was_not_proposed():
    call = {"id": "call", "kind": "call_in", "name": NAME}
    story = Story(plan(level(10), level(20, actions=[call])))
    story.at(1, 1)
    assert story.do("complete_action", action="call").code == "not_now"
    assert story.do("decline_plan").code == "not_now"
    assert story.do("activate_plan", level=2).code == "done"
    assert story.do("complete_action", action="call").code == "done"


def test_what_is_no_command_for_a_plan_and_what_changed_elsewhere_leaves_it_alone():
    story = Story(plan())
    order = command("acknowledge", "many|bank/PS", 1)
    assert story.section.obey(order, story.floor) is None
    assert story.section.look(story.floor, Changed(queues={"lisbon/retail"}, sites={"lisbon"})) == []


def test_who_has_some_sites_of_a_region_has_no_say_in_its_plan():
    story = Story(plan(scope={"kind": "region", "match": "isles"}))
    for site in ("bank", "lisbon"):
        story.floor.learn(Described(records=(Site(id=site, name=Text(en=site, zh=site), region="isles"),)))
    story.at(1, 11)
    one, both = (Actor(name="eve", role="supervisor", sites=sites) for sites in (("bank",), ("bank", "lisbon")))
    assert story.do("activate_plan", level=1, by=one).code == "not_allowed"
    assert story.do("activate_plan", level=1, by=both).code == "done"
    everywhere = Story(plan(scope={"kind": "all", "match": "*"}))
    assert everywhere.do("decline_plan", by=both).code == "not_allowed"


def test_a_file_names_the_field_that_is_wrong():
    text = """
plans:
  - id: peak
    name: {en: Peak, zh: 高峰}
    scope: {kind: queue, match: bank/PS}
    levels:
      - name: {en: One, zh: 一}
        enter: {all: [{metric: queue_length, direction: up, threshold: 10}]}
"""
    with pytest.raises(PlanFileError) as caught:
        parse_plans(text, "plans.yaml")

    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith("plans.yaml: plans[0] (peak).levels[0].enter.all[0].direction: ")


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("tile"), st.integers(1, 90), st.integers(0, 25)),
        st.tuples(st.just("clock"), st.integers(1, 2000), st.just(0)),
        st.tuples(st.just("activate_plan"), st.just(0), st.integers(1, 3)),
        st.tuples(st.just("stand_down"), st.just(0), st.integers(0, 2)),
        st.tuples(st.just("decline_plan"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


def _played(acts: list[tuple[str, int, int]], restart_at: frozenset[int]) -> list[PlanStep]:
    story, now = Story(plan(level(10, automatic=True), level(15), level(20, automatic=True))), 0
    for index, (what, seconds, number) in enumerate(acts):
        now += seconds
        if index in restart_at:
            story.restart()
        if what == "tile":
            story.at(now, number)
        elif what == "clock":
            story.clock(now)
        elif what == "activate_plan":
            story.do(what, level=number)
        elif what == "stand_down":
            story.do(what, to_level=number)
        else:
            story.do(what)
    return story.steps


@settings(max_examples=60, deadline=None)
@given(acts=ACTS, restart_at=st.frozensets(st.integers(0, 24), max_size=5))
def test_a_restart_at_any_point_changes_nothing_and_no_step_climbs_two_levels(acts, restart_at):
    steps = _played(acts, frozenset())

    assert _played(acts, restart_at) == steps
    assert len({step.id for step in steps}) == len(steps)
    before = 0
    for step in steps:
        assert step.view.level <= before + 1
        assert (step.view.level > before) == (step.step == "activated")
        before = step.view.level


def test_the_shipped_plans_are_plans():
    text = (files("services.alerts") / "data" / "plans.yaml").read_text(encoding="utf-8")

    assert [one.id for one in parse_plans(text, "plans.yaml").plans] == ["lisbon-overrun", "lisbon-retail-queue"]


# -- what a level should do


def staffed(story: Story, agents: int, *, per_hour: int) -> float | None:
    """A queue of 3-minute calls and 2 minutes of patience, and what is expected of level 1."""
    offered = per_hour // 2
    for number in range(agents):
        story.floor.take_agent(
            AgentTile(
                id=f"a{number}", site="bank", team="bank/blue", name="", queues=(PS,), as_of=1000, offset=0,
                state="talking" if number else "available", reason="", since=0, contact="", activity="on_queue",
                planned="on_queue", next_planned=None, next_change_at=None, adherence="in", adherence_since=0,
                date="1970-01-01", totals=AgentTotals(),
            )
        )  # fmt: skip
    abandoned = 20
    one = tile(
        PS, 1, waiting=11, offered=offered, answered=offered - abandoned, abandoned=abandoned, answered_within=10,
        handled=offered - abandoned, talk_ms=(offered - abandoned) * 180_000,
    )  # fmt: skip
    story.floor.take_tile(one.model_copy(update={"waiting_ms": abandoned * 120_000}))
    story._tell(story.section.look(story.floor, Changed(queues={PS}, sites={"bank"})))
    assert story.do("activate_plan", level=1).code == "done"
    return story.view.effect.expected_service_level


def test_a_level_is_expected_to_do_what_erlang_a_says_of_its_gain():
    """6 agents and 3 called in: as 9 agents on 120 calls an hour."""
    found = staffed(Story(plan(level(10, expected_gain=3))), 6, per_hour=120)
    assert found == pytest.approx(expected(Load(120, 180, 120), 9, Promise()).service_level, abs=1e-5)


def test_of_no_gain_no_agents_or_no_handling_nothing_is_expected():
    assert staffed(Story(plan()), 6, per_hour=120) is None
    assert staffed(Story(plan(level(10, expected_gain=3))), 0, per_hour=120) is None
    story = Story(plan(level(10, expected_gain=3)))
    story.at(1, 11, offered=20, answered=10)
    assert story.do("activate_plan", level=1).code == "done"
    assert story.view.effect.expected_service_level is None


def test_the_expectation_stays_until_the_plan_is_activated_anew():
    story = Story(plan(level(10, expected_gain=2)))
    first = staffed(story, 6, per_hour=120)
    assert story.do("stand_down").code == "done"
    story.restart()
    assert story.view.effect.expected_service_level == first
