"""A thousand queues in a browser, each changing once a second: frames while scrolling, CPU, memory, the first view.

Needs the built pages (`make setup`). Per row: frames a second while the page scrolls a screen a second, the frames
that took longer than two of a screen's (33 ms), the share of one core that the page's process uses while it stands
still (and how much it is told meanwhile: less than there is where the api gets no turn) and while it scrolls, what its
memory grew by, and how long the first tile with numbers took. Before each stands a page of as many plain boxes that
never change, beside the same api and feed in the same minute: its frames are what there was to be had.
"""

import argparse
import asyncio
from typing import Any

from bench.browser import look, shown, told
from bench.processes import cpu_s

SITES = 8
ROW = '[data-table="queues"] tbody tr'
# Address, what there is one of per queue, and the first view: every tile is there, those near the view have numbers.
PAGES = {
    "wall": ("/wall?view=floor", "[data-queue]", "[data-queue] [data-value]"),
    "supervisor": ("/supervisor?site=site0", ROW, ROW),
}
SLOW_MS = 1000 / 30


async def watched(url: str, items: str, count: int, seconds: int, first: str = "") -> dict[str, dict[str, Any]]:
    """Lines of the browser by what they tell."""
    watching = look(url, items, count, first=first, still_s=seconds, scroll_s=seconds)
    return {line["what"]: line async for line in told(watching)}


def fps(lines: dict[str, dict[str, Any]]) -> float:
    frames: list[float] = lines["scroll"]["frames"][1:]
    return 1000 * len(frames) / sum(frames)


def row(name: str, lines: dict[str, dict[str, Any]], plain: float, api: float) -> None:
    frames = lines["scroll"]["frames"][1:]
    slow = sum(frame > SLOW_MS for frame in frames) / len(frames)
    left = lines["left"]
    grown = (left["after"]["heap"] - left["before"]["heap"]) / 1e6
    first = lines.get("first")
    print(
        f"{name:28} {fps(lines):5.1f} fps (×{fps(lines) / plain:4.2f}), {slow:5.1%} slow"
        f"  still {lines['still']['renderer']:6.1%} for {lines['still']['told_per_s'] / 1e6:.1f} MB/s"
        f", scrolling {lines['scroll']['renderer']:6.1%} of a core"
        f"  heap {left['after']['heap'] / 1e6:5.1f} MB ({grown:+.1f}), {left['after']['nodes']:,.0f} nodes"
        + (f"  first tile {first['cold_ms']:,.0f} ms, again {first['again_ms']:,.0f}  api {api:.0%}" if first else ""),
        flush=True,
    )


async def run(sizes: list[int], seconds: int, pages: list[str]) -> None:
    for queues in sizes:
        for page in pages:
            async with shown(queues, SITES if page == "wall" else 1) as floor:
                plain = await watched("", "div", queues, seconds)
                row(f"{queues:,} plain boxes", plain, fps(plain), 0)
                path, items, first = PAGES[page]
                before, began = cpu_s(floor.api), asyncio.get_running_loop().time()
                lines = await watched(floor.address + path, items, queues, seconds, first)
                share = (cpu_s(floor.api) - before) / (asyncio.get_running_loop().time() - began)
                row(f"{page}, {queues:,} queues", lines, fps(plain), share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queues", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--seconds", type=int, default=15, help="measured time standing still, and again scrolling")
    parser.add_argument("--pages", nargs="+", choices=["wall", "supervisor"], default=["wall", "supervisor"])
    options = parser.parse_args()
    asyncio.run(run(options.queues, options.seconds, options.pages))


if __name__ == "__main__":
    main()
