"""What the launcher needs to know of anything that it starts: an embedded part, a service, a feed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class StartError(Exception):
    """The installation, or one part of it, cannot start; the text is one line that says why and what to do."""


class CancelledError(StartError):
    """Whoever started it wants it no more."""


def at_once() -> str | None:
    """Readiness of something that nobody has to wait for."""
    return None


@dataclass(frozen=True)
class Part:
    """One process of an installation.

    Attributes:
        name: as people see it, and the name of its log.
        command: program and arguments.
        environment: variables on top of the launcher's own.
        ports: loopback ports that it will listen on, each with the variable that chooses another.
        prepare: done once before the first start; may take seconds. Raises StartError.
        not_ready: asks the running part: None when it answers, else why it does not. Never raises.
        patience_s: how long its first readiness may take.
        may_end: ending by itself with code 0 is its normal end (a replay), not a failure.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[int, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    not_ready: Callable[[], str | None] = at_once
    patience_s: float = 60
    may_end: bool = False
