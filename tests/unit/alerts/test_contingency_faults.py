"""A plan or an action that makes no sense is refused where it is written."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.contracts.contingency import PlanAction, PlanDefinition, PlanFile

ENTER = {"metric": "queue_length", "direction": "above", "threshold": 3}


def action(id_: str = "call", **more: Any) -> dict[str, Any]:
    return {"id": id_, "kind": "call_in", "name": {"en": "Call", "zh": "呼叫"}} | more


def plan(kind: str = "queue", match: str = "bank/PS", *levels: dict[str, Any]) -> dict[str, Any]:
    level = {"name": {"en": "First", "zh": "一级"}, "enter": ENTER, "actions": [action()]}
    name = {"en": "Plan", "zh": "预案"}
    return {"id": "p", "name": name, "scope": {"kind": kind, "match": match}, "levels": list(levels) or [level]}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (action(kind="webhook"), "name a channel"),
        (action(undo=True), "it goes with a webhook"),
    ],
)
def test_an_action_that_calls_names_its_channel(wrong: dict[str, Any], why: str):
    with pytest.raises(ValidationError, match=why):
        PlanAction.model_validate(wrong)
    PlanAction.model_validate(action(kind="webhook", webhook="pbx", undo=True))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (plan("team", "bank/blue"), "one queue, site or region"),
        (plan("queue", "bank/*"), "one queue, site or region"),
        (plan("queue", "bank/PS", *(plan()["levels"] * 2)), "different ids"),
        (plan("queue", "bank/PS", plan()["levels"][0] | {"enter": ENTER | {"metric": "nothing"}}), "enter"),
        (plan("queue", "bank/PS", plan()["levels"][0] | {"leave": ENTER | {"metric": "nothing"}}), "leave"),
    ],
)
def test_a_plan_is_for_one_place_with_actions_and_conditions_that_make_sense(wrong: dict[str, Any], why: str):
    with pytest.raises(ValidationError, match=why):
        PlanDefinition.model_validate(wrong)


def test_a_file_names_no_plan_twice():
    PlanFile.model_validate({"plans": [plan("all", "*")]})
    with pytest.raises(ValidationError, match="given twice"):
        PlanFile.model_validate({"plans": [plan(), plan()]})
