"""The sections of the desk, in their order."""

from collections.abc import Callable

from services.alerts.domain.adherence import Adherence
from services.alerts.domain.alerts import Alerts
from services.alerts.domain.contingency import Contingency
from services.alerts.domain.moves import Moves
from services.alerts.domain.notices.trial import ChannelTests
from services.alerts.domain.section import Section
from services.contracts.names import Names


def sections_beside(alerts: Alerts, names: Names, partition_of: Callable[[str], int]) -> list[Section]:
    """All of them; that of the alerts is given, and an agent's partition of the schedules topic."""
    return [Adherence(names, partition_of, alerts.silenced), alerts, Contingency(names), Moves(names), ChannelTests()]


def all_sections(names: Names) -> list[Section]:
    """All of them, knowing nothing."""
    return sections_beside(Alerts(names), names, lambda _: 0)
