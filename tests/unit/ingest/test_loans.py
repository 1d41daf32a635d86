"""From steps of moves to what the simulated telephone system does."""

import msgspec

from services.contracts.moves import LoanedAgent, MoveState, MoveStep, MoveTerms, MoveView
from services.ingest.domain.loans import MOVES_KEPT, Change, Loans, LoansState

QUEUE = "lisbon/retail"


def step(revision: int, state: MoveState, *, move: str = "m1", **agents: str) -> MoveStep:
    """A step after which the move is so, and its agents too: `ann="waiting"`."""
    terms = MoveTerms(giver="porto", taker="lisbon", queue=QUEUE, agents=tuple(agents), until=10_000)
    loaned = tuple(LoanedAgent.model_validate({"agent": name, "state": how}) for name, how in agents.items())
    view = MoveView(
        id=move, revision=revision, state=state, terms=terms, proposed_by="dora", proposed_at=0, agents=loaned
    )
    return MoveStep(id=f"move|{move}|{revision}", step=state, at=0, by="dora", view=view)


def test_an_accepted_move_sends_them_and_its_end_brings_them_back():
    loans = Loans()
    assert loans.take(step(1, "proposed", ann="waiting", bob="waiting")) == []
    assert loans.take(step(2, "accepted", ann="waiting", bob="waiting")) == [Change("ann", QUEUE), Change("bob", QUEUE)]
    assert loans.take(step(3, "accepted", ann="effective", bob="waiting")) == []
    assert loans.take(step(4, "effective", ann="effective", bob="signed_off")) == [Change("bob", "")]
    assert loans.lent == {"ann": QUEUE}
    assert loans.take(step(5, "expired", ann="returned", bob="signed_off")) == [Change("ann", "")]
    assert loans.lent == {}


def test_what_was_declined_sends_nobody():
    loans = Loans()
    loans.take(step(1, "proposed", ann="waiting"))
    assert loans.take(step(2, "declined", ann="waiting")) == []


def test_steps_that_are_told_again_change_nothing():
    loans = Loans()
    told = [step(1, "proposed", ann="waiting"), step(2, "accepted", ann="waiting"), step(3, "cancelled", ann="waiting")]
    first = [change for one in told for change in loans.take(one)]
    assert first == [Change("ann", QUEUE), Change("ann", "")]
    assert [change for one in told for change in loans.take(one)] == []


def test_it_goes_on_with_what_it_remembered():
    loans = Loans()
    loans.take(step(2, "accepted", ann="waiting"))
    kept = msgspec.json.decode(msgspec.json.encode(loans.state), type=LoansState)
    assert Loans(kept).take(step(3, "returned", ann="returned")) == [Change("ann", "")]


def test_only_the_newest_moves_are_remembered():
    loans = Loans()
    for number in range(MOVES_KEPT + 3):
        loans.take(step(1, "proposed", move=f"m{number}", ann="waiting"))
    assert len(loans.state.revisions) == MOVES_KEPT
    assert "m2" not in loans.state.revisions
