"""REST: the very contacts behind a number, counted again from the log."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from services.api.domain.access import Sight
from services.api.domain.days import at_target, local_date
from services.api.domain.proofs import ContactOutcome, ContactRecord, Evidence, without_agents
from services.api.domain.recount import (
    Recount,
    Window,
    arrivals_of,
    differences,
    published_of,
    record_of,
    recounted,
    rolling_window,
)
from services.api.domain.sums import target_counts
from services.api.pen import LogAwayError
from services.api.routes.parts import FilledParts, Parts, Refusal, Seen, log_away, problems
from services.contracts import topology
from services.contracts.definitions import Counts
from services.contracts.metrics import Interval, Tile

LATEST_MS = 4_102_444_800_000
"""2100-01-01, after which metrics counts nothing."""

router = APIRouter(prefix="/v1", responses=problems(401))


@dataclass(frozen=True, slots=True)
class _Claim:
    """A published number, and from where to where the log tells of it."""

    item: Interval | Tile
    window: Window
    clock: int
    first: int
    last: int

    @property
    def knows_details(self) -> bool:
        """Whether metrics told the details of this window, too: those of a tile are its target's."""
        return self.item.running is not None if isinstance(self.item, Tile) else self.item.first_offset >= 0

    def published(self, threshold_s: int | None, target_s: int) -> Counts | None:
        """Its counts at a T; None: it has no such T."""
        by_threshold = self.item.rolling if isinstance(self.item, Tile) else self.item.by_threshold
        if threshold_s is not None:
            return by_threshold.get(threshold_s)
        return target_counts(self.item) if isinstance(self.item, Tile) else at_target(self.item, target_s)


@router.get("/contacts", responses=problems(404, 422, 503))
async def contacts(  # noqa: PLR0917  # parameters of the address
    parts: FilledParts,
    sight: Seen,
    queue: Annotated[str, Query(description="site/queue")],
    interval: Annotated[
        int | None, Query(ge=0, le=LATEST_MS, description="start of a clock half-hour, epoch ms")
    ] = None,
    window: Annotated[Literal["rolling"] | None, Query(description="the rolling half-hour instead")] = None,
    threshold: Annotated[int | None, Query(description="T in seconds; default: each contact's own target")] = None,
    outcome: Annotated[ContactOutcome | None, Query(description="list only these; all are counted")] = None,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=0, le=1000)] = 100,
) -> Evidence:
    """The contacts behind a queue's number with the events they were counted from, recounted as of its revision."""
    described = _described(parts, sight, queue)
    if (interval is None) == (window is None):
        raise Refusal(422, "invalid", "Give either interval (start of a half-hour in epoch ms) or window=rolling.")
    claim = await (_rolling(parts, described) if interval is None else _interval(parts, described, interval))
    published = claim.published(threshold, described.target_s)
    if published is None:
        raise Refusal(404, "no_such_threshold", f"{queue} is not counted at T = {threshold} s.")
    recount = Recount(described, *arrivals_of(claim.window, described))
    try:
        reading = await parts.evidence.read(queue, claim.first, claim.last, recount.feed)
    except LogAwayError as error:
        raise log_away(error) from None
    legs = recount.legs_at(claim.clock)
    claimed = published_of(claim.item, details=claim.knows_details)
    differing = differences(claimed, recounted(recount, legs, claim.window, claimed))
    counts, details = recount.count(legs, claim.window, threshold)
    listed = [
        record_of(leg, recount.terms(leg, threshold)) for leg in recount.chosen(legs, claim.window, threshold)
    ]  # fmt: skip
    fitting = [record for record in listed if outcome in {None, record.outcome}]
    page, following = _page(fitting, cursor, limit)
    return Evidence(
        queue=queue,
        window="rolling" if claim.window.rolling else "interval",
        start=claim.window.start,
        end=claim.window.end,
        status=claim.item.status,
        revision=claim.last,
        as_of=claim.clock,
        threshold_s=threshold,
        published=published,
        recounted=counts,
        details=details,
        equal=None if reading.incomplete else not differing,
        incomplete=reading.incomplete,
        differences=() if reading.incomplete else differing,
        partition=reading.partition,
        first_offset=reading.first_offset,
        records=reading.records,
        total=len(fitting),
        contacts=tuple(_as_seen(parts, sight, record) for record in page),
        next=following,
    )


def _as_seen(parts: Parts, sight: Sight, record: ContactRecord) -> ContactRecord:
    """Who sees only some teams is told of no other team's agents."""
    held = parts.hub.board.staff.held

    def unseen(agent: str) -> bool:
        tile = held.get(agent)
        return tile is None or not sight.sees_team(tile.site, tile.team)

    return record if sight.teams is None else without_agents(record, unseen)


def _described(parts: Parts, sight: Sight, queue: str) -> topology.Queue:
    board = parts.hub.board
    site = queue.partition("/")[0]
    if not sight.sees_site(site) or queue not in board.queues_of({site}):
        raise Refusal(404, "no_such_queue", f"There is no queue {queue!r}. GET /v1/topology lists those there are.")
    return board.directory.queue(queue)


def _date(parts: Parts, queue: str, at: int) -> str:
    return local_date(at, parts.hub.board.directory.site(queue.partition("/")[0]).timezone)


async def _interval(parts: Parts, queue: topology.Queue, start: int) -> _Claim:
    (halves,) = await parts.store.days([(queue.id, _date(parts, queue.id, start))])
    for half in halves:
        if isinstance(half, Interval) and half.start == start:
            tile = parts.hub.board.tiles.held.get(queue.id)
            clock = half.end if tile is None else tile.as_of  # metrics told every ghost up to its tile's moment
            nobody = not any(counts.offered for counts in half.by_threshold.values())
            first = half.revision + 1 if nobody else half.first_offset  # others waited in it: the log tells of none
            return _Claim(half, Window(half.start, half.end, rolling=False), clock, first, half.revision)
    raise Refusal(404, "no_such_interval", f"{queue.id} has no half-hour that begins at {start}. See GET /v1/days.")


async def _rolling(parts: Parts, queue: topology.Queue) -> _Claim:
    tile = parts.hub.board.tiles.held.get(queue.id)
    if tile is None:
        raise Refusal(404, "no_such_tile", f"There is no tile {queue.id!r} yet: nobody has called.")
    window = rolling_window(tile)
    since, until = arrivals_of(window, queue)
    dates = sorted({_date(parts, queue.id, since), _date(parts, queue.id, until)})
    found = await parts.store.days([(queue.id, date) for date in dates])
    firsts = [
        half.first_offset
        for day in found
        for half in day
        if isinstance(half, Interval) and half.end > since and any(c.offered for c in half.by_threshold.values())
    ]
    return _Claim(tile, window, tile.as_of, min(firsts, default=-1), tile.offset)


def _page(records: list[ContactRecord], cursor: str | None, limit: int) -> tuple[tuple[ContactRecord, ...], str | None]:
    """The records after a cursor, and the cursor of the next page. They are in the order of their cursors."""
    if cursor is not None:
        arrived, _, contact = cursor.partition("|")
        if not arrived.lstrip("-").isdigit():
            raise Refusal(422, "invalid", "cursor is not one that was answered as `next`")
        after = int(arrived), contact
        records = [record for record in records if (record.offered_at, record.contact) > after]
    page = tuple(records[:limit])
    return page, f"{page[-1].offered_at}|{page[-1].contact}" if page and len(records) > limit else None
