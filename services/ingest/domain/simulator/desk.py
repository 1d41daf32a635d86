"""The agent's side: answering, holding, wrapping up, signing in and off, breaks."""

from heapq import heappush

from services.contracts.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentState,
    AgentStateChanged,
    Answered,
    Ended,
)
from services.ingest.domain.simulator import routing
from services.ingest.domain.simulator.actions import BACK, BREAK, PLAN, SIGN_IN, STEP
from services.ingest.domain.simulator.actions import SIGN_OFF as SIGN_OFF_DUE
from services.ingest.domain.simulator.roster import next_shift
from services.ingest.domain.simulator.run import Run
from services.ingest.domain.simulator.state import NOTHING, SIGN_OFF, Contact

TALKING, HOLDING, RESUMED, WRAPPING, OVER = range(5)
OWN = -1
"""Where an agent serves who is not lent: their own queues."""


def answer(run: Run, contact: Contact, index: int) -> None:
    """The agent takes the contact now. How long it will last is drawn here, all at once."""
    agent = run.state.agents[index]
    table, chance, now = run.layout.queues[contact.queue], run.chances[contact.site], run.state.clock
    name = run.layout.agents[index].id
    run.said.append(Answered(run.contact_event_id(contact), run.source, now, table.id, contact.id, contact.since, name))
    contact.stage, contact.agent = "talking", index
    contact.talk_ms = table.service(chance)
    if table.hold_probability and chance.random() < table.hold_probability:
        contact.hold_ms = table.hold(chance)
        before_hold = int(contact.talk_ms * chance.random())
        contact.talk_left_ms = contact.talk_ms - before_hold
        run.schedule(now + before_hold, STEP, contact.number, HOLDING)
    else:
        run.schedule(now + contact.talk_ms, STEP, contact.number, WRAPPING)
    contact.wrap_up_ms = table.wrap_up(chance)
    agent.contacts.append(contact.number)
    agent.ticket = agent.spare = 0
    if table.channel == "chat" and agent.wants == NOTHING and routing.can_take_more(run, index):
        _offer_spare(run, index)
    _show_work(run, index)


def lend(run: Run, index: int, queue: int) -> None:
    """The agent serves that queue alone from now on (OWN: their own again); what is in hand is finished first."""
    state, agent = run.state, run.state.agents[index]
    if queue == OWN:
        state.lent.pop(index, None)
    else:
        state.lent[index] = queue
    agent.spare = 0
    if agent.state == "available":
        agent.ticket = 0
        _free(run, index)


def step(run: Run, number: int, into: int) -> None:
    """A contact goes on: on hold, back from it, into wrap-up, to its end."""
    contact, now = run.state.contacts[number], run.state.clock
    if into == HOLDING:
        contact.stage = "hold"
        run.schedule(now + contact.hold_ms, STEP, number, RESUMED)
    elif into == RESUMED:
        contact.stage = "talking"
        run.schedule(now + contact.talk_left_ms, STEP, number, WRAPPING)
    elif into == WRAPPING and contact.wrap_up_ms:
        contact.stage = "wrap_up"
        run.schedule(now + contact.wrap_up_ms, STEP, number, OVER)
    else:
        _end(run, contact)
        return
    _show_work(run, contact.agent)


def _end(run: Run, contact: Contact) -> None:
    agent, table = run.state.agents[contact.agent], run.layout.queues[contact.queue]
    run.said.append(
        Ended(
            run.contact_event_id(contact),
            run.source,
            run.state.clock,
            table.id,
            contact.id,
            contact.since,
            contact.talk_ms,
            contact.hold_ms,
            contact.wrap_up_ms,
            run.layout.agents[contact.agent].id,
        )
    )
    agent.contacts.remove(contact.number)
    del run.state.contacts[contact.number]
    _free(run, contact.agent)


def _free(run: Run, index: int) -> None:
    """An agent has room: leave if that is wanted, else take what waits, else wait for a contact."""
    state, agent = run.state, run.state.agents[index]
    if agent.wants != NOTHING:
        if agent.contacts:
            _show_work(run, index)
        else:
            _leave(run, index)
        return
    while (number := routing.contact_for(run, index)) >= 0:
        answer(run, state.contacts[number], index)
    if not agent.contacts:
        state.tickets += 1
        agent.ticket, agent.spare = state.tickets, 0
        if index not in state.lent:
            heappush(state.idle[run.layout.agents[index].group], (agent.ticket, index))
        _show(run, index, "available")
    else:
        if not agent.spare and routing.can_take_more(run, index):
            _offer_spare(run, index)
        _show_work(run, index)


