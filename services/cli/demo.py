"""What the demo shows: a bank's January 1999, and simulated centres on the same clock."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.cli.child import ROOT
from services.cli.installation import Installation
from services.cli.parts.part import Part

BEGIN = "1999-01-04 09:00"  # a Monday with a full week behind it; later ones have days and hours without calls
SPEED = 20.0
SEED = 1999
BANK_ZONE = ZoneInfo("Asia/Jerusalem")
FLOOR = ROOT / "services" / "ingest" / "data" / "floors" / "demo.yaml"
PLANS = ROOT / "services" / "alerts" / "data" / "plans.yaml"


def feeds(*, begin: str = BEGIN, speed: float = SPEED) -> Callable[[Installation], Sequence[Part]]:
    """The demo's feeds, for `launcher.run`.

    Args:
        begin: the bank's local time at which the demo's day begins.
        speed: times real time.

    Raises:
        ValueError: `begin` is not a local time.
    """
    local = datetime.fromisoformat(begin)
    if local.tzinfo is not None:
        raise ValueError(begin)
    start = local.replace(tzinfo=BANK_ZONE).astimezone(UTC).isoformat()
    bank = ["replay", "anonymous-bank", "--from", begin, "--feed", "demo-bank", "--speed", f"{speed:g}"]
    centres = ["simulate", "--floor", str(FLOOR), "--start", start, "--speed", f"{speed:g}", "--seed", str(SEED)]

    def parts(installation: Installation) -> Sequence[Part]:
        return [
            Part(
                name=name,
                command=[sys.executable, "-m", "services.ingest", *arguments],
                environment=installation.environment,
                may_end=True,
            )
            for name, arguments in (("bank-replay", bank), ("simulator", centres))
        ]

    return parts
