"""A floor of two centres that lend each other agents, second by second; the wall clock and the feeds' are the same."""

from collections.abc import Iterable
from typing import Any

from services.alerts.domain.desk import Desk
from services.alerts.domain.moves import Moves
from services.alerts.domain.section import Fact, View
from services.contracts.agents import AgentTile, AgentTotals
from services.contracts.desk import AnyCommand, News, Outcome, command_adapter
from services.contracts.moves import MoveStep, MoveView
from services.contracts.people import Actor
from tests.unit.alerts.floor import NAMES, clock, tick, tile

PORTO, LISBON = "porto/retail", "lisbon/retail"
DORA = Actor(name="dora", role="dispatcher")


def agent(id_: str, at: float, *, queues: Iterable[str] = (PORTO,), state: str = "available", site: str = "") -> Any:
    """An agent's tile; the site is the first part of the id if nothing else is said."""
    return AgentTile(
        id=id_, site=site or id_.partition("-")[0], team="", name=id_, queues=tuple(queues), as_of=round(at * 1000),
        offset=0, state=state, reason="", since=0, contact="", activity="on_queue", planned=None, next_planned=None,
        next_change_at=None, adherence="unscheduled", adherence_since=0, date="1970-01-01", totals=AgentTotals(),
    )  # fmt: skip


class Floor:
    """Porto's agents ann, bob and cid are signed in; Lisbon's retail queue would like to have them."""

    def __init__(self) -> None:
        self.desk = self._desk()
        self.desk.restore(None)
        self.steps: list[MoveStep] = []
        self.shown: list[View] = []
        self.outcomes: list[Outcome] = []
        self.now = 0.0
        self._commands = 0
        self.news(tick(0), tile(PORTO, 0), tile(LISBON, 0), clock("porto", 0), clock("lisbon", 0))
        self.news(*(agent(f"porto-{name}", 0) for name in ("ann", "bob", "cid")))

    def _desk(self) -> Desk:
        return Desk(NAMES, [Moves(NAMES)])

    def news(self, *items: News | AnyCommand) -> list[str]:
        """What the desk says to it: `step at second`, with the agent if it is about one."""
        return self._hear(self.desk.take(items))

    def _hear(self, facts: Iterable[Fact]) -> list[str]:
        told = []
        for fact in facts:
            self.shown += fact.views
            if isinstance(fact.value, MoveStep):
                self.steps.append(fact.value)
                told.append(" ".join(filter(None, (fact.value.step, fact.value.agent.removeprefix("porto-")))))
            elif isinstance(fact.value, Outcome):
                self.outcomes.append(fact.value)
        return told

    def at(self, second: float, *items: News) -> list[str]:
        """Everybody's clock shows `second`; then something is told."""
        self.now = second
        clocks = [clock(site, second) for site in ("porto", "lisbon")]
        return self.news(tick(second), *clocks) + self.news(*items)

    def see(self, name: str, *queues: str, state: str = "available", site: str = "") -> list[str]:
        """An agent of Porto is seen with these queues now."""
        return self.news(agent(f"porto-{name}", self.now, queues=queues, state=state, site=site))

    def do(self, what: str, move: str = "m1", *, by: Actor = DORA, **more: Any) -> str:
        """Give a command; the outcome's code."""
        self._commands += 1
        id_ = more.pop("id", f"c{self._commands}")
        content = {"do": what, "id": id_, "at": round(self.now * 1000), "by": by.model_dump(), "target": move}
        self.news(command_adapter.validate_python(content | more))
        return self.outcomes[-1].code

    def propose(self, *names: str, move: str = "m1", until: float = 3600, by: Actor = DORA, **more: Any) -> str:
        """Lisbon asks Porto for agents."""
        terms = {
            "giver": "porto", "taker": "lisbon", "queue": LISBON, "until": round(until * 1000),
            "agents": [f"porto-{name}" for name in names or ("ann", "bob")],
        }  # fmt: skip
        named = {"id": more.pop("id")} if "id" in more else {}
        return self.do("propose_move", move, by=by, **named, terms=terms | more)

    def move(self, id_: str = "m1") -> MoveView:
        """A move as it stands."""
        value = next(view.value for view in self.desk.views() if view.id == id_)
        assert isinstance(value, MoveView)
        return value

    def agents(self, move: str = "m1") -> dict[str, str]:
        """Who is how in a move."""
        return {one.agent.removeprefix("porto-"): one.state for one in self.move(move).agents}

    def restart(self) -> None:
        """A new process with the snapshot of this moment."""
        desk = self._desk()
        assert desk.restore(self.desk.snapshot()) == []
        assert desk.views() == self.desk.views()
        self.desk = desk
