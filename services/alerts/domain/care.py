"""What people do about one alert: acknowledge, assign, note, snooze."""

from typing import NamedTuple

from services.alerts.domain.section import Answer
from services.contracts.alerts import Alert, Note
from services.contracts.desk import (
    Acknowledge,
    AddNote,
    AnyCommand,
    Assign,
    Command,
    OutcomeCode,
    Snooze,
    Unacknowledge,
)

KIND = "alert"
ON_ALERTS = (Acknowledge, Unacknowledge, Assign, AddNote, Snooze)


class Change(NamedTuple):
    """Fields of the alert that are other than before, and why."""

    why: str
    fields: dict[str, object]


def change_of(command: AnyCommand, alert: Alert, wall_at: int) -> Change | Answer:  # noqa: PLR0911  # one a command
    """What a command makes of an alert, or why nothing comes of it."""
    if command.expected is not None and command.expected != alert.revision:
        return _answer("stale", alert, f"it is at revision {alert.revision}, not {command.expected}")
    match command:
        case Acknowledge():
            return _acknowledge(command, alert)
        case Unacknowledge():
            if not alert.acknowledged_by:
                return _answer("same", alert)
            return Change("unacknowledged", {"acknowledged_by": "", "acknowledged_at": None})
        case Assign():
            return Change("assigned", {"assignee": command.to})
        case AddNote():
            return Change("noted", {"notes": noted(alert, command, command.text)})
        case Snooze():
            until = command.until if command.until > max(command.at, wall_at) else None
            if until == alert.snoozed_until:
                return _answer("same", alert)
            return Change("snoozed" if until else "woken", {"snoozed_until": until})
    return _answer("invalid", alert, "nothing that can be done about an alert")


def _acknowledge(command: Acknowledge, alert: Alert) -> Change | Answer:
    by = command.by.name
    if alert.acknowledged_by not in {"", by}:
        return _answer("taken", alert, f"{alert.acknowledged_by} looks after it")
    if alert.acknowledged_by == by and not command.note:
        return _answer("same", alert)
    fields: dict[str, object] = {"acknowledged_by": by, "acknowledged_at": command.at}
    if command.note:
        fields["notes"] = noted(alert, command, command.note)
    return Change("acknowledged", fields)


def noted(alert: Alert, command: Command, text: str) -> tuple[Note, ...]:
    """The notes of an alert with what somebody has written."""
    return (*alert.notes, Note(at=command.at, by=command.by.name, text=text))


def _answer(code: OutcomeCode, alert: Alert, message: str = "") -> Answer:
    return Answer(code, message, f"{KIND}|{alert.id}", alert.revision)
