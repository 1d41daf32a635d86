"""The simulated telephone system obeys what people have agreed on: accepted moves.

An order is on Kafka before any event that follows from it, and so is how far the floor's time may come. So a
simulation that is killed finds, beside its position, every order that its events know of, with the moment from which it
held; and what it is told anew holds only from a moment of which no event can have gone out.

Other decisions of the desk (a plan's second line, announcements, overflow) would come the same way: a change from a
step of the journal (`domain/loans.py`), an Order, and what the simulator does by it.
"""

from collections.abc import Iterable
from typing import Self

import msgspec

from services.contracts.moves import MoveStep
from services.ingest.domain.loans import Change, Loans, LoansState
from services.ingest.domain.simulator import HOME, Floor, Order, Simulator, topology_of
from services.ingest.journal import Journal
from services.ingest.outlet import Outlet
from services.ingest.settings import IngestSettings
from services.runtime.logs import get_logger

NAME = "orders"
AHEAD_S = 1.0
"""Real seconds that are promised at once: as often it is written, and as late an order may hold after a crash."""
AT_MAX = 7_200.0
"""About as many times real time is `max`."""


class Kept(msgspec.Struct):
    """What stands on Kafka, for the simulation with this fingerprint, seed and start.

    `offset`: of the journal. `horizon`: epoch ms of the floor's time; no event after it has gone out.
    """

    fingerprint: str
    seed: int
    start: int
    offset: int = 0
    horizon: int = 0
    orders: list[tuple[int, str, str]] = []
    loans: LoansState = msgspec.field(default_factory=LoansState)


_decode = msgspec.json.Decoder(Kept).decode


class Pbx:
    """Of one simulation."""

    def __init__(self, settings: IngestSettings, outlet: Outlet, floor: Floor, kept: Kept, speed: float) -> None:
        """Go on with what is kept."""
        self._ahead_ms = round((speed or AT_MAX) * AHEAD_S * 1000)
        self._not_before = kept.horizon
        self._outlet = outlet
        self._floor = floor
        self._kept = kept
        self._loans = Loans(kept.loans)
        self.journal = Journal(settings, kept.offset)

    @classmethod
    async def of(
        cls, settings: IngestSettings, outlet: Outlet, simulator: Simulator, *, speed: float, again: bool
    ) -> Self:
        """That of a simulation which stands at its start; it is given every order that is kept for it.

        Args:
            settings: broker and names.
            outlet: of the simulation's feed.
            simulator: at its start.
            speed: feed seconds per real second; 0 for as fast as Kafka takes it.
            again: it begins anew: forget the orders of an earlier run.
        """
        kept = Kept(simulator.fingerprint, simulator.seed, simulator.start)
        value = await outlet.kept(NAME)
        if value is not None:
            known = _decode(value)
            if again:
                await outlet.keep(NAME, msgspec.json.encode(kept))
            elif (known.fingerprint, known.seed, known.start) == (kept.fingerprint, kept.seed, kept.start):
                kept = known
        for order in kept.orders:
            simulator.obey(Order(*order))
        return cls(settings, outlet, simulator.floor, kept, speed)

    async def describe(self) -> None:
        """Tell what the floor is made of, with who serves what now."""
        await self._outlet.topology(topology_of(self._floor, self._lent()).records)

    async def reach(self, target: int) -> None:
        """Return when events up to `target` (epoch ms) may go out."""
        if target > self._kept.horizon:
            self._kept.horizon = target + self._ahead_ms
            await self._keep()

    async def obey(self, simulator: Simulator) -> None:
        """Give the simulator the orders that follow from what has come on the journal by now."""
        steps, offset = self.journal.take()
        orders = self._orders(steps, simulator)
        if not orders:
            return
        self._kept.offset = offset
        self._kept.orders += orders
        await self._keep()
        for order in orders:
            simulator.obey(order)
            get_logger().info(
                "the simulated PBX obeys", agent=order.agent, queue=order.queue or "their own", at=order.at
            )
        agents = {order.agent for order in orders}
        described = topology_of(self._floor, self._lent()).agents
        await self._outlet.topology(agent for agent in described if agent.id in agents)

    def _orders(self, steps: Iterable[MoveStep], simulator: Simulator) -> list[Order]:
        changes: list[Change] = [change for step in steps for change in self._loans.take(step)]
        at = max(simulator.clock, self._not_before) + 1
        orders = [Order(at, agent, queue) for agent, queue in changes]
        return [order for order in orders if simulator.concerns(order)]

    async def _keep(self) -> None:
        await self._outlet.keep(NAME, msgspec.json.encode(self._kept))

    def _lent(self) -> dict[str, str]:
        lent = {agent: queue for _, agent, queue in self._kept.orders}
        return {agent: queue for agent, queue in lent.items() if queue != HOME}
