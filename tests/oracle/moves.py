"""The life of a move, by definition: for each question the whole film of the floor is looked through once more.

A film is a list of scenes in their order. Nothing is remembered from one scene to the next, so nothing can be
remembered wrongly: when a move was decided, when each agent came and went and when it was over are the first scenes
that fit. Slow on purpose, and shares nothing with services/alerts/domain/moves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Scene(NamedTuple):
    """What happens: `seen` (agent, queues, signed in), `tick`, or a command about `move` by somebody who may give it.

    `at` is the wall clock in seconds; it never goes back.
    """

    what: str
    at: int
    move: str = ""
    agent: str = ""
    queues: tuple[str, ...] = ()
    signed_in: bool = True
    asked: tuple[str, ...] = ()
    until: int = 0


@dataclass
class Fate:
    """Of a move: its state at the end, and of each agent asked for the state and the scenes of coming and going."""

    state: str
    agents: dict[str, tuple[str, int | None, int | None]]


class Film:
    """Everything that happened on a floor where one queue wants agents."""

    def __init__(self, scenes: list[Scene], queue: str) -> None:
        self.scenes = scenes
        self.queue = queue
        self.born: dict[str, int] = {}
        """The scene in which each move was proposed with success."""
        for n, scene in enumerate(scenes):
            if scene.what == "propose" and scene.move not in self.born and self._could_be_proposed(n):
                self.born[scene.move] = n

    def fate(self, move: str) -> Fate | None:
        """What became of a move; None: it was never proposed with success."""
        return self._fate(move, self.born[move], len(self.scenes)) if move in self.born else None

    def _could_be_proposed(self, n: int) -> bool:
        scene = self.scenes[n]
        return scene.until > scene.at and all(self._could_be_asked(agent, n) for agent in scene.asked)

    def _could_be_asked(self, agent: str, n: int) -> bool:
        if not self._signed_in(agent, n) or self._serves(agent, n):
            return False
        return not any(self._held_by(other, agent, n) for other, born in self.born.items() if born < n)

    def _held_by(self, move: str, agent: str, n: int) -> bool:
        fate = self._fate(move, self.born[move], n)
        return (
            agent in fate.agents
            and fate.agents[agent][0] in {"waiting", "effective"}
            and fate.state in {"proposed", "accepted", "effective"}
        )

    # -- one move, of the film up to (not including) scene `end`

    def _fate(self, move: str, born: int, end: int) -> Fate:
        proposal = self.scenes[born]
        never: dict[str, tuple[str, int | None, int | None]] = dict.fromkeys(proposal.asked, ("waiting", None, None))
        expires = self._first(born + 1, lambda n: self.scenes[n].what == "tick" and self.scenes[n].at >= proposal.until)
        decided = self._first(born + 1, lambda n: self._decides(move, proposal, n))
        if _before(expires, decided, end):
            return Fate("expired", never)
        if decided is None or decided >= end:
            return Fate("proposed", never)
        if (how := self.scenes[decided].what) != "accept":
            return Fate({"decline": "declined", "cancel": "cancelled"}[how], never)
        return self._loan(move, proposal, decided, _cut(expires, end), end)

    def _decides(self, move: str, proposal: Scene, n: int) -> bool:
        scene = self.scenes[n]
        if scene.move != move or scene.what not in {"accept", "decline", "cancel"}:
            return False
        return scene.what != "accept" or any(self._signed_in(agent, n) for agent in proposal.asked)

    def _loan(self, move: str, proposal: Scene, accepted: int, expires: int | None, end: int) -> Fate:
        spans = {agent: self._span(move, agent, accepted) for agent in proposal.asked}
        began = min((came for came, _, _ in spans.values() if came is not None), default=None)
        cancelled = self._first(
            accepted + 1,
            lambda n: self.scenes[n].what == "cancel" and self.scenes[n].move == move and not _is_before(began, n),
        )
        ends = [left for _, left, _ in spans.values()]
        all_gone = None if None in ends else max(left for left in ends if left is not None)
        over = min((n for n in (expires, cancelled, all_gone) if n is not None and n < end), default=None)
        agents = {agent: self._at(span, over, end) for agent, span in spans.items()}
        if over is None:
            return Fate("effective" if _is_before(began, end) else "accepted", agents)
        if over == all_gone:
            return Fate("returned", agents)
        return Fate("cancelled" if over == cancelled else "expired", agents)

    def _span(self, move: str, agent: str, accepted: int) -> tuple[int | None, int | None, str]:
        """When the agent came and went for ever, and how; if nobody ended the whole move before."""
        signed_off = self._first(accepted, lambda n: not self._signed_in(agent, n))
        sent = self._first(
            accepted + 1,
            lambda n: (
                self.scenes[n].what == "return" and self.scenes[n].move == move and self.scenes[n].agent in {"", agent}
            ),
        )
        came = self._first(accepted, lambda n: self._serves(agent, n))
        left = None if came is None else self._first(came, lambda n: not self._serves(agent, n))
        ends = [("signed_off", signed_off), ("returned", sent), ("returned", left)]
        gone, how = min(((n, how) for how, n in ends if n is not None), key=lambda end: end[0], default=(None, ""))
        if came is not None and gone is not None and came >= gone:
            came = None
        return came, gone, how

    @staticmethod
    def _at(span: tuple[int | None, int | None, str], over: int | None, end: int) -> tuple[str, int | None, int | None]:
        came, gone, how = span
        last = end - 1 if over is None else over
        if gone is not None and gone <= last:
            return how, came, gone
        if came is not None and came <= last and came != over:
            return ("effective", came, None) if over is None else ("returned", came, over)
        return "waiting", None, None

    # -- looking through the film

    def _first(self, start: int, fits: Callable[[int], bool]) -> int | None:
        return next((n for n in range(start, len(self.scenes)) if fits(n)), None)

    def _last_seen(self, agent: str, n: int) -> Scene | None:
        seen = [scene for scene in self.scenes[: n + 1] if scene.what == "seen" and scene.agent == agent]
        return seen[-1] if seen else None

    def _signed_in(self, agent: str, n: int) -> bool:
        seen = self._last_seen(agent, n)
        return seen is not None and seen.signed_in

    def _serves(self, agent: str, n: int) -> bool:
        seen = self._last_seen(agent, n)
        return seen is not None and seen.signed_in and self.queue in seen.queues


def _before(first: int | None, second: int | None, end: int) -> bool:
    return first is not None and first < end and (second is None or first < second)


def _is_before(moment: int | None, n: int) -> bool:
    return moment is not None and moment < n


def _cut(moment: int | None, end: int) -> int | None:
    return moment if moment is not None and moment < end else None
