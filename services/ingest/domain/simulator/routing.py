"""Skill-based routing: who takes a contact, and which contact a free agent takes.

A contact goes to the agent who has been idle longest among those with the skill; a chat, if nobody is idle, to one
who has chats but not yet all they can have. A free agent takes the waiting contact of the highest priority among
the queues they serve, and of these the one that waits longest: within a queue and priority, first come, first served.
Who is lent to a queue stands in none of the lines of their group: there are few of them, and they are looked through.
"""

from collections.abc import Callable
from heapq import heappop
from operator import attrgetter

from services.ingest.domain.simulator.run import Run
from services.ingest.domain.simulator.state import Agent

Ticket = Callable[[Agent], int]
_idle: Ticket = attrgetter("ticket")
_spare: Ticket = attrgetter("spare")


def agent_for(run: Run, queue: int) -> int:
    """The agent who takes a contact that arrives in `queue` now, or −1."""
    found = _first_in_line(run, queue, run.state.idle, _idle)
    if found >= 0 or run.layout.queues[queue].channel != "chat":
        return found
    return _first_in_line(run, queue, run.state.spare, _spare)


def _first_in_line(run: Run, queue: int, lines: list[list[tuple[int, int]]], ticket_of: Ticket) -> int:
    """The agent with the lowest ticket of those who serve the queue, or −1. Stale entries are thrown away."""
    agents = run.state.agents
    best, found = 0, -1
    for group in run.layout.queues[queue].groups:
        line = lines[group]
        while line and ticket_of(agents[line[0][1]]) != line[0][0]:
            heappop(line)
        if line and (found < 0 or line[0][0] < best):
            best, found = line[0]
    for index in _lent_to(run, queue):
        ticket = ticket_of(agents[index])
        if ticket and (found < 0 or ticket < best):
            best, found = ticket, index
    return found


def contact_for(run: Run, index: int) -> int:
    """The number of the waiting contact that the agent takes now, already out of its queue's line, or −1."""
    state = run.state
    queues = _open_queues(run, index)
    best: tuple[int, int, int] | None = None
    where = -1
    for queue in queues:
        line = state.waiting[queue]
        while line and not _still_waits(run, line[0][2], queue):
            heappop(line)
        if line and (best is None or line[0] < best):
            best, where = line[0], queue
    if best is None:
        return -1
    heappop(state.waiting[where])
    return best[2]


def can_take_more(run: Run, index: int) -> bool:
    """Whether an agent who has contacts can have one more chat."""
    group = run.layout.groups[run.layout.agents[index].group]
    contacts = run.state.agents[index].contacts
    if len(contacts) >= group.chats_at_once:
        return False
    return run.layout.queues[run.state.contacts[contacts[0]].queue].channel == "chat"


def _lent_to(run: Run, queue: int) -> list[int]:
    lent = run.state.lent
    return [index for index, where in lent.items() if where == queue] if lent else []


def _open_queues(run: Run, index: int) -> tuple[int, ...]:
    lent = run.state.lent.get(index)
    if lent is not None:
        chat = run.layout.queues[lent].channel == "chat"
        open_ = not run.state.agents[index].contacts or (chat and can_take_more(run, index))
        return (lent,) if open_ else ()
    group = run.layout.groups[run.layout.agents[index].group]
    if not run.state.agents[index].contacts:
        return group.skills
    return group.chats if can_take_more(run, index) else ()


def _still_waits(run: Run, number: int, queue: int) -> bool:
    contact = run.state.contacts.get(number)
    return contact is not None and contact.stage == "waiting" and contact.queue == queue
