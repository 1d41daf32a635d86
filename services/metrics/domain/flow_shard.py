"""One partition of the ivr topic."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from services.contracts.events import Heartbeat, IvrEntered, IvrEvent, IvrInputFailed, IvrNodeVisited
from services.metrics.domain.clocks import SiteClock
from services.metrics.domain.half_hours import HalfHour
from services.metrics.domain.pages import SLOT_MS, Page
from services.metrics.domain.shard import Scope, Shard
from services.metrics.domain.visits import ENTERED, INSIDE, OUTCOMES, Visit, counts, leave

_VISITS = "visits"


class FlowShard(Shard[Scope[Visit], Visit]):
    """Visits to voice menus become pages and half-hours. Nodes are not counted yet; they move the clock only."""

    def apply(self, offset: int, events: Sequence[IvrEvent]) -> None:
        """Take in a record's events. A record that the clocks include already changes nothing."""
        if offset <= self.clocks.offset:
            return
        self.clocks.offset = offset
        for event in events:
            if isinstance(event, Heartbeat):
                self._hear(event)
                continue
            flow = self._scope(event.flow, event)
            if flow is None or not self._reach(flow.clock, event) or isinstance(event, IvrNodeVisited | IvrInputFailed):
                continue
            entered_at = event.at if isinstance(event, IvrEntered) else event.entered_at
            page = self._page(flow, entered_at // SLOT_MS, event)
            if page is None or page.offset > offset:
                continue
            entries, key = page.unfolded(), (event.contact, entered_at)
            known = entries.get(key)
            if isinstance(event, IvrEntered):
                news = known or ENTERED
            else:
                news = leave(known, OUTCOMES[event.outcome], event.at - entered_at)
            if news is not known:
                entries[key] = news
                page.offset = offset
                page.tallies.clear()
                self._soil(page)

    def _make_scope(self, scope_id: str, clock: SiteClock) -> Scope[Visit]:
        return Scope(scope_id, clock)

    def _terms_mark(self, scope_id: str) -> int:
        return crc32(self._timezone(scope_id).encode())

    def _count(
        self,
        scope: Scope[Visit],  # noqa: ARG002  # all flows are counted alike
        half_hour: HalfHour,
        pages: list[Page[Visit]],
    ) -> tuple[int, int, dict[str, Any]]:
        tally = [0] * (len(OUTCOMES) + 1)
        for page in pages:
            for outcome, number in enumerate(_tally(page, half_hour)):
                tally[outcome] += number
        return sum(tally), tally[INSIDE], {"kind": "ivr_interval", "counts": counts(tally)}


def _tally(page: Page[Visit], half_hour: HalfHour) -> list[int]:
    whole = half_hour.start <= page.start and page.end <= half_hour.end
    tally = page.tallies.get(_VISITS) if whole else None
    if tally is None:
        tally = [0] * (len(OUTCOMES) + 1)
        for key, visit in page.unfolded().items():
            if whole or half_hour.start <= key[1] < half_hour.end:
                tally[visit[0]] += 1
        if whole:
            page.tallies[_VISITS] = tally
    return tally
