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

from collections.abc import Iterable

WAITING, ANSWERED, ABANDONED, FLOWED_OUT, ENDED = range(5)

Contact = tuple[int, int, int, int, int, int]
Key = tuple[str, int]
"""(contact id, offered_at in epoch ms): identifies a contact's leg in a queue."""

OFFERED: Contact = (WAITING, 0, -1, 0, 0, 0)

_SERVED = (ANSWERED, ENDED)


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


def count(totals: list[int], contacts: Iterable[Contact], threshold_ms: int, short_ms: float, sign: int) -> None:
    """Add the contacts to `totals` (in the order of COUNTERS), or take them out again with a sign of −1.

    One loop with numbers of its own: a call per contact costs twice as much.
    """
    answered = abandoned = flowed_out = waiting = short = 0
    answered_within = abandoned_within = short_within = flowed_out_within = 0
    wait_answered = wait_abandoned = handled = talk = hold = wrap_up = 0
    for outcome, wait, ended, talk_ms, hold_ms, wrap_up_ms in contacts:
        if outcome in _SERVED:
            answered += 1
            wait_answered += wait
            if wait <= threshold_ms:
                answered_within += 1
            if ended >= 0:
                handled += 1
                talk += talk_ms
                hold += hold_ms
                wrap_up += wrap_up_ms
        elif outcome == WAITING:
            waiting += 1
        elif outcome == ABANDONED:
            abandoned += 1
            wait_abandoned += wait
            abandoned_within += wait <= threshold_ms
            short += wait < short_ms
            short_within += wait < short_ms and wait <= threshold_ms
        else:
            flowed_out += 1
            flowed_out_within += wait <= threshold_ms
    offered = answered + abandoned + flowed_out + waiting
    for index, number in enumerate((
        offered, answered, abandoned, flowed_out, waiting, short,
        answered_within, abandoned_within, short_within, flowed_out_within,
        wait_answered, wait_abandoned, handled, talk, hold, wrap_up,
    )):  # fmt: skip
        totals[index] += sign * number
