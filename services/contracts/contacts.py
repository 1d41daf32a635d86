"""One contact in one queue: how events in any order, repeated or contradicting each other, become one record.

Pure, and in the contracts, because two services count with it: metrics, and the API that recounts a number's contacts.

A contact is a plain tuple, because millions of them are made a minute:

    (outcome, wait_ms, ended_after_ms, talk_ms, hold_ms, wrap_up_ms, signs, about)

`wait_ms` is what it waited until its outcome; while there is none, how long it is known to have waited: until its last
sign of life. `ended_after_ms` counts from the offer, −1 until Ended has come. `signs` is a bit mask of what happened
besides. `about` is what the offer says, "channel|segment|dialled"; "" for a voice contact of which nothing else is
known, and as long as the offer itself is not known. The record is the least upper bound of the events seen: their
order and repetition change nothing.

    WAITING ──Answered──> ANSWERED       of contradicting outcomes the one after the shortest wait stands,
       │ ├────Abandoned─> ABANDONED      of two at the same moment the one with the lower code
       │ └────FlowedOut─> FLOWED_OUT + reason
       └──────Ended, Held, Transferred, Conferenced──> SERVED: answered for certain, when is inferred: from Ended's
                             durations, else the earliest proof; any of the three others overrules it

A contact without an outcome and without a sign of life for longer than its queue allows is a *ghost*: `as_ghost` is
what it counts as from then on (flowed out at that moment, reason unknown). It is derived and never stored, so that an
outcome that is told after all counts instead.
"""

from collections.abc import Collection
from operator import add, sub
from typing import Final, NamedTuple, get_args

from services.contracts.definitions import COUNTERS
from services.contracts.events import (
    Answered,
    Channel,
    Conferenced,
    Ended,
    FlowedOut,
    FlowOutReason,
    Held,
    LegEvent,
    Offered,
    Ringing,
    Transferred,
)
from services.contracts.topology import GHOST_AFTER_S, Queue

WAITING, ANSWERED, ABANDONED, SERVED, FLOWED_OUT = 0, 1, 2, 3, 4
"""Outcomes; a flow-out's code is FLOWED_OUT + its reason's place in REASONS."""

REASONS: tuple[str, ...] = (*get_args(FlowOutReason), "unknown")
OUTCOME_OF_REASON: dict[str, int] = {reason: FLOWED_OUT + place for place, reason in enumerate(REASONS)}
GHOST: Final = OUTCOME_OF_REASON["unknown"]

RANG, HELD, TRANSFERRED_BLIND, TRANSFERRED_CONSULTED, CONFERENCED = 1, 2, 4, 8, 16
"""Signs."""

Contact = tuple[int, int, int, int, int, int, int, str]
Key = tuple[str, int]
"""(contact id, offered_at in epoch ms): identifies a contact's leg in a queue."""

OFFERED: Contact = (WAITING, 0, -1, 0, 0, 0, 0, "")


class Terms(NamedTuple):
    """What a contact is held to. Times in ms; an objective of −1 is none."""

    threshold_ms: int
    short_ms: float
    objective_ms: int = -1


class Lane(NamedTuple):
    """A channel of a queue, by its target."""

    terms: Terms
    target_s: int
    target_percent: float
    ghost_after_ms: int


def lane_of(queue: Queue, channel: Channel) -> Lane:
    """What a queue holds a channel's contacts to: the channel's own terms, else the queue's.

    An objective or a ghost limit that the channel's terms leave open is the queue's.
    """
    own = queue.channels.get(channel)
    held_to = own or queue
    objective_s = (own and own.response_objective_s) or queue.response_objective_s
    ghost_after_s = (own and own.ghost_after_s) or queue.ghost_after_s or GHOST_AFTER_S[channel]
    terms = Terms(
        held_to.target_s * 1000, held_to.short_abandon_s * 1000, -1 if objective_s is None else objective_s * 1000
    )
    return Lane(terms, held_to.target_s, held_to.target_percent, ghost_after_s * 1000)


