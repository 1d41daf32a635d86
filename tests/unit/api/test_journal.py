"""What an entry of the journal is about, and who may read it."""

import pytest

from services.api.domain.desk import AnyView, place_to_act
from services.api.domain.journal import place_of_entry, subject_of
from services.api.domain.ledger import Either, Place
from services.contracts.accounts import AccountStep
from services.contracts.contingency import PlanStep
from services.contracts.desk import AnyCommand, Outcome, command_adapter
from services.contracts.moves import MoveStep
from tests.unit.api.floor import alert, move_view, plan_view, rule_view, silence

MOVE, PLAN, RULE = move_view(), plan_view(), rule_view()


def regions(_: str) -> frozenset[str]:
    return frozenset({"bank", "harbour"})


def command(do: str, target: str, **more: object) -> AnyCommand:
    by = {"name": "ana", "role": "administrator"}
    return command_adapter.validate_python({"do": do, "id": "c1", "at": 1, "by": by, "target": target} | more)


def outcome(given: AnyCommand) -> Outcome:
    return Outcome(id="c1", at=1, accepted=True, code="done", command=given)


def held(*views: AnyView):
    return lambda kind, id_: next((view for view in views if (view.kind, view.id) == (kind, id_)), None)


def test_steps_belong_where_their_plan_or_move_does():
    plan = PlanStep(id="s", plan=PLAN.id, step="proposed", level=1, at=1, view=PLAN)
    move = MoveStep(id="s", step="proposed", at=1, by="ana", view=MOVE)
    account = AccountStep(id="s", step="added", at=1, by="root", subject="account|ann", revision=1)
    assert subject_of(plan) == f"plan|{PLAN.id}"
    assert subject_of(move) == f"move|{MOVE.id}"
    assert subject_of(account) == "account|ann"
    assert place_of_entry(plan, held(), regions) == "bank"
    assert place_of_entry(move, held(), regions) == Either(frozenset({MOVE.terms.giver, MOVE.terms.taker}))
    assert place_of_entry(account, held(), regions) is None


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (command("put_rule", "r", rule=RULE.rule), "bank"),
        (command("try_rule", "r", rule=RULE.rule), "bank"),
        (command("put_plan", PLAN.id, plan=PLAN.definition), "bank"),
        (command("silence", "s", until=9, matchers=[{"name": "site", "match": "bank"}]), "bank"),
        (command("propose_move", "m", terms=MOVE.terms), Either(frozenset({MOVE.terms.giver, MOVE.terms.taker}))),
        (command("acknowledge", "low|bank/PS"), None),
    ],
)
def test_what_is_no_more_is_told_where_its_command_belonged(given: AnyCommand, place: Place):
    assert place_of_entry(outcome(given), held(), regions) == place


def test_what_there_is_still_is_told_where_it_belongs_now():
    one, quiet = alert(), silence()
    given = command("acknowledge", one.id)
    assert subject_of(outcome(given)) == f"alert|{one.id}"
    assert place_of_entry(outcome(given), held(one), regions) == "bank"
    assert place_of_entry(outcome(command("end_silence", quiet.id)), held(quiet), regions) is not None
    # a rule may have been about another site then
    assert place_of_entry(outcome(command("remove_rule", RULE.id)), held(RULE), regions) is None


def test_the_giver_decides_a_move_and_the_taker_takes_it_back():
    assert place_to_act("accept_move", MOVE, regions) == MOVE.terms.giver
    assert place_to_act("decline_move", MOVE, regions) == MOVE.terms.giver
    assert place_to_act("cancel_move", MOVE, regions) == MOVE.terms.taker
    assert place_to_act("return_move", MOVE, regions) == Either(frozenset({MOVE.terms.giver, MOVE.terms.taker}))
    assert place_to_act("stand_down", PLAN, regions) == "bank"
