"""One contact in one queue: how events in any order, repeated or contradicting each other, become one record.

A contact is a plain tuple, because millions of them are made a minute:

    (outcome, wait_ms, ended_after_ms, talk_ms, hold_ms, wrap_up_ms)

`wait_ms` is what it waited until its outcome, 0 while there is none. `ended_after_ms` counts from the offer, −1 until
Ended has come. The record is the least upper bound of the events seen: their order and repetition change nothing.

    WAITING ──Answered──> ANSWERED      of contradicting outcomes the one after the shortest wait stands,
       │ ├────Abandoned─> ABANDONED     of two at the same moment the first of this list
       │ └────FlowedOut─> FLOWED_OUT
       └──────Ended─────> ENDED: answered for certain, when is inferred from its durations;
                                    any of the three others overrules it
"""

from services.contracts.definitions import COUNTERS

WAITING, ANSWERED, ABANDONED, FLOWED_OUT, ENDED = range(5)

Contact = tuple[int, int, int, int, int, int]
Key = tuple[str, int]
"""(contact id, offered_at in epoch ms): identifies a contact's leg in a queue."""

OFFERED: Contact = (WAITING, 0, -1, 0, 0, 0)

(
    _OFFERED, _ANSWERED, _ABANDONED, _FLOWED_OUT, _WAITING, _SHORT,
    _ANSWERED_WITHIN, _ABANDONED_WITHIN, _SHORT_WITHIN, _FLOWED_OUT_WITHIN,
    _WAIT_ANSWERED, _WAIT_ABANDONED, _HANDLED, _TALK, _HOLD, _WRAP_UP,
) = (
    COUNTERS.index(name)
    for name in (
        "offered", "answered", "abandoned", "flowed_out", "waiting", "short_abandoned",
        "answered_within", "abandoned_within", "short_abandoned_within", "flowed_out_within",
        "wait_answered_ms", "wait_abandoned_ms", "handled", "talk_ms", "hold_ms", "wrap_up_ms",
    )
)  # fmt: skip


def resolve(contact: Contact | None, outcome: int, wait_ms: int) -> Contact:
    """The contact after Answered, Abandoned or FlowedOut; the very same object if that says nothing new."""
    wait_ms = max(wait_ms, 0)  # clocks that disagree by a moment: nobody is answered before they called
    if contact is None:
        return (outcome, wait_ms, -1, 0, 0, 0)
    known = contact[0]
    if known in (WAITING, ENDED) or (wait_ms, outcome) < (contact[1], known):
        return (outcome, wait_ms, *contact[2:])
    return contact


def end(contact: Contact | None, after_ms: int, talk_ms: int, hold_ms: int, wrap_up_ms: int) -> Contact:
    """The contact after Ended, `after_ms` after its offer; the earliest of several Ended stands."""
    ended = (max(0, after_ms), talk_ms, hold_ms, wrap_up_ms)
    if contact is None:
        contact = OFFERED
    if contact[2] >= 0 and contact[2:] <= ended:
        return contact
    if contact[0] in (WAITING, ENDED):
        return (ENDED, max(ended[0] - talk_ms - hold_ms - wrap_up_ms, 0), *ended)
    return (contact[0], contact[1], *ended)


def count(totals: list[int], contact: Contact, threshold_ms: int, short_ms: float, sign: int) -> None:
    """Add the contact to `totals` (in the order of COUNTERS), or take it out again with a sign of −1."""
    outcome, wait, ended, talk, hold, wrap_up = contact
    totals[_OFFERED] += sign
    if outcome in (ANSWERED, ENDED):
        totals[_ANSWERED] += sign
        totals[_WAIT_ANSWERED] += sign * wait
        if wait <= threshold_ms:
            totals[_ANSWERED_WITHIN] += sign
        if ended >= 0:
            totals[_HANDLED] += sign
            totals[_TALK] += sign * talk
            totals[_HOLD] += sign * hold
            totals[_WRAP_UP] += sign * wrap_up
    elif outcome == WAITING:
        totals[_WAITING] += sign
    elif outcome == ABANDONED:
        within = wait <= threshold_ms
        totals[_ABANDONED] += sign
        totals[_WAIT_ABANDONED] += sign * wait
        if within:
            totals[_ABANDONED_WITHIN] += sign
        if wait < short_ms:
            totals[_SHORT] += sign
            if within:
                totals[_SHORT_WITHIN] += sign
    else:
        totals[_FLOWED_OUT] += sign
        if wait <= threshold_ms:
            totals[_FLOWED_OUT_WITHIN] += sign


def recount(totals: list[int], before: Contact, after: Contact, threshold_ms: int, short_ms: float) -> None:
    """Replace a contact that `totals` include."""
    if before[0] == after[0] == ANSWERED and before[1] == after[1] and before[2] < 0 <= after[2]:
        # It has ended, as nearly all do: only the durations are new.
        totals[_HANDLED] += 1
        totals[_TALK] += after[3]
        totals[_HOLD] += after[4]
        totals[_WRAP_UP] += after[5]
        return
    count(totals, before, threshold_ms, short_ms, -1)
    count(totals, after, threshold_ms, short_ms, 1)
