"""Lists of what the desk holds, and of what was done there."""

from typing import Annotated

from pydantic import Field

from services.contracts.accounts import AccountStep
from services.contracts.alerts import RuleView, Silence
from services.contracts.contingency import PlanStep, PlanView
from services.contracts.desk import Outcome
from services.contracts.floor_steps import FloorStep
from services.contracts.moves import MoveStep, MoveView
from services.contracts.notify import ChannelView, Delivery
from services.contracts.topology import Contract


class Rules(Contract):
    """Rules in force."""

    rules: tuple[RuleView, ...]


class Silences(Contract):
    """Silences that last, and those that ended lately."""

    silences: tuple[Silence, ...]


class Plans(Contract):
    """Plans and where they stand."""

    plans: tuple[PlanView, ...]


class Moves(Contract):
    """Moves, open and closed."""

    moves: tuple[MoveView, ...]


class Channels(Contract):
    """Notification channels, without their secrets."""

    channels: tuple[ChannelView, ...]


class Deliveries(Contract):
    """What was told, or was to be: newest first."""

    deliveries: tuple[Delivery, ...]


JournalEntry = Annotated[Outcome | PlanStep | MoveStep | AccountStep | FloorStep, Field(discriminator="kind")]


class Journal(Contract):
    """What was done, newest first: commands and outcomes, steps of plans, moves, and (not for all) accounts, floor."""

    entries: tuple[JournalEntry, ...]