# -- events


def take(contact: Contact | None, event: LegEvent) -> Contact:  # noqa: PLR0911  # one way out for each event
    """The contact after any event about it; the very same object if that says nothing new."""
    if isinstance(event, Offered):
        return offer(contact, about_of(event))
    after_ms = event.at - event.offered_at
    if isinstance(event, Ended):
        return end(contact, after_ms, event.talk_ms, event.hold_ms, event.wrap_up_ms)
    if isinstance(event, Ringing):
        return ring(contact, after_ms)
    if isinstance(event, Transferred):
        return prove(contact, TRANSFERRED_BLIND if event.mode == "blind" else TRANSFERRED_CONSULTED, after_ms)
    if isinstance(event, Held | Conferenced):
        return prove(contact, HELD if isinstance(event, Held) else CONFERENCED, after_ms)
    if isinstance(event, FlowedOut):
        return resolve(contact, OUTCOME_OF_REASON[event.reason], after_ms)
    return resolve(contact, ANSWERED if isinstance(event, Answered) else ABANDONED, after_ms)


def about_of(event: Offered) -> str:
    """What an offer says of its contact: see above."""
    if event.channel == "voice" and not event.segment and not event.dialled:
        return ""
    return f"{event.channel}|{event.segment.replace('|', '/')}|{event.dialled}"


def parts_of(about: str) -> tuple[str, str, str]:
    """(channel, segment, number dialled)."""
    channel, segment, dialled = (about or "voice||").split("|", 2)
    return channel, segment, dialled


def channel_of(about: str) -> str:
    """The channel; voice as long as the offer is not known."""
    return about.partition("|")[0] or "voice"


def offer(contact: Contact | None, about: str) -> Contact:
    """The contact after Offered; of contradicting offers the one whose text is greater stands."""
    if contact is None:
        return (*OFFERED[:7], about) if about else OFFERED
    return (*contact[:7], about) if about > contact[7] else contact


def resolve(contact: Contact | None, outcome: int, wait_ms: int) -> Contact:
    """The contact after Answered, Abandoned or FlowedOut."""
    wait_ms = max(wait_ms, 0)  # clocks that disagree by a moment: nobody is answered before they called
    if contact is None:
        return (outcome, wait_ms, -1, 0, 0, 0, 0, "")
    known = contact[0]
    if known in (WAITING, SERVED) or (wait_ms, outcome) < (contact[1], known):
        return (outcome, wait_ms, *contact[2:])
    return contact


def end(contact: Contact | None, after_ms: int, talk_ms: int, hold_ms: int, wrap_up_ms: int) -> Contact:
    """The contact after Ended, `after_ms` after its offer; the earliest of several Ended stands."""
    ended = (max(0, after_ms), talk_ms, hold_ms, wrap_up_ms)
    if contact is None:
        contact = OFFERED
    if contact[2] >= 0 and contact[2:6] <= ended:
        return contact
    if contact[0] in (WAITING, SERVED):
        return (SERVED, max(ended[0] - talk_ms - hold_ms - wrap_up_ms, 0), *ended, *contact[6:])
    return (contact[0], contact[1], *ended, *contact[6:])


def ring(contact: Contact | None, after_ms: int) -> Contact:
    """The contact after Ringing: it lived then, and waited."""
    contact = contact or OFFERED
    wait_ms = max(contact[1], after_ms) if contact[0] == WAITING else contact[1]
    if wait_ms == contact[1] and contact[6] & RANG:
        return contact
    return (contact[0], wait_ms, *contact[2:6], contact[6] | RANG, contact[7])


