"""`simulate` obeys moves of the journal on a real Kafka, and is killed meanwhile: no event differs from those of a
simulation that was given the same orders and never stopped."""

import asyncio
import signal

import msgspec
import pytest

from services.contracts.events import Answered, Heartbeat
from services.contracts.moves import LoanedAgent, MoveState, MoveStep, MoveTerms, MoveView
from services.contracts.topology import Agent, record_adapter
from services.ingest import log
from services.ingest.domain.simulator import Order, Simulator
from services.ingest.pbx import Kept
from services.ingest.profiles import shipped_profiles
from services.ingest.simulate import read_floor
from services.runtime import kafka
from services.runtime.settings import CommonSettings
from tests.integration.simulator.test_restart import SEED, START, Command, at, logs

LENT = ("athens-a-01", "athens-a-02")
QUEUE = "lisbon/retail"
UNTIL = "1999-01-13T12:00+02:00"
PACE = ("--speed", "600", "--until", UNTIL)


def step(revision: int, state: MoveState, move: str = "m1") -> MoveStep:
    terms = MoveTerms(giver="athens", taker="lisbon", queue=QUEUE, agents=LENT, until=4_000_000_000_000)
    view = MoveView(
        id=move, revision=revision, state=state, terms=terms, proposed_by="dora", proposed_at=0,
        agents=tuple(LoanedAgent(agent=agent) for agent in LENT),
    )  # fmt: skip
    return MoveStep(id=f"move|{move}|{revision}", step=state, at=0, by="dora", view=view)


async def decide(settings: CommonSettings, *steps: MoveStep) -> None:
    await kafka.ensure_topics(settings)
    producer = kafka.producer(settings)
    await producer.start()
    try:
        for each in steps:
            name = settings.names.journal.name
            await producer.send_and_wait(name, each.model_dump_json().encode(), key=each.id.encode())
    finally:
        await producer.stop()


async def kept_orders(settings: CommonSettings) -> list[Order]:
    value = await log.newest(settings, settings.names.positions.name, b"simulator|orders")
    return [] if value is None else [Order(*order) for order in msgspec.json.decode(value, type=Kept).orders]


async def queues_of(settings: CommonSettings, agent: str) -> tuple[str, ...]:
    found = await log.newest(settings, settings.names.topology.name, f"agent|{agent}".encode())
    described = record_adapter.validate_json(found or b"")
    assert isinstance(described, Agent)
    return described.queues


@pytest.fixture
def command(settings: CommonSettings, environment: dict[str, str]) -> Command:
    return Command(environment)


def test_a_killed_simulation_goes_on_with_the_same_loans(command: Command, settings: CommonSettings) -> None:
    assert command.end_at("1999-01-13T10:10+02:00", signal.SIGKILL, *PACE) == -signal.SIGKILL
    asyncio.run(decide(settings, step(1, "proposed"), step(2, "accepted")))
    assert command.end_at("1999-01-13T10:40+02:00", signal.SIGKILL, *PACE) == -signal.SIGKILL
    orders = asyncio.run(kept_orders(settings))
    assert [(order.agent, order.queue) for order in orders] == [(agent, QUEUE) for agent in LENT]
    assert asyncio.run(queues_of(settings, LENT[0])) == (QUEUE,)

    # The desk was killed too: its steps stand on the journal again, the old ones after the new one.
    asyncio.run(decide(settings, step(3, "returned"), step(1, "proposed"), step(2, "accepted"), step(3, "returned")))
    assert command.end_at("1999-01-13T11:10+02:00", signal.SIGKILL, *PACE) == -signal.SIGKILL
    code, told, complaint = command.run(*PACE)
    assert (code, told[-1]["phase"]) == (0, "done"), complaint

    orders = asyncio.run(kept_orders(settings))
    assert [(order.agent, order.queue) for order in orders[2:]] == [(agent, "") for agent in LENT]
    assert asyncio.run(queues_of(settings, LENT[0])) == ("athens/retail", "athens/cards")
    _check(settings, orders)


def _check(settings: CommonSettings, orders: list[Order]) -> None:
    undisturbed = Simulator(read_floor("demo"), SEED, at(START), profiles=shipped_profiles())
    for order in orders:
        undisturbed.obey(order)
    expected = {event.event_id: event for event in undisturbed.run_until(at(UNTIL)) if not isinstance(event, Heartbeat)}
    found = [event for one in asyncio.run(logs(settings)) for event in one.events if not isinstance(event, Heartbeat)]
    assert {event.event_id: event for event in found} == expected
    assert len(found) == len(expected)
    abroad = {event.agent for event in found if isinstance(event, Answered) and event.queue == QUEUE}
    assert set(LENT) <= abroad
