"""One partition of the ivr topic."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from services.contracts.events import Heartbeat, IvrEntered, IvrEvent, IvrExited, IvrNodeVisited, VisitEvent
from services.metrics.domain.clocks import SiteClock
from services.metrics.domain.half_hours import HalfHour
from services.metrics.domain.menu_counts import Tally, add, merge, view
from services.metrics.domain.pages import SLOT_MS, Page
from services.metrics.domain.shard import Scope, Shard
from services.metrics.domain.visits import FAULTS, NEW, OUTCOMES, Visit, VisitPage, enter, fail, leave, reach

_VISITS = "visits"


class FlowShard(Shard[Scope[Visit], Visit]):
    """Visits to voice menus become pages and half-hours: calls, nodes, and the links between them."""

    page_type = VisitPage

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
            if flow is None or not self._reach(flow.clock, event):
                continue
            entered_at = event.at if isinstance(event, IvrEntered) else event.entered_at
            page = self._page(flow, entered_at // SLOT_MS, event)
            if page is None or page.offset > offset:
                continue
            entries, key = page.unfolded(), (event.contact, entered_at)
            known = entries.get(key)
            news = _after(known or NEW, event)
            if news is not known:
                entries[key] = news
                page.offset = offset
                page.before.setdefault(key, known)
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
        counted = view(merge(_tally(page, half_hour) for page in pages))
        counts = counted["counts"]
        return counts["entered"], counts["inside"], {"kind": "ivr_interval", **counted}


def _after(visit: Visit, event: VisitEvent) -> Visit:
    """The visit after an event; the very same object if that says nothing new."""
    if isinstance(event, IvrEntered):
        return enter(visit, event.segment)
    after_ms = event.at - event.entered_at
    if isinstance(event, IvrNodeVisited):
        return reach(visit, after_ms, event.depth, event.node)
    if isinstance(event, IvrExited):
        return leave(visit, OUTCOMES[event.outcome], after_ms, event.queue)
    return fail(visit, after_ms, event.node, FAULTS[event.fault])


def _tally(page: Page[Visit], half_hour: HalfHour) -> Tally:
    if not (half_hour.start <= page.start and page.end <= half_hour.end):
        page.tallies.clear()
        page.change_counted()  # no half-hour will ever ask for the whole page
        part: Tally = {}
        add(part, (visit for key, visit in page.unfolded().items() if half_hour.start <= key[1] < half_hour.end))
        return part
    tally: Tally | None = page.tallies.get(_VISITS)
    if tally is None:
        tally = page.tallies[_VISITS] = {}
        add(tally, page.unfolded().values())
    elif page.before:
        entries = page.unfolded()
        add(tally, (visit for visit in page.before.values() if visit is not None), -1)
        add(tally, (entries[key] for key in page.before))
    page.change_counted()
    return tally
