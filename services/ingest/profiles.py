"""The named shapes of a day that ship with the simulator, and the command that computed them.

python -m services.ingest.profiles 1999-01.txt      # or .gz; prints the weights for data/profiles.yaml
"""

import gzip
import sys
from pathlib import Path

import yaml

from services.ingest.domain.simulator.profile import half_hour_weights

PROFILES_FILE = Path(__file__).parent / "data" / "profiles.yaml"


def shipped_profiles() -> dict[str, tuple[float, ...]]:
    """Name → weights of the 48 half-hours."""
    content = yaml.safe_load(PROFILES_FILE.read_text(encoding="utf-8"))
    return {str(name): tuple(float(weight) for weight in weights) for name, weights in content.items()}


def weights_of(path: Path) -> tuple[float, ...]:
    """Weights of a call file, packed by gzip or plain."""
    opened = gzip.open(path, "rt", encoding="ascii") if path.suffix == ".gz" else path.open(encoding="ascii")
    with opened as lines:
        return half_hour_weights(lines)


if __name__ == "__main__":
    for file in sys.argv[1:]:
        print(f"{Path(file).name}: {list(weights_of(Path(file)))}")  # noqa: T201  # its output
