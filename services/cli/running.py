"""The file by which other commands find an installation that runs: `run.json` in the state folder."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

FILE = "run.json"


@dataclass(frozen=True)
class Running:
    """An installation that runs.

    Attributes:
        pid: the launcher's.
        created: when that process came to be, which tells it from a later one of the same id.
        command: `up`, `demo` or whoever started it.
        wall: address of the wall.
        own_parts: which of "kafka" and "redis" the launcher brought along.
        environment: variables with which a client or a further service joins this installation; no secrets.
    """

    pid: int
    created: float
    command: str
    wall: str
    own_parts: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        """Whether the launcher still runs."""
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def announce(state_dir: Path, *, command: str, wall: str, own_parts: list[str], environment: dict[str, str]) -> None:
    """Write the file for this process."""
    me = psutil.Process(os.getpid())
    running = Running(me.pid, me.create_time(), command, wall, own_parts, environment)
    new = state_dir / f"{FILE}.new"
    new.write_text(json.dumps(asdict(running), indent=2))
    new.replace(state_dir / FILE)


def withdraw(state_dir: Path) -> None:
    """Remove the file."""
    (state_dir / FILE).unlink(missing_ok=True)


def find(state_dir: Path) -> Running | None:
    """The installation that runs on this state folder, if one does."""
    try:
        running = Running(**json.loads((state_dir / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return running if running.alive else None