def prove(contact: Contact | None, sign: int, after_ms: int) -> Contact:
    """The contact after what only happens to one that was answered."""
    after_ms = max(after_ms, 0)
    outcome, wait_ms, ended, talk_ms, hold_ms, wrap_up_ms, signs, about = contact or OFFERED
    if outcome == WAITING or (outcome == SERVED and ended < 0 and after_ms < wait_ms):
        outcome, wait_ms = SERVED, after_ms
    elif signs & sign:
        assert contact is not None
        return contact
    return (outcome, wait_ms, ended, talk_ms, hold_ms, wrap_up_ms, signs | sign, about)


# -- ghosts


def ghost_at(key: Key, contact: Contact, ghost_after_ms: int) -> int:
    """When a contact that waits becomes a ghost."""
    return key[1] + contact[1] + ghost_after_ms


def as_ghost(contact: Contact, ghost_after_ms: int) -> Contact:
    """What a contact that waits counts as from `ghost_at` on."""
    return (GHOST, contact[1] + ghost_after_ms, *contact[2:])


# -- counting

DETAILS: tuple[str, ...] = (
    "rang", "held", "transferred_blind", "transferred_consulted", "conferenced", "inferred", "objectives",
    "objectives_met", *REASONS,
)  # fmt: skip
"""What `count` counts after COUNTERS: the numbers of metrics.Details, then its flow-outs by reason."""

WIDTH: Final = len(COUNTERS) + len(DETAILS)
_SERVED = (ANSWERED, SERVED)
_FIRST_DETAIL: Final = len(COUNTERS)
_FIRST_REASON: Final = WIDTH - len(REASONS)


def count(totals: list[int], contacts: Collection[Contact], terms: Terms, sign: int) -> None:  # noqa: C901  # the hot path
    """Add the contacts to `totals` (COUNTERS, then DETAILS), or take them out again with a sign of −1.

    One loop with numbers of its own: a call per contact costs twice as much.
    """
    if not contacts:
        return
    threshold_ms, short_ms, objective_ms = terms
    answered = abandoned = flowed_out = waiting = short = 0
    answered_within = abandoned_within = short_within = flowed_out_within = 0
    wait_answered = wait_abandoned = handled = talk = hold = wrap_up = 0
    rang = held = blind = consulted = conferenced = inferred = met = 0
    for outcome, wait, ended, talk_ms, hold_ms, wrap_up_ms, signs, _ in contacts:
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
                if ended <= objective_ms:
                    met += 1
            if outcome == SERVED:
                inferred += 1
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
            totals[_FIRST_REASON - FLOWED_OUT + outcome] += sign
        if signs or hold_ms:
            rang += signs & RANG
            held += signs & HELD != 0 or hold_ms > 0
            blind += signs & TRANSFERRED_BLIND != 0
            consulted += signs & TRANSFERRED_CONSULTED != 0
            conferenced += signs & CONFERENCED != 0
    numbers = (
        len(contacts), answered, abandoned, flowed_out, waiting, short,
        answered_within, abandoned_within, short_within, flowed_out_within,
        wait_answered, wait_abandoned, handled, talk, hold, wrap_up,
        rang, held, blind, consulted, conferenced, inferred, len(contacts) if objective_ms >= 0 else 0, met,
    )  # fmt: skip
    totals[:_FIRST_REASON] = map(add if sign == 1 else sub, totals, numbers)


def counts_of(totals: list[int]) -> dict[str, int]:
    """Fields of definitions.Counts, those that are 0 left out."""
    return {name: number for name, number in zip(COUNTERS, totals, strict=False) if number}


def details_of(totals: list[int]) -> dict[str, object]:
    """Fields of metrics.Details, those that are 0 left out."""
    details: dict[str, object] = {
        name: number for name, number in zip(DETAILS, totals[_FIRST_DETAIL:_FIRST_REASON], strict=False) if number
    }
    flow_outs = {reason: number for reason, number in zip(REASONS, totals[_FIRST_REASON:], strict=True) if number}
    if flow_outs:
        details["flow_outs"] = flow_outs
    return details
