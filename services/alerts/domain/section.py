"""The port between the desk and its sections: alerts, adherence alerts, contingency plans, moves.

The desk (desk.py) keeps the *floor* up to date with what metrics says and asks every section after each record. A
section is pure: what it says is a function of the floor and the commands, in their order, so that the same log leads
to the same facts with the same ids.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from services.alerts.domain.crowds import Group
from services.alerts.domain.floor import Floor
from services.contracts.desk import AnyCommand, OutcomeCode
from services.contracts.names import Topic
from services.contracts.topology import Contract


class View(NamedTuple):
    """How something stands now, for Redis and the pages: a contract with `kind` and `id`; value None: it is gone."""

    kind: str
    id: str
    value: Contract | None


class Fact(NamedTuple):
    """Something that has happened: a record for the log, and the views that are other than before by it.

    `topic` None: it is only shown. `key` is its deterministic id. `partition`: of a topic that has several.
    """

    topic: Topic | None
    key: str
    value: Contract | None
    views: tuple[View, ...] = ()
    partition: int | None = None


@dataclass(slots=True)
class Changed:
    """What one record of the log changed on the floor.

    Attributes:
        crowds: groups that changed agents belong to, or did before.
        sites: those of whom a queue changed.
        moved: sites whose clock did, or that are heard of again.
        turned: sites where another day has begun, so that all their agents' times of the day begin anew.
        staffed: those of whose agents more is known by the clock of their feed.
    """

    queues: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    crowds: set[Group] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    staffed: set[str] = field(default_factory=set)
    flows: set[str] = field(default_factory=set)
    turned: set[str] = field(default_factory=set)
    described: set[str] = field(default_factory=set)
    wall: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to look at."""
        news = (self.queues, self.agents, self.sites, self.moved, self.staffed, self.flows, self.described)
        return self.wall or any(news)


class Answer(NamedTuple):
    """What a section says to a command. The desk makes the Outcome of it."""

    code: OutcomeCode
    message: str = ""
    subject: str = ""
    revision: int | None = None
    facts: tuple[Fact, ...] = ()
    would: tuple[str, ...] = ()


class Section(Protocol):
    """One part of the desk. `name` is that of its state in the snapshot."""

    name: str

    def look(self, floor: Floor, changed: Changed) -> list[Fact]:
        """The floor is other than before, or time has passed. Asked after each record."""
        ...

    def obey(self, command: AnyCommand, floor: Floor) -> Answer | None:
        """A person's command; None: it is not for this section."""
        ...

    def views(self) -> list[View]:
        """All that stands now, to fill an empty Redis."""
        ...

    def snapshot(self) -> bytes:
        """All that `restore` needs (msgpack)."""
        ...

    def restore(self, snapshot: bytes | None, floor: Floor) -> list[Fact]:
        """Start from a snapshot (None: from nothing). The floor is already that of the snapshot's moment."""
        ...
