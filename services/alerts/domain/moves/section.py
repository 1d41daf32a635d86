"""Moves between centres as a section of the desk: commands and the floor in, steps and views out."""

from collections.abc import Iterable
from typing import Final

import msgspec

from services.alerts.domain.floor import Floor
from services.alerts.domain.moves.ledger import Ledger
from services.alerts.domain.moves.loan import Loan, proposed, step_of
from services.alerts.domain.moves.proposal import fault_of
from services.alerts.domain.moves.seen import has_gone
from services.alerts.domain.section import Answer, Changed, Fact, View
from services.contracts.desk import (
    AcceptMove,
    AnyCommand,
    CancelMove,
    DeclineMove,
    ProposeMove,
    ReturnMove,
)
from services.contracts.moves import MoveState, MoveStep, MoveView
from services.contracts.names import Names

KIND: Final = "move"
Decision = AcceptMove | DeclineMove | CancelMove | ReturnMove
_REACHED: dict[str, tuple[MoveState, ...]] = {
    "accept_move": ("accepted", "effective"),
    "decline_move": ("declined",),
    "cancel_move": ("cancelled",),
    "return_move": ("returned",),
}
"""States in which a command finds done what it asks for."""
_ALLOWED: dict[str, tuple[MoveState, ...]] = {
    "accept_move": ("proposed",),
    "decline_move": ("proposed",),
    "cancel_move": ("proposed", "accepted"),
    "return_move": ("accepted", "effective"),
}


class _Snapshot(msgspec.Struct, array_like=True):
    open: list[tuple[bytes, int]]  # JSON of the view, and when it was measured
    ledger: bytes


_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_encode = msgspec.msgpack.Encoder().encode


