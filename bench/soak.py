"""The wall on a screen for an hour: memory, nodes and listeners of the page as it lives, and its share of a core.

Needs the built pages (`make setup`). Every queue changes once a second and the wall turns its pages. Each line is taken
after the collector has been round; the last one compares the end with the first line after the page had settled.
"""

import argparse
import asyncio
import time

from bench.browser import look, shown, told

SITES = 4


async def run(minutes: int, queues: int, every_s: int) -> None:
    async with shown(queues, SITES) as floor:
        began = time.monotonic()
        watching = look(f"{floor.address}/wall?turn=10", "[data-queue]", 1, live_s=minutes * 60, every_s=every_s)
        lives = []
        async for line in told(watching):
            if line["what"] != "lived":
                continue
            lives.append(line)
            print(
                f"{line['lived_s'] / 60:5.1f} min  heap {line['heap'] / 1e6:6.2f} MB  {line['nodes']:7,.0f} nodes"
                f"  {line['listeners']:5,.0f} listeners"
                f"  page {line['renderer']:6.1%}, browser {line['all']:6.1%} of a core",
                flush=True,
            )
        first, last = lives[0], lives[-1]
        ratio = last["heap"] / first["heap"]
        print(
            f"{(time.monotonic() - began) / 60:.1f} min with {queues} queues: heap {first['heap'] / 1e6:.2f} →"
            f" {last['heap'] / 1e6:.2f} MB (×{ratio:.3f}), nodes ×{last['nodes'] / first['nodes']:.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--queues", type=int, default=48)
    parser.add_argument("--every", type=int, default=60, help="seconds between two lines")
    options = parser.parse_args()
    asyncio.run(run(options.minutes, options.queues, options.every))


if __name__ == "__main__":
    main()
