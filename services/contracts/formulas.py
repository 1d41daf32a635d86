"""Every figure that is computed from counters, once: API, report and catalogue use these functions.

Counters come in, figures go out: shares 0…1 or seconds. Where there is nothing to divide by the answer is None.
Service level and its nine definitions stand in `contracts.definitions`.
"""

from typing import Any, NamedTuple

from services.contracts.agents import AgentTotals
from services.contracts.definitions import Counts, ratio
from services.contracts.metrics import HALF_HOUR_MS, Details, IvrCounts, NodeCounts

# Contacts


def answer_rate(counts: Counts) -> float | None:
    """Answered ÷ (offered − short abandons)."""
    return ratio(counts.answered, counts.offered - counts.short_abandoned)


def wait_abandoned_s(counts: Counts) -> float | None:
    """Mean wait of the abandoned, short ones included."""
    return _mean_s(counts.wait_abandoned_ms, counts.abandoned)


def aht_s(counts: Counts) -> float | None:
    """Average handle time: (talk + hold + wrap-up) ÷ handled."""
    return _mean_s(counts.talk_ms + counts.hold_ms + counts.wrap_up_ms, counts.handled)


def talk_s(counts: Counts) -> float | None:
    """Mean talk time of the handled."""
    return _mean_s(counts.talk_ms, counts.handled)


def hold_s(counts: Counts) -> float | None:
    """Mean hold time of the handled, those never held included."""
    return _mean_s(counts.hold_ms, counts.handled)


def wrap_up_s(counts: Counts) -> float | None:
    """Mean wrap-up of the handled."""
    return _mean_s(counts.wrap_up_ms, counts.handled)


def flow_out_rate(counts: Counts) -> float | None:
    """Flowed out ÷ (offered − short abandons)."""
    return ratio(counts.flowed_out, counts.offered - counts.short_abandoned)


def response_rate(details: Details) -> float | None:
    """Contacts dealt with within their response-time objective ÷ contacts that are held to one."""
    return ratio(details.objectives_met, details.objectives)


def mean_length(waiting_ms: int, span_ms: int = HALF_HOUR_MS) -> float | None:
    """Time-weighted mean queue length: time spent waiting within a span ÷ the span."""
    return ratio(waiting_ms, span_ms)


def estimated_wait_s(waiting: int, counts: Counts, span_ms: int = HALF_HOUR_MS) -> float | None:
    """How long those who wait now need to leave at the pace of the last half-hour: waiting ÷ (left ÷ span).

    0 when nobody waits; None when somebody waits and nobody has left, since then there is no pace.
    """
    if waiting <= 0:
        return 0.0
    left = counts.answered + counts.abandoned + counts.flowed_out
    return waiting * span_ms / left / 1000 if left > 0 else None


def best_case(counts: Counts, to_win: int, *, counted: bool) -> Counts:
    """The counts if everybody who can still be answered within T is, and nobody else is answered.

    Args:
        counts: of the window.
        to_win: waiting contacts whose T has not passed.
        counted: whether `counts` has them as waiting (by arrival) or not at all (by service-level event).
    """
    return _changed(
        counts,
        offered=0 if counted else to_win,
        waiting=-to_win if counted else 0,
        answered=to_win,
        answered_within=to_win,
    )


def worst_case(counts: Counts, to_win: int, *, counted: bool) -> Counts:
    """The counts if everybody who waits is answered after T; arguments as of `best_case`."""
    more = 0 if counted else to_win
    return _changed(counts, offered=more, answered=counts.waiting + more, waiting=-counts.waiting)


# Repeat calls


def repeat_rate(known: int, repeats: int) -> float | None:
    """Contacts whose customer had called this queue shortly before ÷ contacts whose customer is known."""
    return ratio(repeats, known)


def first_contact_resolution(known: int, repeats: int) -> float | None:
    """1 − repeats ÷ known."""
    return ratio(known - repeats, known)


# Agents

ON_CONTACT = ("talking", "hold", "wrap_up", "ringing")
"""States that are time for a contact."""


class StaffTime(NamedTuple):
    """What shares of agents' time are computed from, in ms; of one agent, or of several added up."""

    on_contact: int = 0
    available: int = 0
    signed_in: int = 0
    worked: int = 0
    adherent: int = 0
    out: int = 0
    excused: int = 0
    planned: int = 0
    planned_work: int = 0


