"""What the floor's own events say of an agent who is to be lent: whether they serve the queue by now, or have gone.

Nobody tells that a loan has begun. A telephone system shows it in one of two ways: it gives the agent the queue (their
description, and so their tile, names it), or they sign in anew at the centre that the queue belongs to.
"""

from services.alerts.domain.floor import Floor
from services.alerts.domain.values import AgentNow
from services.contracts.moves import MoveTerms


def has_gone(agent: AgentNow | None) -> bool:
    """Whether they are signed off, or were never heard of."""
    return agent is None or agent.plain_state == "offline"


def serves(agent: AgentNow | None, queue: str) -> bool:
    """Whether they are signed in and the queue is among theirs."""
    return agent is not None and not has_gone(agent) and queue in agent.queues


def is_there(agent: AgentNow | None, terms: MoveTerms) -> bool:
    """Whether they serve the queue of a move, or work at its centre now and no longer at their own."""
    if serves(agent, terms.queue):
        return True
    abroad = terms.giver != terms.taker and agent is not None and agent.site == terms.taker
    return abroad and not has_gone(agent)


def now_of(floor: Floor, agent: str) -> int:
    """Event time where the agent is (epoch ms); 0 if nothing was told of them."""
    known = floor.agents.get(agent)
    return 0 if known is None else max(known.as_of, floor.clocks.at(known.site))


def knows_queue(floor: Floor, queue: str) -> bool:
    """Whether there is such a queue: it has contacts, or was described."""
    return queue in floor.queues or f"queue|{queue}" in floor.described