class Moves:
    """See Section. Moves are looked at in the order in which they were proposed."""

    name = "moves"

    def __init__(self, names: Names) -> None:
        """Nobody is lent."""
        self._journal = names.journal
        self._open: dict[str, Loan] = {}
        self._holder: dict[str, str] = {}  # agent → the open move that asks for them
        self._ledger = Ledger()

    def look(self, floor: Floor, changed: Changed) -> list[Fact]:
        """See Section."""
        facts: list[Fact] = []
        holders = {self._holder[agent] for agent in changed.agents & self._holder.keys()}
        for id_, loan in list(self._open.items()):
            if changed.wall or id_ in holders:
                facts += self._told(loan, loan.look(floor, floor.wall_at))
            if (changed.moved or changed.queues) and loan.measure(floor):
                facts.append(Fact(None, f"move|{id_}|measured", None, (View(KIND, id_, loan.view),)))
        if changed.wall:
            dropped = self._ledger.drop_old(floor.wall_at)
            facts += [Fact(None, f"move|{id_}|dropped", None, (View(KIND, id_, None),)) for id_ in dropped]
        return facts

    # -- commands

    def obey(self, command: AnyCommand, floor: Floor) -> Answer | None:
        """See Section."""
        if isinstance(command, ProposeMove):
            return self._propose(command, floor)
        if not isinstance(command, AcceptMove | DeclineMove | CancelMove | ReturnMove):
            return None
        loan, ended = self._open.get(command.target), self._ledger.views.get(command.target)
        view = ended if loan is None else loan.view
        if view is None:
            return Answer("unknown_target", f"there is no move {command.target!r}")
        answer = _refused(command, view)
        if answer is None and loan is not None:
            answer = self._decide(command, loan, floor)
        assert answer is not None, "a move that is over allows nothing"
        now = view if loan is None else loan.view
        return answer._replace(subject=f"{KIND}|{view.id}", revision=now.revision)

    def _decide(self, command: Decision, loan: Loan, floor: Floor) -> Answer:
        by, at = command.by.name, max(command.at, floor.wall_at)
        match command:
            case AcceptMove():
                if all(has_gone(floor.agents.get(one.agent)) for one in loan.view.agents):
                    return Answer("not_now", "nobody of them is signed in any more")
                steps: Iterable[MoveStep] = loan.accept(by, at, floor)
            case DeclineMove():
                steps = [loan.refuse("declined", by, at, command.reason)]
            case CancelMove():
                steps = [loan.refuse("cancelled", by, at, command.reason)]
            case ReturnMove(agent=agent):
                chosen = [one for one in loan.view.agents if agent in ("", one.agent)]
                if not chosen:
                    return Answer("invalid", f"agent: {agent!r} is not in this move")
                lent = [one for one in loan.lent if one in chosen]
                if not lent:
                    return Answer("same", f"{agent} is not lent any more")
                steps = loan.give_back(lent, by, at, floor)
        return Answer("done", facts=tuple(self._told(loan, steps)))

    def _propose(self, command: ProposeMove, floor: Floor) -> Answer:
        terms, id_, subject = command.terms, command.target, f"{KIND}|{command.target}"
        loan = self._open.get(id_)
        known = self._ledger.views.get(id_) if loan is None else loan.view
        revision = known.revision if known else 0
        if command.by.sites is not None and terms.taker not in command.by.sites:
            return Answer("not_allowed", f"{terms.taker} is not yours: its dispatchers ask for agents", subject)
        if known is not None and known.terms == terms:
            return Answer("same", f"it is {known.state} already", subject, revision)
        if known is not None or command.expected not in (None, 0):
            return Answer("stale", f"move {id_!r} is at revision {revision}", subject, revision)
        at = max(command.at, floor.wall_at)
        if fault := fault_of(id_, terms, at, floor, self._holder):
            return Answer(fault.code, fault.message, subject, 0)
        new = self._open[id_] = proposed(id_, terms, command.by.name, at, floor)
        self._holder |= dict.fromkeys(terms.agents, id_)
        step = step_of(new.view, "proposed", at, command.by.name, reason=terms.reason)
        return Answer("done", "", subject, 1, tuple(self._told(new, [step])))

    # -- keeping

    def _told(self, loan: Loan, steps: Iterable[MoveStep]) -> list[Fact]:
        """Facts of steps; each is done only when it is asked for. Whoever is lent no more may be asked for again."""
        facts = [Fact(self._journal, step.id, step, (View(KIND, step.view.id, step.view),)) for step in steps]
        if facts:
            held = {one.agent for one in loan.lent} if loan.open else set()
            for agent in loan.view.terms.agents:
                if agent not in held and self._holder.get(agent) == loan.view.id:
                    del self._holder[agent]
            if not loan.open:
                del self._open[loan.view.id]
                self._ledger.add(loan.view)
        return facts

    def views(self) -> list[View]:
        """See Section."""
        views = [*self._ledger.views.values(), *(loan.view for loan in self._open.values())]
        return [View(KIND, view.id, view) for view in views]

    def snapshot(self) -> bytes:
        """See Section."""
        open_ = [(loan.view.model_dump_json().encode(), loan.measured_at) for loan in self._open.values()]
        return bytes(_encode(_Snapshot(open_, self._ledger.pack())))

    def restore(self, snapshot: bytes | None, floor: Floor) -> list[Fact]:  # noqa: ARG002  # nothing happens by it
        """See Section."""
        stored = None if snapshot is None else _decode(snapshot)
        loans = [Loan(MoveView.model_validate_json(view), at) for view, at in (stored.open if stored else [])]
        self._open = {loan.view.id: loan for loan in loans}
        self._holder = {one.agent: loan.view.id for loan in loans for one in loan.lent}
        self._ledger = Ledger(stored.ledger if stored else None)
        return []


def _refused(command: Decision, view: MoveView) -> Answer | None:
    giver, taker = view.terms.giver, view.terms.taker
    theirs = {"accept_move": {giver}, "decline_move": {giver}, "cancel_move": {taker}}.get(command.do, {giver, taker})
    if command.by.sites is not None and not theirs & set(command.by.sites):
        return Answer("not_allowed", f"it is for {' or '.join(sorted(theirs))} to say")
    if command.expected is not None and command.expected != view.revision:
        return Answer("stale", f"move {view.id!r} is at revision {view.revision}, not {command.expected}")
    if view.state in _REACHED[command.do]:
        return Answer("same", f"it is {view.state} already")
    if view.state not in _ALLOWED[command.do]:
        return Answer("not_now", f"it is {view.state}")
    return None
