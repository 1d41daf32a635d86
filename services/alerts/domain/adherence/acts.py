"""What a lead does about an adherence alert, in one step: coach, excuse, dismiss."""

from collections.abc import Iterable
from hashlib import sha256

from services.alerts.domain.care import KIND, Change, noted
from services.alerts.domain.section import Answer
from services.contracts.alerts import Alert
from services.contracts.desk import AnyCommand, Coach, Dismiss, Excuse
from services.contracts.schedules import LONGEST_DAY_MS, AdherenceException

LEADS_ACTS = (Coach, Excuse, Dismiss)


def refused(command: AnyCommand, alert: Alert) -> Answer | None:
    """Why a person may not do anything about an alert: it is for its own team's lead."""
    teams, sites = command.by.teams, command.by.sites
    if (teams is not None and alert.team not in teams) or (sites is not None and alert.site not in sites):
        return Answer("not_allowed", "it is for the lead of another team", f"{KIND}|{alert.id}", alert.revision)
    return None


def act_of(command: AnyCommand, alert: Alert) -> Change | Answer:  # noqa: PLR0911  # a refusal each
    """What one of LEADS_ACTS makes of an alert, or why nothing comes of it."""
    if command.expected is not None and command.expected != alert.revision:
        message = f"it is at revision {alert.revision}, not {command.expected}"
        return Answer("stale", message, f"{KIND}|{alert.id}", alert.revision)
    by: dict[str, object] = {"handled_by": command.by.name, "handled_at": command.at}
    match command:
        case Coach(note=note):
            if alert.handled == "coached" and not note:
                return _same(alert, "it has been coached already")
            notes = {"notes": noted(alert, command, note)} if note else {}
            return Change("coached", {**by, "handled": "coached", **notes})
        case Dismiss(reason=reason):
            if alert.handled == "dismissed":
                return _same(alert, "it has been dismissed already")
            notes = {"notes": noted(alert, command, reason)} if reason else {}
            return Change("dismissed", {**by, "handled": "dismissed", **notes})
        case Excuse(start=start, end=end, reason=reason):
            if end <= start:
                return Answer("invalid", "end: must lie after start", f"{KIND}|{alert.id}", alert.revision)
            if end - start > LONGEST_DAY_MS:
                return Answer("invalid", "end: an excuse lasts 36 hours at most", f"{KIND}|{alert.id}", alert.revision)
            return Change("excused", {**by, "handled": "excused", "notes": noted(alert, command, reason)})
    return Answer("invalid", "nothing that a lead can do about an alert", f"{KIND}|{alert.id}", alert.revision)


def exceptions(command: Excuse, alert: Alert, agents: Iterable[str]) -> list[AdherenceException]:
    """The exceptions to the plans of these agents. To excuse the same alert again changes them."""
    return [
        AdherenceException(
            id=f"alert-{sha256(f'{alert.id}|{agent}'.encode()).hexdigest()[:24]}", agent=agent, start=command.start,
            end=command.end, reason=command.reason, approved_by=command.by.name,
        )
        for agent in agents
    ]  # fmt: skip


def _same(alert: Alert, message: str) -> Answer:
    return Answer("same", message, f"{KIND}|{alert.id}", alert.revision)
