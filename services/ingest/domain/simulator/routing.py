"""Skill-based routing: who takes a contact, and which contact a free agent takes.

A contact goes to the agent who has been idle longest among those with the skill; a chat, if nobody is idle, to one
who has chats but not yet all they can have. A free agent takes the waiting contact of the highest priority among
the queues they serve, and of these the one that waits longest: within a queue and priority, first come, first served.
"""

from heapq import heappop

from services.ingest.domain.simulator.run import Run


def agent_for(run: Run, queue: int) -> int:
    """The agent who takes a contact that arrives in `queue` now, or −1."""
    table, state = run.layout.queues[queue], run.state
    best, found = 0, -1
    for group in table.groups:
        idle = state.idle[group]
        while idle and state.agents[idle[0][1]].ticket != idle[0][0]:
            heappop(idle)
        if idle and (found < 0 or idle[0][0] < best):
            best, found = idle[0]
    if found >= 0 or table.channel != "chat":
        return found
    for group in table.groups:
        spare = state.spare[group]
        while spare and state.agents[spare[0][1]].spare != spare[0][0]:
            heappop(spare)
        if spare and (found < 0 or spare[0][0] < best):
            best, found = spare[0]
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


def _open_queues(run: Run, index: int) -> tuple[int, ...]:
    group = run.layout.groups[run.layout.agents[index].group]
    if not run.state.agents[index].contacts:
        return group.skills
    return group.chats if can_take_more(run, index) else ()


def _still_waits(run: Run, number: int, queue: int) -> bool:
    contact = run.state.contacts.get(number)
    return contact is not None and contact.stage == "waiting" and contact.queue == queue
