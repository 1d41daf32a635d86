"""The journal: what each entry is about, and who may read it."""

from collections.abc import Callable

from services.api.domain.desk import AnyView, SitesOfRegion, place_of, place_of_matchers, place_of_scope, place_of_terms
from services.api.domain.ledger import Place
from services.api.domain.lists import JournalEntry
from services.api.domain.orders import target_of
from services.contracts.accounts import AccountStep
from services.contracts.alerts import RuleView
from services.contracts.contingency import PlanStep
from services.contracts.desk import AnyCommand, Outcome, ProposeMove, PutPlan, PutRule, PutSilence, TryRule
from services.contracts.floor_steps import FloorStep
from services.contracts.moves import MoveStep


def subject_of(entry: JournalEntry) -> str:
    """`kind|id` of what an entry is about."""
    match entry:
        case Outcome():
            return target_of(entry)
        case PlanStep():
            return f"plan|{entry.plan}"
        case MoveStep():
            return f"move|{entry.view.id}"
        case AccountStep() | FloorStep():
            return entry.subject


def place_of_entry(
    entry: JournalEntry, held: Callable[[str, str], AnyView | None], sites_of: SitesOfRegion
) -> Place:  # fmt: skip
    """Where an entry belongs: with what it is about, as it stands now or as the entry tells.

    Nobody knows any more where an alert belonged that is gone, nor whose team's it was: then it is for those who see
    everything.
    """
    if isinstance(entry, PlanStep | MoveStep):
        return place_of(entry.view, sites_of)
    if isinstance(entry, AccountStep | FloorStep):
        return None
    kind, _, id_ = target_of(entry).partition("|")
    view = held(kind, id_)
    if view is None or isinstance(view, RuleView):  # a rule may have been about another site then
        return _place_of_command(entry.command, sites_of)
    return place_of(view, sites_of)


def _place_of_command(command: AnyCommand, sites_of: SitesOfRegion) -> Place:
    match command:
        case PutRule() | TryRule():
            return place_of_scope(command.rule.scope, sites_of)
        case PutPlan():
            return place_of_scope(command.plan.scope, sites_of)
        case PutSilence():
            return place_of_matchers((matcher.name, matcher.match) for matcher in command.matchers)
        case ProposeMove():
            return place_of_terms(command.terms)
    return None
