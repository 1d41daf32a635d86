"""Which build of the pages an index page belongs to."""

import re

_MARK = re.compile(r'<meta name="floorwatch-build" content="([0-9a-f]{1,64})"')


def build_of(index: str) -> str:
    """The build that dashboard/vite/build.ts wrote into `index` (HTML); empty if it has none."""
    found = _MARK.search(index)
    return found.group(1) if found else ""
