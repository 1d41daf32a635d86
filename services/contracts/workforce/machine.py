"""The agent machine: facts of an agent in the order of their time → what the agent does, since when, on which contact.

    offline ──log-in──> not ready ──state──> any state ──log-out, offline──> offline

Gaps are repaired: a state without a log-in implies one, a log-in of someone who is in says nothing, and a state lasts
until the next fact. Facts of the same moment have a fixed order: log-in; what goes on with the contact in hand
(talking, hold, wrap-up); available, not ready; a next contact (ringing, talking, hold, wrap-up); log-out.

An agent is *on a contact* from its first ringing or talking until neither hold nor wrap-up of it is left. Contacts
without an id are told apart by their turns: ringing begins one, and so does talking after wrap-up.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from services.contracts.workforce.facts import (
    AVAILABLE,
    HOLD,
    LOG_IN,
    LOG_OUT,
    NOT_READY,
    OFFLINE,
    RINGING,
    TALKING,
    WRAP_UP,
    Fact,
)

BUSY = frozenset((RINGING, TALKING, HOLD, WRAP_UP))
_at = attrgetter("at")


class Machine:
    """What an agent does.

    Attributes:
        code: the state.
        since: when this state, reason and contact began; −1 if no fact has told.
        began: when the contact in hand began, or None.
        told_by: (site, source) of the newest fact, or None.
    """

    __slots__ = ("_talked", "began", "code", "contact", "reason", "since", "told_by")

    def __init__(self) -> None:
        """An agent of whom nothing was told."""
        self.code = OFFLINE
        self.reason = self.contact = ""
        self.since = -1
        self.began: int | None = None
        self.told_by: tuple[str, str] | None = None
        self._talked = False

    def copy(self) -> "Machine":
        """The same, on its own from now on."""
        other = Machine.__new__(Machine)
        other.code, other.reason, other.contact = self.code, self.reason, self.contact
        other.since, other.began, other.told_by = self.since, self.began, self.told_by
        other._talked = self._talked  # noqa: SLF001  # one of us
        return other

    def take(self, moment: list[Fact]) -> int:
        """Take in all facts of one moment. Returns how many contacts began to talk."""
        if len(moment) == 1:
            return self._take(moment[0])
        return sum(self._take(fact) for fact in self._in_order(moment))

    def _in_order(self, moment: list[Fact]) -> list[Fact]:
        in_hand = self.contact if self.began is not None else None
        return sorted(moment, key=lambda fact: (_turn(fact, in_hand), fact))

    def _take(self, fact: Fact) -> int:
        self.told_by = (fact.site, fact.source)
        code, reason, contact = fact.code, fact.reason, fact.contact
        if code == LOG_IN:
            if self.code != OFFLINE:
                return 0
            code, reason = NOT_READY, ""
        elif code in (LOG_OUT, OFFLINE):
            code, reason, contact = OFFLINE, "", ""
        talks = self._follow(code, contact, fact.at)
        if (code, reason, contact) != (self.code, self.reason, self.contact) or self.since < 0:
            self.code, self.reason, self.contact, self.since = code, reason, contact, fact.at
        return talks

    def _follow(self, code: int, contact: str, at: int) -> int:
        if code not in BUSY:
            self.began, self._talked = None, False
            return 0
        if self.began is None or not self._goes_on(code, contact):
            self.began, self._talked = at, False
        if code != TALKING or self._talked:
            return 0
        self._talked = True
        return 1

    def _goes_on(self, code: int, contact: str) -> bool:
        if contact != self.contact:
            return False
        if contact:
            return True
        return not ((code == RINGING and self.code != RINGING) or (self.code == WRAP_UP and code in (TALKING, HOLD)))


def _turn(fact: Fact, in_hand: str | None) -> int:
    if fact.code == LOG_IN:
        return 0
    if fact.code in (LOG_OUT, OFFLINE):
        return 4
    if fact.code in (AVAILABLE, NOT_READY):
        return 2
    return 1 if fact.contact == in_hand and fact.code != RINGING else 3


def moments(facts: Iterable[Fact]) -> Iterator[tuple[int, list[Fact]]]:
    """Facts by their time, ascending."""
    for at, group in groupby(sorted(facts, key=_at), _at):
        yield at, list(group)
