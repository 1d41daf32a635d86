"""Fails unless 95 % of the branches of `domain` and `contracts` were taken: `branches.py coverage.json`."""

import json
import sys
from pathlib import Path

LEAST = 95.0


def main() -> int:
    """Read the report that pytest wrote."""
    report = json.loads(Path(sys.argv[1]).read_text())
    branches = report["totals"]["num_branches"]
    share = 100 * report["totals"]["covered_branches"] / branches if branches else 0.0
    print(f"{share:.1f} % of {branches} branches of domain and contracts were taken (at least {LEAST:.0f})")
    if share >= LEAST:
        return 0
    for name, file in sorted(report["files"].items()):
        if file["missing_branches"]:
            print(f"  {name}: {', '.join(f'{begin}→{end}' for begin, end in file['missing_branches'])}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