def _offer_spare(run: Run, index: int) -> None:
    """An agent with chats could take one more."""
    state, agent = run.state, run.state.agents[index]
    state.tickets += 1
    agent.spare = state.tickets
    if index not in state.lent:
        heappush(state.spare[run.layout.agents[index].group], (agent.spare, index))


def _leave(run: Run, index: int) -> None:
    """Sign off or go on the break that is due."""
    agent, table = run.state.agents[index], run.layout.agents[index]
    wanted, agent.wants = agent.wants, NOTHING
    agent.ticket = agent.spare = 0
    if wanted == SIGN_OFF:
        agent.state, agent.shown_contact = "offline", ""
        site = run.layout.sites[table.site].id
        run.said.append(AgentLoggedOut(run.agent_event_id(index, agent), run.source, run.state.clock, table.id, site))
        return
    pause = table.shift.breaks[wanted]
    agent.back_at = run.state.clock + pause.minutes * 60_000
    run.schedule(agent.back_at, BACK, index)
    _show(run, index, "not_ready", reason=pause.reason)


def plan(run: Run, index: int, _: int) -> None:
    """Put the agent's next working day on the agenda; what lies before now has been missed, but for signing in."""
    table, now = run.layout.agents[index], run.state.clock
    if table.shift.round_the_clock:
        run.schedule(now, SIGN_IN, index)
        return
    site = table.site
    zone = run.layout.sites[site].zone
    planned = next_shift(table.shift, zone, now, table.place, run.chances[site])
    run.schedule(max(planned.start, now), SIGN_IN, index)
    for at, which in planned.breaks:
        if at >= now:
            run.schedule(at, BREAK, index, which)
    run.schedule(max(planned.end, now), SIGN_OFF_DUE, index)
    run.schedule(planned.over, PLAN, index)


def sign_in(run: Run, index: int, _: int) -> None:
    """An agent's shift begins."""
    agent, table = run.state.agents[index], run.layout.agents[index]
    if agent.state != "offline":
        return
    site = run.layout.sites[table.site].id
    run.said.append(
        AgentLoggedIn(run.agent_event_id(index, agent), run.source, run.state.clock, table.id, site, table.team)
    )
    _show(run, index, "available")
    _free(run, index)


def sign_off(run: Run, index: int, _: int) -> None:
    """An agent's shift is over; what is in hand is finished first."""
    _want(run, index, SIGN_OFF)


def pause(run: Run, index: int, which: int) -> None:
    """A break is due; what is in hand is finished first. Whoever is away or about to go has no further break."""
    agent = run.state.agents[index]
    if agent.state != "not_ready" and agent.wants == NOTHING:
        _want(run, index, which)


def back(run: Run, index: int, _: int) -> None:
    """A break is over, unless the agent has signed off since."""
    agent = run.state.agents[index]
    if agent.state == "not_ready" and agent.back_at == run.state.clock:
        _show(run, index, "available")
        _free(run, index)


def _want(run: Run, index: int, what: int) -> None:
    agent = run.state.agents[index]
    if agent.state == "offline":
        return
    agent.wants, agent.ticket, agent.spare = what, 0, 0
    if not agent.contacts:
        _leave(run, index)


def _show_work(run: Run, index: int) -> None:
    """The state of an agent with contacts: talking before hold before wrap-up, of whichever contact comes first."""
    contacts = [run.state.contacts[number] for number in run.state.agents[index].contacts]
    for stage in ("talking", "hold", "wrap_up"):
        for contact in contacts:
            if contact.stage == stage:
                _show(run, index, stage, contact=contact.id)
                return


def _show(run: Run, index: int, into: AgentState, *, reason: str = "", contact: str = "") -> None:
    """Say the agent's state if it is a new one."""
    agent = run.state.agents[index]
    if agent.state == into and agent.shown_contact == contact:
        return
    agent.state, agent.shown_contact = into, contact
    table = run.layout.agents[index]
    run.said.append(
        AgentStateChanged(
            run.agent_event_id(index, agent),
            run.source,
            run.state.clock,
            table.id,
            run.layout.sites[table.site].id,
            into,
            reason,
            contact,
        )
    )
