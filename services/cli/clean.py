"""`make clean`: removes the state folder, unless an installation runs on it."""

import shutil
import sys

from services.cli import running
from services.cli.console import fail
from services.cli.settings import LauncherSettings
from services.runtime.settings import load


def main() -> int:
    """Remove the state folder."""
    state_dir = load(LauncherSettings).state_dir.absolute()
    if found := running.find(state_dir):
        fail(f"Floorwatch runs on {state_dir} (process {found.pid}): stop it first")
        return 1
    known = state_dir.name == ".floorwatch" or (state_dir / "lock").exists()
    if state_dir.exists() and not known:
        fail(f"{state_dir} does not look like a state folder of Floorwatch: it is left alone")
        return 1
    shutil.rmtree(state_dir, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