def staff_time(totals: AgentTotals) -> StaffTime:
    """The sums of an agent's day that the shares are computed from."""
    states = totals.by_state_ms
    return StaffTime(
        on_contact=sum(states.get(state, 0) for state in ON_CONTACT),
        available=states.get("available", 0),
        signed_in=totals.signed_in_ms,
        worked=totals.worked_ms,
        adherent=totals.adherent_ms,
        out=totals.out_ms,
        excused=totals.ignored_ms,
        planned=sum(totals.planned_ms.values()),
        planned_work=totals.scheduled_work_ms,
    )


def occupancy(time: StaffTime) -> float | None:
    """(talk + hold + wrap-up + ringing) ÷ (that + available)."""
    return ratio(time.on_contact, time.on_contact + time.available)


def utilisation(time: StaffTime) -> float | None:
    """(talk + hold + wrap-up + ringing) ÷ time signed in."""
    return ratio(time.on_contact, time.signed_in)


def adherence(time: StaffTime) -> float | None:
    """1 − time out ÷ scheduled time, floored at 0. Excused time is not out; unknown time is left out of both."""
    share = ratio(time.out, time.adherent + time.out + time.excused)
    return None if share is None else max(0.0, 1 - share)


def conformance(time: StaffTime) -> float | None:
    """Time worked ÷ planned work so far; it may pass 1."""
    return ratio(time.worked, time.planned_work)


def shrinkage_planned(time: StaffTime) -> float | None:
    """Planned time so far that is no work ÷ planned time so far."""
    return ratio(time.planned - time.planned_work, time.planned)


def shrinkage_actual(time: StaffTime) -> float | None:
    """Time signed in that was no work ÷ time signed in."""
    return ratio(time.signed_in - time.worked, time.signed_in)


def agent_aht_s(time: StaffTime, contacts: int) -> float | None:
    """(talk + hold + wrap-up + ringing) ÷ contacts handled."""
    return _mean_s(time.on_contact, contacts)


def absence_cost(missing: int, present: int, shortfall: float, waiting: int) -> float:
    """What one absent agent costs a queue now: their share of the missing × how short the queue is × who waits.

    Args:
        missing: agents of the queue who are out of adherence, this one included.
        present: agents of the queue who are on it now.
        shortfall: target minus service level, in points of 0…1; 0 when the target is met or nothing is known.
        waiting: contacts that wait.

    Returns:
        (1 ÷ (present + missing)) × (shortfall × 100 + waiting): the part of the queue's trouble that one more agent
        would carry. An ample queue at its target costs only what its waiting contacts do.
    """
    return (shortfall * 100 + waiting) / (present + missing) if missing > 0 else 0.0


# Voice menus


def containment(counts: IvrCounts) -> float | None:
    """Self-served ÷ calls that left by an outcome (virtual ones and those inside have none)."""
    return ratio(counts.contained, counts.contained + counts.lost + counts.to_queue)


def ivr_loss_rate(counts: IvrCounts) -> float | None:
    """Lost in the menu ÷ calls that left by an outcome."""
    return ratio(counts.lost, counts.contained + counts.lost + counts.to_queue)


def to_queue_rate(counts: IvrCounts) -> float | None:
    """Calls that went on to a queue ÷ calls that left by an outcome."""
    return ratio(counts.to_queue, counts.contained + counts.lost + counts.to_queue)


def node_loss_rate(node: NodeCounts) -> float | None:
    """Hung up at a node ÷ visits of it that are over."""
    return ratio(node.lost, node.entered - node.inside)


def node_fault_rate(node: NodeCounts) -> float | None:
    """(Invalid + missing inputs) ÷ visits of the node; it may pass 1."""
    return ratio(node.invalid + node.timeouts, node.entered)


def node_time_s(node: NodeCounts) -> float | None:
    """Mean time at a node of the visits that are over."""
    return _mean_s(node.time_ms, node.entered - node.inside)


def _mean_s(sum_ms: int, count: int) -> float | None:
    return sum_ms / count / 1000 if count > 0 else None


def _changed(counts: Counts, **differences: int) -> Counts:
    fields: dict[str, Any] = counts.__dict__
    return Counts.model_construct(**{name: value + differences.get(name, 0) for name, value in fields.items()})
