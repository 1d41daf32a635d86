"""The customer's side: arriving, walking through the voice menu, waiting, giving up."""

from bisect import bisect
from hashlib import blake2b
from heapq import heappush

from services.contracts.events import (
    Abandoned,
    FlowedOut,
    IvrEntered,
    IvrExited,
    IvrFault,
    IvrInputFailed,
    IvrNodeVisited,
    IvrOutcome,
    Offered,
)
from services.ingest.domain.simulator import desk, routing
from services.ingest.domain.simulator.actions import ARRIVE, GIVE_UP, MENU, MISPRESS, OVERFLOW, REDIAL
from services.ingest.domain.simulator.run import Run
from services.ingest.domain.simulator.state import Contact

# What a caller does at the end of a menu node; 0 and up: goes on to that node.
HANGS_UP, IS_CONTAINED, GOES_TO_QUEUE = -1, -2, -3
FAULTS: tuple[IvrFault, ...] = ("invalid", "timeout")
GOLDEN = 0.6180339887498949  # multiples of it, modulo 1, spread evenly


def arrive(run: Run, stream: int, _: int) -> None:
    """A contact arrives, and the next one of this stream is drawn."""
    table = run.layout.streams[stream]
    chance = run.chances[table.site]
    run.schedule(table.rate.next_arrival(run.state.clock, chance), ARRIVE, stream)
    known = run.layout.sites[table.site].customers
    if chance.random() < known.frequent_share:
        customer = int(chance.random() * known.frequent)
    else:
        customer = known.frequent + int(chance.random() * known.pool)
    redial(run, stream, customer)


def redial(run: Run, stream: int, customer: int) -> None:
    """A given customer begins a contact."""
    state, table = run.state, run.layout.streams[stream]
    site = run.layout.sites[table.site]
    state.arrived[table.site] += 1
    state.numbered += 1
    contact = Contact(
        number=state.numbered,
        id=f"{site.id}-{run.day(table.site)}-{run.tag}-{state.arrived[table.site]}",
        site=table.site,
        stream=stream,
        customer=customer,
        customer_id=blake2b(f"{run.seed}|{site.id}|{customer}".encode(), digest_size=8).hexdigest(),
        # Of the customer, not of chance: who calls again is of the same segment.
        segment=min(bisect(site.segment_bounds, customer * GOLDEN % 1.0), len(site.segments) - 1),
        since=state.clock,
    )
    state.contacts[contact.number] = contact
    if table.node < 0:
        _offer(run, contact, table.queue)
        return
    run.said.append(
        IvrEntered(
            run.contact_event_id(contact),
            run.source,
            state.clock,
            run.layout.nodes[table.node].flow,
            contact.id,
            site.segments[contact.segment].id,
            contact.customer_id,
        )
    )
    _visit(run, contact, table.shortcut if contact.segment in table.favoured else table.node)


def _visit(run: Run, contact: Contact, node: int) -> None:
    """The caller reaches a menu node; how it will leave it, and when, is drawn here."""
    table, chance, now = run.layout.nodes[node], run.chances[contact.site], run.state.clock
    run.said.append(
        IvrNodeVisited(
            run.contact_event_id(contact), run.source, now, table.flow, contact.id, contact.since, table.id, table.depth
        )
    )
    listens = table.time(chance) + _fumble(run, contact, node)
    if table.hang_up and chance.random() < table.hang_up:
        listens, then = int(listens * chance.random()), HANGS_UP
    elif table.self_service and chance.random() < table.self_service:
        then = IS_CONTAINED
    elif table.queue >= 0:
        then, contact.queue = GOES_TO_QUEUE, table.queue
    else:
        then = table.choices[min(bisect(table.bounds, chance.random()), len(table.choices) - 1)]
    run.schedule(now + listens, MENU, contact.number, then)


def _fumble(run: Run, contact: Contact, node: int) -> int:
    """Failed inputs at a node, and how much longer the caller listens for them (ms)."""
    table, chance, longer = run.layout.nodes[node], run.chances[contact.site], 0
    for fault, share in enumerate((table.invalid, table.timeouts)):
        if share and chance.random() < share:
            longer += table.time(chance)
            run.schedule(run.state.clock + longer, MISPRESS, contact.number, node * len(FAULTS) + fault)
    return longer


