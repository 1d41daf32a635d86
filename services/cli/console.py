"""How the command speaks: one line a step, one line an error."""

import sys

from rich.console import Console
from rich.status import Status

from services.cli.installation import Voice

SHOWN = {"kafka": "Kafka", "redis": "Redis"}

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Aloud(Voice):
    """Says every step on the terminal; a spinner shows what is being waited for."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def starting(self, name: str) -> None:
        """Show the spinner where somebody looks."""
        if sys.stdout.isatty():
            self._status = out.status(f"{SHOWN.get(name, name)} …")
            self._status.start()

    def ready(self, name: str, seconds: float) -> None:
        """One line: what is ready, and after how long."""
        self.hush()
        out.print(f"[green]✓[/] {SHOWN.get(name, name):<16} {seconds:5.1f} s")

    def note(self, text: str) -> None:
        """One line, on standard error."""
        err.print(f"[yellow]![/] {text}", markup=True)

    def hush(self) -> None:
        """Take the spinner away."""
        if self._status:
            self._status.stop()
            self._status = None


def fail(text: str) -> None:
    """One line that says what went wrong."""
    err.print(f"[red]✗[/] {text}")
