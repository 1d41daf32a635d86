"""All benches, one after the other. Each also runs alone and has options: `python -m bench.throughput --help`.

bench.soak lasts an hour, and bench.walk wants a demo that runs: they are asked for by themselves.
"""

import subprocess
import sys

BENCHES = ("throughput", "scale", "latency", "recovery", "backlog", "sockets", "wall")


def main() -> int:
    failed = []
    for name in BENCHES:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