def mispress(run: Run, number: int, what: int) -> None:
    """The caller presses what is no choice, or nothing in time; unless they have gone."""
    contact = run.state.contacts.get(number)
    if contact is None or contact.stage != "ivr":
        return
    node, fault = divmod(what, len(FAULTS))
    table = run.layout.nodes[node]
    run.said.append(
        IvrInputFailed(
            run.contact_event_id(contact), run.source, run.state.clock, table.flow, contact.id, contact.since, table.id,
            FAULTS[fault],
        )
    )  # fmt: skip


def menu(run: Run, number: int, then: int) -> None:
    """The caller's time at a node is over."""
    contact = run.state.contacts[number]
    if then >= 0:
        _visit(run, contact, then)
        return
    queue = run.layout.queues[contact.queue].id if then == GOES_TO_QUEUE else ""
    outcome: IvrOutcome = {HANGS_UP: "abandoned", IS_CONTAINED: "contained", GOES_TO_QUEUE: "to_queue"}[then]  # type: ignore[assignment]  # mypy widens the values to str
    flow = run.layout.nodes[run.layout.streams[contact.stream].node].flow
    run.said.append(
        IvrExited(
            run.contact_event_id(contact), run.source, run.state.clock, flow, contact.id, contact.since, outcome, queue
        )
    )
    if queue:
        _offer(run, contact, contact.queue)
    else:
        del run.state.contacts[number]


def _offer(run: Run, contact: Contact, queue: int) -> None:
    """The contact comes to a queue: an agent takes it at once, or it waits."""
    table, now = run.layout.queues[queue], run.state.clock
    segment = run.layout.sites[contact.site].segments[contact.segment]
    contact.queue, contact.since, contact.stage = queue, now, "waiting"
    run.said.append(
        Offered(
            run.contact_event_id(contact),
            run.source,
            now,
            table.id,
            contact.id,
            table.channel,
            segment.id,
            contact.customer_id,
        )
    )
    agent = routing.agent_for(run, queue)
    if agent >= 0:
        desk.answer(run, contact, agent)
        return
    heappush(run.state.waiting[queue], (-segment.priority, now, contact.number))
    if contact.overflowed:
        return
    if table.patience is not None:
        run.schedule(now + table.patience(run.chances[contact.site]), GIVE_UP, contact.number)
    if table.overflow is not None:
        run.schedule(now + table.overflow[0], OVERFLOW, contact.number)


def give_up(run: Run, number: int, _: int) -> None:
    """Patience ends; one who is still waiting abandons, and may call again."""
    contact = run.state.contacts.get(number)
    if contact is None or contact.stage != "waiting":
        return
    run.said.append(
        Abandoned(
            run.contact_event_id(contact),
            run.source,
            run.state.clock,
            run.layout.queues[contact.queue].id,
            contact.id,
            contact.since,
        )
    )
    del run.state.contacts[number]
    customers, chance = run.layout.sites[contact.site].customers, run.chances[contact.site]
    if customers.redial_share and chance.random() < customers.redial_share:
        later = run.state.clock + round(chance.expovariate(1 / customers.redial_after_s) * 1000)
        run.schedule(later, REDIAL, contact.stream, contact.customer)


def overflow(run: Run, number: int, _: int) -> None:
    """One who is still waiting goes on in another queue. Patience goes on as well: it is the customer's."""
    contact = run.state.contacts.get(number)
    if contact is None or contact.stage != "waiting":
        return
    table = run.layout.queues[contact.queue]
    assert table.overflow is not None
    target = table.overflow[1]
    run.said.append(
        FlowedOut(
            run.contact_event_id(contact),
            run.source,
            run.state.clock,
            table.id,
            contact.id,
            contact.since,
            "overflow",
            run.layout.queues[target].id,
        )
    )
    contact.overflowed = True
    _offer(run, contact, target)
