"""The named shapes of a day that ship with the simulator, and the command that computed them.

    python -m services.ingest.profiles services/ingest/data/anonymous_bank_1999-01.txt.xz

prints the weights for data/profiles.yaml.
"""

import sys
from functools import cache
from pathlib import Path

import yaml

from services.ingest.domain.simulator.profile import half_hour_weights
from services.ingest.sources.files import opened, shipped

PROFILES_FILE = "profiles.yaml"


@cache
def shipped_profiles() -> dict[str, tuple[float, ...]]:
    """Name → weights of the 48 half-hours."""
    content = yaml.safe_load(shipped(PROFILES_FILE).read_text(encoding="utf-8"))
    return {str(name): tuple(float(weight) for weight in weights) for name, weights in content.items()}


def weights_of(path: Path) -> tuple[float, ...]:
    """Weights of a call file, packed or plain."""
    with opened(path) as lines:
        return half_hour_weights(lines)


if __name__ == "__main__":
    for file in sys.argv[1:]:
        print(f"{Path(file).name}: {list(weights_of(Path(file)))}")  # noqa: T201  # its output
