"""What a notice says beside the record that it tells of: read off the desk as it is known now."""

from services.alerts.domain.floor import Floor, site_of
from services.alerts.domain.notices.routing import Surroundings, Told
from services.alerts.domain.rulebook import Rulebook
from services.contracts.alerts import AlertTransition
from services.contracts.contingency import PlanStep
from services.contracts.moves import MoveStep
from services.contracts.topology import Queue


def surroundings_of(record: Told, floor: Floor, book: Rulebook) -> Surroundings:
    """Time zone of the site, the rule, and the queue. What the record itself says does not depend on them."""
    match record:
        case AlertTransition(alert=alert):
            view = book.views.get(alert.rule)
            queue = floor.described.get(f"queue|{alert.scope}") if alert.scope_kind == "queue" else None
            return Surroundings(
                _timezone(alert.site, floor), view.rule if view is not None else None,
                queue if isinstance(queue, Queue) else None,
            )  # fmt: skip
        case PlanStep(view=plan):
            return Surroundings(_timezone(plan.site, floor))
        case MoveStep(view=move):
            return Surroundings(_timezone(site_of(move.terms.queue), floor))
    return Surroundings()


def _timezone(site: str | None, floor: Floor) -> str:
    found = floor.site(site) if site is not None else None
    return "UTC" if found is None else found.timezone
