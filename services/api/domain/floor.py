"""The floor's descriptions as an administrator edits them: their versions, what is wrong, and what has changed."""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar
from zlib import crc32

from pydantic import Field

from services.contracts.floor_files import gathered, nowhere
from services.contracts.floor_steps import FloorStep, FloorStepName, Why
from services.contracts.topology import Activities, Agent, Contract, Description, Flow, Queue, Site, Team, record_key

Record = TypeVar("Record", bound=Description)
_LONGEST_CHANGE = 300


class Described(Contract, Generic[Record]):
    """A description and its version: a number that changes with its content, for If-Match; 0: there is none yet."""

    record: Record
    version: int


class FloorView(Contract):
    """Everything that is described, by id."""

    sites: tuple[Described[Site], ...]
    queues: tuple[Described[Queue], ...]
    flows: tuple[Described[Flow], ...]
    teams: tuple[Described[Team], ...]
    agents: tuple[Described[Agent], ...]
    activities: Described[Activities] | None


class SiteOrder(Contract):
    """A site as it is to be, and why."""

    record: Site
    why: Why = ""


class QueueOrder(Contract):
    """A queue as it is to be, and why."""

    record: Queue
    why: Why = ""


class FirstSteps(Contract):
    """What the first steps need to know of this installation."""

    address: str = Field(description="of the ingest service; empty: this host, and `port`")
    port: int
    keys: int = Field(description="keys that may send events")


class Fault(Contract):
    """What is wrong at one place of a file. `lost`: what is not taken because of it."""

    place: str = Field(description="line 7, or the event's place in a calendar")
    field: str
    reason: str
    lost: str = ""


class FileReport(Contract):
    """What a file holds, or (`taken`) what was taken of it."""

    taken: bool
    things: int = Field(description="agents, teams, or days of agents or queues that can be used")
    agents: int = Field(description="agents that they are about; of forecasts: queues")
    items: int = Field(description="rows or events of the file")
    lost: int = Field(description="agents' days, agents, teams or half-hours that can't be used")
    faults: tuple[Fault, ...] = Field(description="the first 200")
    faults_in_all: int


def version_of(record: Description | None) -> int:
    """A number that changes with the content."""
    return 0 if record is None else crc32(record.model_dump_json().encode())


def view_of(records: Iterable[Description]) -> FloorView:
    """All descriptions with their versions."""
    floor = gathered(list(records))
    activities = floor.activities
    return FloorView(
        sites=tuple(Described[Site](record=each, version=version_of(each)) for each in floor.sites),
        queues=tuple(Described[Queue](record=each, version=version_of(each)) for each in floor.queues),
        flows=tuple(Described[Flow](record=each, version=version_of(each)) for each in floor.flows),
        teams=tuple(Described[Team](record=each, version=version_of(each)) for each in floor.teams),
        agents=tuple(Described[Agent](record=each, version=version_of(each)) for each in floor.agents),
        activities=None
        if activities is None
        else Described[Activities](record=activities, version=version_of(activities)),
    )


def misplaced(record: Description, known: Iterable[Description]) -> list[str]:
    """What the record names and nobody has described, as `body.record.FIELD: …`."""
    problems = nowhere(gathered([record]), gathered(list(known)))
    return [f"body.record.{problem.split('.', 2)[2]}" for problem in problems]


def step_of(record: Description, before: Description | None, *, by: str, at: int, why: str, mark: str) -> FloorStep:
    """What the journal says of a description. `mark`: something that no other step has."""
    subject = record_key(record)
    old: Mapping[str, Any] = {} if before is None else before.model_dump(mode="json")
    new = record.model_dump(mode="json")
    changes = {
        name: _text(value) for name, value in new.items() if name not in {"kind", "id"} and value != old.get(name)
    }
    return FloorStep(
        id=f"floor|{subject}|{mark}", step="described", at=at, by=by, why=why, subject=subject, changes=changes
    )  # fmt: skip


def import_step(
    step: FloorStepName, subject: str, *, by: str, at: int, why: str, mark: str, changes: dict[str, str]
) -> FloorStep:
    """What the journal says of a file."""
    return FloorStep(id=f"floor|{subject}|{mark}", step=step, at=at, by=by, why=why, subject=subject, changes=changes)


def _text(value: object) -> str:
    if isinstance(value, dict):
        text = ", ".join(f"{name}: {_text(each)}" for name, each in value.items())
    elif isinstance(value, list):
        text = ", ".join(map(_text, value))
    else:
        text = "" if value is None else str(value)
    return text if len(text) <= _LONGEST_CHANGE else f"{text[: _LONGEST_CHANGE - 1]}…"
