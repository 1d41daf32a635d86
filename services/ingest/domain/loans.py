"""From the steps of moves on the journal to what the simulated telephone system has to do."""

from typing import NamedTuple

import msgspec

from services.contracts.moves import MoveStep

MOVES_KEPT = 500
LENT = ("waiting", "effective")


class Change(NamedTuple):
    """From now on the agent serves `queue` (`site/queue`) alone; empty: their own queues again."""

    agent: str
    queue: str


class LoansState(msgspec.Struct):
    """All that is remembered. `revisions`: of the newest moves; `lent`: agent → (move, queue)."""

    revisions: dict[str, int] = {}
    lent: dict[str, tuple[str, str]] = {}


class Loans:
    """Feed it steps as they stand on the journal; it answers with what changes by each.

    After a crash of the desk the same steps may stand there again, also older ones after newer ones: what a move was
    before its newest revision changes nothing.
    """

    def __init__(self, state: LoansState | None = None) -> None:
        """Go on with what a former one remembered."""
        self.state = state or LoansState()

    @property
    def lent(self) -> dict[str, str]:
        """Agents who are lent, and to which queue."""
        return {agent: queue for agent, (_, queue) in self.state.lent.items()}

    def take(self, step: MoveStep) -> list[Change]:
        """A step of a move: whoever is lent by it goes, whoever is so no more comes back."""
        view, state = step.view, self.state
        if state.revisions.get(view.id, 0) >= view.revision:
            return []
        state.revisions.pop(view.id, None)  # the newest stand last
        state.revisions[view.id] = view.revision
        for oldest in list(state.revisions)[:-MOVES_KEPT]:
            del state.revisions[oldest]
        agreed = view.state in ("accepted", "effective")
        wanted = {one.agent for one in view.agents if agreed and one.state in LENT}
        back = [agent for agent, (move, _) in state.lent.items() if move == view.id and agent not in wanted]
        gone = [agent for agent in view.terms.agents if agent in wanted and agent not in state.lent]
        for agent in back:
            del state.lent[agent]
        state.lent |= dict.fromkeys(gone, (view.id, view.terms.queue))
        return [*(Change(agent, "") for agent in back), *(Change(agent, view.terms.queue) for agent in gone)]
