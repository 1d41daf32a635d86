"""What the desk holds: newest wins, and each view is shown to those whom it concerns."""

import pytest

from services.api.domain.access import Sight
from services.api.domain.board import Board, Stored
from services.api.domain.desk import AnyView, place_of, place_of_scope
from services.api.domain.ledger import Either, InTeam, OfTeam, Place
from services.contracts.alerts import Scope
from services.contracts.desk import Gone
from tests.unit.api.floor import BANK, NINE, alert, move_view, plan_view, rule_view, silence

IBERIA = frozenset({"bank", "lisbon"})


def shown(board: Board, kind: str) -> dict[str, bytes]:
    return {entry.id: entry.body for entry in board.ledger.present((kind,)) if entry.body is not None}


@pytest.mark.parametrize(
    ("view", "place"),
    [
        (alert("bank/PS"), "bank"),
        (alert("bank", scope_kind="site"), "bank"),
        (alert("all", scope_kind="all"), None),
        (alert("iberia", scope_kind="region"), IBERIA),
        (alert("region:iberia", scope_kind="region"), IBERIA),
        (alert("atlantis", scope_kind="region"), None),
        (alert("bank/blue", scope_kind="team"), InTeam("bank", "bank/blue")),
        (alert("ann", scope_kind="agent"), None),
        (alert("ann", scope_kind="agent", site="bank"), InTeam("bank", "")),
        (alert("ann", scope_kind="agent", site="bank", team="bank/blue"), OfTeam("bank", "bank/blue")),
        (rule_view(match="bank/*"), "bank"),
        (rule_view(match="b*/PS"), None),
        (rule_view(match="*"), None),
        (rule_view(match="iberia", kind="region"), IBERIA),
        (silence(match="bank"), "bank"),
        (silence(match="ba*"), None),
        (silence(match="bank/P*", name="scope"), "bank"),
        (silence(match="low", name="rule"), None),
        (plan_view(match="bank/PS"), "bank"),
        (plan_view(match="iberia", kind="region"), IBERIA),
        (move_view(giver="porto", taker="bank"), Either(frozenset({"porto", "bank"}))),
    ],
)
def test_a_view_belongs_to_the_sites_that_it_concerns(view: AnyView, place: Place):
    assert place_of(view, lambda region: {"iberia": IBERIA}.get(region, frozenset())) == place


def test_a_rule_about_one_team_belongs_to_it():
    assert place_of_scope(Scope(kind="team", match="bank/blue"), lambda _: IBERIA) == InTeam("bank", "bank/blue")
    assert place_of_scope(Scope(kind="team", match="bank/*"), lambda _: IBERIA) == "bank"


def test_a_loan_is_shown_to_both_sides_and_to_nobody_else():
    loan = Either(frozenset({"porto", "bank"}))
    assert Sight(sites=frozenset({"porto"})).sees_site(loan)
    assert Sight(sites=frozenset({"bank", "faro"})).sees_site(loan)
    assert not Sight(sites=frozenset({"faro"})).sees_site(loan)
    assert Sight().sees_site(loan)


def test_an_older_revision_changes_nothing():
    board = Board()
    board.take(rule_view(revision=3, for_s=30), 0.0)
    newest = shown(board, "rule")
    board.take(rule_view(revision=2, for_s=60), 0.0)
    assert shown(board, "rule") == newest

    board.take(alert(since=NINE, revision=4), 0.0)
    board.take(alert(since=NINE, revision=3, state="pending"), 0.0)
    assert b'"firing"' in shown(board, "alert")["low|bank/PS"]
    board.take(alert(since=NINE + 1, revision=1, state="pending"), 0.0)
    assert b'"pending"' in shown(board, "alert")["low|bank/PS"], "a new episode may count its revisions anew"


def test_what_is_gone_is_removed_and_may_come_again_with_its_first_revision():
    board = Board()
    board.take(rule_view(revision=9), 0.0)
    board.take(Gone(of="rule", id="low"), 0.0)
    assert shown(board, "rule") == {}
    board.take(rule_view(revision=1), 0.0)
    assert list(shown(board, "rule")) == ["low"]


def test_an_emptied_redis_takes_nothing_away_until_the_desk_has_filled_it():
    board = Board()
    for view in (rule_view(), silence(), plan_view(), move_view()):
        board.take(view, 0.0)
    board.read(Stored(), 1.0)
    assert [len(shown(board, kind)) for kind in ("rule", "silence", "plan", "move")] == [1, 1, 1, 1]
    board.read(Stored(desk=(rule_view(), move_view()), alerts_complete=True), 2.0)
    assert [len(shown(board, kind)) for kind in ("rule", "silence", "plan", "move")] == [1, 0, 0, 1]


def test_a_region_that_grows_takes_its_plan_along():
    board = Board()
    iberian = BANK.model_copy(update={"region": "iberia"})
    board.take(iberian, 0.0)
    board.take(plan_view(match="iberia", kind="region"), 0.0)
    bank = Sight(sites=frozenset({"bank"}), kinds=frozenset({"plan"}))
    entry = board.ledger.get("plan", "surge")
    assert entry is not None
    assert bank.sees("plan", entry.site)
    board.take(iberian.model_copy(update={"id": "lisbon"}), 1.0)
    entry = board.ledger.get("plan", "surge")
    assert entry is not None
    assert not bank.sees("plan", entry.site)
