"""`floorwatch up` and `floorwatch demo`: start an installation, stay with it, stop it."""

import signal
import time
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

import redis

from services.cli import running, sign_in
from services.cli.console import Aloud, fail, out
from services.cli.installation import Installation
from services.cli.parts.part import CancelledError, Part, StartError
from services.cli.settings import LauncherSettings

Feeds = Callable[[Installation], Sequence[Part]]


def run(settings: LauncherSettings, *, command: str, open_browser: bool, feeds: Feeds = lambda _: ()) -> int:
    """Start, wait for Ctrl-C or SIGTERM, stop. Returns the exit code."""
    state_dir = settings.state_dir.absolute()
    if other := running.find(state_dir):
        fail(f"Floorwatch already runs (process {other.pid}): the wall is at {other.wall}")
        return 1
    wish = _StopWish()
    voice = Aloud()
    installation = Installation(settings, command=command, voice=voice, cancelled=lambda: wish.made)
    try:
        installation.start()
        for part in feeds(installation):
            installation.feed(part)
        _invite(installation, open_browser=open_browser)
        while not wish.made:
            time.sleep(0.1)
    except CancelledError:
        pass
    except StartError as error:
        voice.hush()
        fail(str(error))
        return 1
    finally:
        voice.hush()
        if wish.made:
            out.print("stopping …")
        installation.stop()
    out.print("stopped")
    return 0


class _StopWish:
    """Ctrl-C, SIGTERM or a closed terminal. Whoever presses Ctrl-C twice wants it stopped, not half stopped."""

    def __init__(self) -> None:
        self.made = False
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._make)

    def _make(self, _number: int, _frame: FrameType | None) -> None:
        self.made = True


def _invite(installation: Installation, *, open_browser: bool) -> None:
    settings = installation.settings
    try:
        address = sign_in.link(
            redis_url=settings.redis_address, namespace=settings.namespace, wall=installation.wall, role="supervisor"
        )
    except redis.RedisError as error:
        raise StartError(f"no sign-in link could be made: {error}") from error
    out.print(f"\nThe wall: [bold]{address}[/]")
    out.print(
        "[dim]The link is a supervisor's, and works once, within an hour; `floorwatch link --role administrator` makes "
        "one that opens every page. Ctrl-C stops everything.[/]"
    )
    if installation.command == "demo":
        out.print(
            "[dim]In a second terminal, `floorwatch scene` walks through a peak, a plan and agents lent to Lisbon.[/]"
        )
    if open_browser:
        with suppress(webbrowser.Error):
            webbrowser.open(address)
