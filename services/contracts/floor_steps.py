"""What an administrator changed about the floor, for the journal: descriptions, and plans that were brought in."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.contracts.people import PersonName
from services.contracts.topology import Contract

Why = Annotated[str, StringConstraints(max_length=2000)]
FloorStepName = Literal["described", "agents_imported", "schedules_imported", "forecasts_imported"]


class FloorStep(Contract):
    """One change. It is written before it is done, so that nothing is done that the journal does not know of.

    The id is the subject and something that no other has. `subject` is `kind|id` of the description, or of an import
    `agent|*`, `schedule|*` and `forecast|*`.
    """

    kind: Literal["floor_step"] = "floor_step"
    id: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    step: FloorStepName
    at: int = Field(description="wall clock, epoch ms")
    by: PersonName
    why: Why = ""
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    changes: dict[str, str] = Field(default_factory=dict, description="field → what it is now")
