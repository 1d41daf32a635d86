"""What must be so for agents to be asked for."""

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from services.alerts.domain.floor import Floor
from services.alerts.domain.moves.seen import has_gone, knows_queue
from services.contracts.desk import OutcomeCode
from services.contracts.moves import MoveTerms
from services.contracts.topology import Id

_id: TypeAdapter[str] = TypeAdapter(Id)


class Fault(NamedTuple):
    """Why a proposal is refused; `message` names the field."""

    code: OutcomeCode
    message: str


def fault_of(id_: str, terms: MoveTerms, at: int, floor: Floor, holder: Mapping[str, str]) -> Fault | None:
    """The first thing that is wrong with a proposal.

    Whether the giver can spare them is not asked here: that is for people to decide, with what the model expects.

    Args:
        id_: of the new move.
        terms: who is asked of whom.
        at: wall clock, epoch ms.
        floor: as it is.
        holder: agents who are in an open move, and which.
    """
    try:
        _id.validate_python(id_)
    except ValidationError:
        return Fault("invalid", f"target: {id_[:80]!r} is no id")
    if terms.until <= at:
        return Fault("invalid", "terms.until: lies in the past")
    if not knows_queue(floor, terms.queue):
        return Fault("invalid", f"terms.queue: there is no queue {terms.queue!r}")
    for number, agent in enumerate(terms.agents):
        if fault := _fault_of_agent(agent, terms, floor, holder):
            return fault._replace(message=f"terms.agents[{number}]: {fault.message}")
    if floor.is_silent(terms.giver):
        return Fault("not_now", f"terms.giver: {terms.giver} has no feed now; nobody knows who is signed in")
    return None


def _fault_of_agent(agent: str, terms: MoveTerms, floor: Floor, holder: Mapping[str, str]) -> Fault | None:
    known = floor.agents.get(agent)
    if known is None:
        return Fault("invalid", f"there is no agent {agent!r}")
    if known.site != terms.giver:
        return Fault("invalid", f"{agent} is at {known.site}, not at {terms.giver}")
    if (move := holder.get(agent)) is not None:
        return Fault("taken", f"{agent} is in move {move} already")
    if terms.queue in known.queues:
        return Fault("invalid", f"{agent} serves {terms.queue} already")
    if has_gone(known):
        return Fault("not_now", f"{agent} is not signed in")
    return None
