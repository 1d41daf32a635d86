"""The simulator: feed it a floor, a seed and a start, ask for the events up to a time, keep and restore it."""

from heapq import heappop
from random import Random

import msgspec

from services.ingest.domain.simulator import actions, callers, desk
from services.ingest.domain.simulator.floor import Floor
from services.ingest.domain.simulator.layout import Layout, Profiles
from services.ingest.domain.simulator.orders import Order, Orders
from services.ingest.domain.simulator.run import Action, Event, Run
from services.ingest.domain.simulator.state import Agent, State

VERSION = 2  # raise it whenever the same floor, seed and start would give other events, or State changes
FOREVER = 1 << 62

HANDLERS: dict[int, Action] = {
    actions.ARRIVE: callers.arrive,
    actions.REDIAL: callers.redial,
    actions.MENU: callers.menu,
    actions.GIVE_UP: callers.give_up,
    actions.OVERFLOW: callers.overflow,
    actions.STEP: desk.step,
    actions.PLAN: desk.plan,
    actions.SIGN_IN: desk.sign_in,
    actions.BREAK: desk.pause,
    actions.BACK: desk.back,
    actions.SIGN_OFF: desk.sign_off,
    actions.MISPRESS: callers.mispress,
}


class SnapshotError(ValueError):
    """A snapshot that can't be gone on from: of another floor, or of another version of the simulator."""


class Snapshot(msgspec.Struct):
    """All that is needed to go on, the floor itself excepted."""

    version: int
    digest: str
    seed: int
    start: int
    state: State
    chances: list[tuple[int, tuple[int, ...], float | None]]


class Simulator:
    """A discrete-event simulation in event time. It reads no clock: `run_until` says how far to go.

    The same floor, seed, start and orders give the same events, in whatever steps they are asked for.
    """

    def __init__(self, floor: Floor, seed: int, start: int, *, profiles: Profiles, source: str = "simulator") -> None:
        """Open the floor with nobody waiting; agents whose shift is under way sign in at once.

        Args:
            floor: what to simulate.
            seed: of all chance. Each site has its own, so that one more site changes nothing at the others.
            start: epoch ms.
            profiles: the named shapes of a day that the floor may use, 48 weights each.
            source: the feed's id, in every event.
        """
        self.floor, self.seed, self.start = floor, seed, start
        layout = Layout(floor, profiles, start)
        state = State(
            clock=start,
            agents=[Agent(contacts=[]) for _ in layout.agents],
            waiting=[[] for _ in layout.queues],
            idle=[[] for _ in layout.groups],
            spare=[[] for _ in layout.groups],
            arrived=[0] * len(layout.sites),
            agenda=[],
            contacts={},
        )
        chances = [Random(f"{seed}|{site.id}") for site in layout.sites]
        self._run = Run(layout, state, chances, seed=seed, start=start, source=source)
        self._orders = Orders(self._run)
        for index in range(len(layout.agents)):
            desk.plan(self._run, index, 0)
        for index, stream in enumerate(layout.streams):
            first = stream.rate.next_arrival(start, chances[stream.site])
            self._run.schedule(first, actions.ARRIVE, index)

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same seed and start would give other events. A kept position counts only for its own."""
        return f"{VERSION}-{self.floor.digest}"

    @property
    def clock(self) -> int:
        """How far it has come: every event up to and at this time has been given out."""
        return self._run.state.clock

    def concerns(self, order: Order) -> bool:
        """Whether agent and queue are of this floor; no other order can be obeyed."""
        return self._orders.concerns(order)

    def obey(self, order: Order) -> None:
        """Do something at a time that is not over yet.

        Raises:
            ValueError: events up to that time have been given out, or another order comes later than this one.
        """
        if order.at <= self.clock or (self._orders.known and order.at < self._orders.known[-1].at):
            raise ValueError(f"an order for {order.at} comes too late: it is {self.clock}")
        self._orders.known.append(order)

    def run_until(self, until: int, limit: int = FOREVER) -> list[Event]:
        """Go on to `until` (epoch ms, inclusive) and give the events since the last call, in time order.

        With `limit`, stop at the end of the millisecond in which that many events are reached; `clock` tells where.
        """
        run, state = self._run, self._run.state
        agenda = state.agenda
        said: list[Event] = []
        run.said = said
        handlers = HANDLERS
        order_at = self._orders.due()
        while (at := agenda[0][0] if agenda else FOREVER) <= until or (order_at is not None and order_at <= until):
            if order_at is not None and order_at <= at:
                at = order_at
            if len(said) >= limit and at > state.clock:
                return said
            state.clock = at
            if at == order_at:
                self._orders.obey()
                order_at = self._orders.due()
                continue
            _, _, action, subject, argument = heappop(agenda)
            handlers[action](run, subject, argument)
        state.clock = max(state.clock, until)
        return said

    def snapshot(self) -> bytes:
        """Everything that is needed to go on from here, the floor itself excepted."""
        chances = [chance.getstate() for chance in self._run.chances]
        return _encode(Snapshot(VERSION, self.floor.digest, self.seed, self.start, self._run.state, chances))

    def restore(self, snapshot: bytes) -> None:
        """Go on exactly where the simulator that made the snapshot was: same floor, seed, start and orders so far.

        Raises:
            SnapshotError: it belongs to another floor, seed, start, version or orders, or is no snapshot.
        """
        try:
            kept = _decode(snapshot)
        except msgspec.DecodeError as error:
            raise SnapshotError(f"no snapshot of this version of the simulator: {error}") from error
        if kept.version != VERSION:
            raise SnapshotError(f"the snapshot is of version {kept.version}, this simulator is of version {VERSION}")
        if (kept.digest, kept.seed, kept.start) != (self.floor.digest, self.seed, self.start):
            raise SnapshotError("the snapshot belongs to another floor, seed or start")
        if not self._orders.begin_with(kept.state.orders):
            raise SnapshotError("the snapshot followed orders that are not known here")
        self._run.state = kept.state
        for chance, was in zip(self._run.chances, kept.chances, strict=True):
            chance.setstate(was)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Snapshot).decode
