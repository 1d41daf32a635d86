"""A floor as its YAML file describes it: sites with queues, voice menus, teams, shifts and arrivals.

`parse_floor` turns the text into a `Floor` or into a `FloorError` with one line per mistake, each naming its path.
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated, Self

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from services.contracts import events
from services.contracts.definitions import DefinitionName
from services.contracts.topology import Contract, Id, Seconds, Text, Timezone
from services.ingest.domain.simulator.description import (
    NO_TIME,
    Arrivals,
    Duration,
    MenuNode,
    Peak,
    Share,
    Shift,
    sums_to_one,
)

Count = Annotated[int, Field(gt=0, le=100_000)]


class FloorError(ValueError):
    """A floor description that can't be used. The text has one line per mistake: path, problem."""


class Segment(Contract):
    """Customers of one kind. A higher `priority` is answered first."""

    id: Id
    share: Share
    priority: Annotated[int, Field(ge=0, le=9)] = 0


class Customers(Contract):
    """Who calls: a share `frequent_share` of contacts comes from the few `frequent` ones, so that some call again."""

    pool: Count = 20_000
    frequent: Count = 200
    frequent_share: Share = 0.1
    redial_share: Share = Field(default=0.0, description="of those who gave up, call again")
    redial_after_s: Annotated[float, Field(gt=0)] = 300.0


class Hold(Contract):
    """In a share `probability` of the talks the customer is put on hold once, for `time` more."""

    probability: Share
    time: Duration


class Overflow(Contract):
    """After `after_s` of waiting the contact goes on in queue `to` of the same site, once."""

    after_s: Seconds
    to: Id


class SimulatedQueue(Contract):
    """A queue: its terms as in contracts.topology, and how its contacts behave. `patience_s` None: nobody gives up."""

    id: Id
    name: Text
    channel: events.Channel = "voice"
    target_s: Seconds = 20
    target_percent: Annotated[float, Field(gt=0, le=100)] = 80.0
    thresholds_s: tuple[Seconds, ...] = (20, 30)
    short_abandon_s: Annotated[float, Field(ge=0, le=3600)] = 5.0
    definition: DefinitionName = "offered"
    skill: Annotated[str, StringConstraints(max_length=96)] = ""
    service: Duration
    hold: Hold | None = None
    wrap_up: Duration = NO_TIME
    patience_s: Annotated[float, Field(gt=0)] | None = Field(description="mean; exponential")
    overflow: Overflow | None = None
    arrivals: Arrivals | None = Field(default=None, description="contacts that reach the queue without a voice menu")


class Shortcut(Contract):
    """Customers of these segments are led past the menu, to one of their own."""

    segments: Annotated[tuple[Id, ...], Field(min_length=1)]
    menu: MenuNode


class SimulatedFlow(Contract):
    """A voice menu and the calls that enter it."""

    id: Id
    name: Text
    arrivals: Arrivals
    menu: MenuNode
    shortcut: Shortcut | None = None

    def nodes(self) -> list[MenuNode]:
        """Every node, the shortcut's last."""
        return self.menu.nodes() + (self.shortcut.menu.nodes() if self.shortcut else [])

    @model_validator(mode="after")
    def _node_names_are_unique(self) -> Self:
        _unique("node", [node.node for node in self.nodes()])
        return self


class Group(Contract):
    """Agents of a team who can do the same and work the same hours. `skills` are queues."""

    agents: Count
    skills: Annotated[tuple[Id, ...], Field(min_length=1)]
    shift: Id
    chats_at_once: Annotated[int, Field(ge=1, le=9)] = 1


class Team(Contract):
    """Agents under one lead."""

    id: Id
    name: Text
    groups: Annotated[tuple[Group, ...], Field(min_length=1)]


class SimulatedSite(Contract):
    """A centre with all that is in it."""

    id: Id
    name: Text
    timezone: Timezone
    segments: Annotated[tuple[Segment, ...], Field(min_length=1)] = (Segment(id="regular", share=1.0),)
    customers: Customers = Customers()
    queues: Annotated[tuple[SimulatedQueue, ...], Field(min_length=1)]
    flows: tuple[SimulatedFlow, ...] = ()
    shifts: dict[Id, Shift]
    teams: Annotated[tuple[Team, ...], Field(min_length=1)]
    peaks: tuple[Peak, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        sums_to_one("the segments", [segment.share for segment in self.segments])
        _unique("segment", [segment.id for segment in self.segments])
        _unique("queue or flow", [queue.id for queue in self.queues] + [flow.id for flow in self.flows])
        _unique("team", [team.id for team in self.teams])
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for path, name, names in self._references():
            if name not in names:
                raise ValueError(f"{path}: {name!r} is none of {', '.join(sorted(names))}")
        return self

    def _references(self) -> Iterator[tuple[str, str, set[str]]]:
        """Each place where one thing names another: its path, the name, and the names that exist."""
        queues = {queue.id for queue in self.queues}
        places = queues | {flow.id for flow in self.flows}
        for q, queue in enumerate(self.queues):
            if queue.overflow:
                yield f"queues.{q}.overflow.to", queue.overflow.to, queues - {queue.id}
        segments = {segment.id for segment in self.segments}
        for f, flow in enumerate(self.flows):
            if flow.shortcut:
                yield from ((f"flows.{f}.shortcut.segments", segment, segments) for segment in flow.shortcut.segments)
            for node in flow.nodes():
                if node.queue:
                    yield f"flows.{f}.menu, node {node.node!r}, queue", node.queue, queues
        for t, team in enumerate(self.teams):
            for g, group in enumerate(team.groups):
                yield f"teams.{t}.groups.{g}.shift", group.shift, set(self.shifts)
                yield from ((f"teams.{t}.groups.{g}.skills", skill, queues) for skill in group.skills)
        for p, peak in enumerate(self.peaks):
            yield from ((f"peaks.{p}.only", place, places) for place in peak.only)

    @property
    def agents(self) -> int:
        """How many agents it has."""
        return sum(group.agents for team in self.teams for group in team.groups)


class Floor(Contract):
    """All simulated sites. `--start` without an offset is local time of the first one."""

    sites: Annotated[tuple[SimulatedSite, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        _unique("site", [site.id for site in self.sites])
        return self

    @property
    def digest(self) -> str:
        """Tells whether a kept position belongs to this very floor."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def _unique(what: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ValueError(f"{what} {one!r} is given twice")
        seen.add(one)


def parse_floor(text: str, name: str) -> Floor:
    """Read a floor description.

    Args:
        text: YAML.
        name: how messages call it, such as the file's name.

    Raises:
        FloorError: it is no YAML, or a field is missing, unknown or wrong.
    """
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date or a number that can't be; lists without end
        raise FloorError(f"{name}: no valid YAML: {error}") from error
    try:
        return Floor.model_validate(content)
    except ValidationError as error:
        raise FloorError("\n".join(_lines(name, error))) from error


def _lines(name: str, error: ValidationError) -> Iterator[str]:
    problems = error.errors()
    for problem in problems:
        place = problem["loc"]
        # A list whose items are all wrong is called empty as well; that would only mislead.
        misled = any(other["loc"][: len(place)] == place and other["loc"] != place for other in problems)
        if not (problem["type"] == "too_short" and misled):
            yield f"{name}: {'.'.join(map(str, place)) or 'the file'}: {problem['msg']}"
