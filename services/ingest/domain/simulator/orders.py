"""What the simulated telephone system is told from outside: to lend an agent to a queue, or to take them back.

An order is an input of the simulation like its seed: the same floor, seed, start and orders give the same events.
"""

from typing import NamedTuple

from services.ingest.domain.simulator import desk
from services.ingest.domain.simulator.run import Run

HOME = ""


class Order(NamedTuple):
    """From `at` (epoch ms, event time) on `agent` serves `queue` (`site/queue`) alone; HOME: their own queues again."""

    at: int
    agent: str
    queue: str


class Orders:
    """Those of one simulation, in the order of their times. What has been obeyed stands in the state."""

    def __init__(self, run: Run) -> None:
        """There are none yet."""
        self.known: list[Order] = []
        self._run = run
        self._agents = {agent.id: index for index, agent in enumerate(run.layout.agents)}
        self._queues = {queue.id: index for index, queue in enumerate(run.layout.queues)}

    def concerns(self, order: Order) -> bool:
        """Whether agent and queue are of this floor; no other order can be obeyed."""
        return order.agent in self._agents and order.queue in self._queues.keys() | {HOME}

    def due(self) -> int | None:
        """When the next order is to be obeyed, or None."""
        obeyed = len(self._run.state.orders)
        return self.known[obeyed].at if obeyed < len(self.known) else None

    def obey(self) -> None:
        """Obey the next one."""
        state = self._run.state
        order = self.known[len(state.orders)]
        state.orders.append(order)
        queue = self._queues[order.queue] if order.queue != HOME else desk.OWN
        desk.lend(self._run, self._agents[order.agent], queue)

    def begin_with(self, obeyed: list[tuple[int, str, str]]) -> bool:
        """Whether these are the first of them."""
        return [tuple(order) for order in self.known[: len(obeyed)]] == [tuple(order) for order in obeyed]
