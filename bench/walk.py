"""A walk through each page as its user, with a clock, through an installation that runs (`make demo`).

For each task a row for docs/: when the page first said something, what the machine took for the rest (both measured, in
a headless browser at 1366×768), how often a person clicks and types, and what that takes them by the keystroke-level
model of Card, Moran and Newell (1980), with 1.35 s for each time they make up their mind. It changes the demo: it takes
an alert in hand, proposes a move, goes into a plan, gives a queue another target.
"""

import argparse
import json
import subprocess
from pathlib import Path

from services.cli import running, sign_in
from services.cli.child import ROOT
from services.cli.settings import LauncherSettings
from services.contracts.people import Role

ROLES: tuple[Role, ...] = ("supervisor", "dispatcher", "administrator")


def links(state_dir: Path) -> dict[str, str]:
    found = running.find(state_dir)
    if found is None:
        raise SystemExit("nothing runs on this state folder: start `make demo` in another window first")
    redis_url, namespace = (found.environment[name] for name in ("REDIS_URL", "FLOORWATCH_NAMESPACE"))
    return {
        role: sign_in.link(redis_url=redis_url, namespace=namespace, wall=found.wall, role=role) for role in ROLES
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each task's end")
    options = parser.parse_args()
    task = {"links": links(LauncherSettings().state_dir), "pictures": str(options.pictures or "")}
    print("| page | task | first | clicks | keys | machine | person | all |\n|---|---|---|---|---|---|---|---|")
    walking = subprocess.Popen(
        ["node", "bench/walk.ts", json.dumps(task)], cwd=ROOT / "dashboard", stdout=subprocess.PIPE, text=True
    )
    assert walking.stdout is not None
    for line in walking.stdout:
        one = json.loads(line)
        machine, person = one["machine"] / 1000, one["seconds"]
        row = [
            one["page"], one["task"], f"{one['first'] / 1000:.1f} s", one["clicks"], one["keys"], f"{machine:.1f} s",
            f"{person:.1f} s", one["fault"] or f"**{one['first'] / 1000 + machine + person:.1f} s**",
        ]  # fmt: skip
        print(f"| {' | '.join(map(str, row))} |", flush=True)
    raise SystemExit(walking.wait())


if __name__ == "__main__":
    main()
