"""Tests of channels as a section of the desk: it takes the command; whoever sends reads the answer in the journal."""

from services.alerts.domain.floor import Floor
from services.alerts.domain.section import Answer, Changed, Fact, View
from services.contracts.desk import AnyCommand, TryChannel


class ChannelTests:
    """See Section. It keeps nothing."""

    name = "channel_tests"

    def look(self, floor: Floor, changed: Changed) -> list[Fact]:  # noqa: ARG002  # nothing of the floor concerns it
        """See Section."""
        return []

    def obey(self, command: AnyCommand, floor: Floor) -> Answer | None:  # noqa: ARG002
        """See Section. Which channels there are is known only to the worker that sends."""
        return Answer("done", subject=f"channel|{command.target}") if isinstance(command, TryChannel) else None

    def views(self) -> list[View]:
        """See Section."""
        return []

    def snapshot(self) -> bytes:
        """See Section."""
        return b""

    def restore(self, snapshot: bytes | None, floor: Floor) -> list[Fact]:  # noqa: ARG002
        """See Section."""
        return []
