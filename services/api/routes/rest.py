"""REST under /v1: the same views that the socket sends, days, alerts, topology, catalogue, session."""

from collections.abc import Iterable
from datetime import date as Date  # noqa: N812  # `date` is the name of the parameter
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.api.domain import answers
from services.api.domain.access import Sight
from services.api.domain.half_hours import half_hours, ivr_half_hours
from services.api.domain.ledger import Entry
from services.api.guard import COOKIE
from services.api.routes.parts import AllParts, FilledParts, Parts, Refusal, Seen, SignedIn, problems
from services.contracts.definitions import DEFINITIONS, DefinitionName
from services.contracts.metrics import Interval, IvrInterval
from services.contracts.socket import FeedView, ScopeLevel, TileView
from services.contracts.topology import Topology

router = APIRouter(prefix="/v1", responses=problems(401))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _listed(name: bytes, entries: Iterable[Entry]) -> Response:
    return _json(b'{"%b":[%b]}' % (name, b",".join(entry.body for entry in entries if entry.body is not None)))


def _entries(parts: Parts, kind: str, sight: Sight) -> list[Entry]:
    ledger = parts.hub.board.ledger
    return sorted(
        (entry for entry in ledger.present() if entry.kind == kind and sight.sees(kind, entry.site)),
        key=lambda entry: entry.id,
    )


@router.get("/tiles", response_model=answers.Tiles, responses=problems(422, 503))
async def tiles(
    parts: FilledParts,
    sight: Seen,
    site: Annotated[str | None, Query(description="only this site, and no roll-up of all")] = None,
    level: Annotated[ScopeLevel | None, Query(description="only queues, sites, or all")] = None,
    definition: Annotated[
        DefinitionName | None, Query(description="only tiles whose service level is defined so")
    ] = None,
) -> Response:
    """Every tile as it stands now, by id."""
    found = [
        entry.body
        for entry in _entries(parts, "tile", sight)
        if entry.body is not None
        and (site is None or entry.site == site)
        and (level is None or _level(entry.id) == level)
        and (definition is None or b'"definition":"%b"' % definition.encode() in entry.body)
    ]
    hub = parts.hub
    head = b'{"epoch":"%b","seq":%d,"tiles":[' % (hub.server.encode(), hub.board.ledger.seq)
    return _json(head + b",".join(found) + b"]}")


def _level(tile_id: str) -> ScopeLevel:
    return "queue" if "/" in tile_id else "all" if tile_id == "all" else "site"


@router.get("/tiles/{tile_id:path}", response_model=TileView, responses=problems(404, 503))
async def tile(tile_id: str, parts: FilledParts, sight: Seen) -> Response:
    """One tile: a queue (`site/queue`), a site, or `all`."""
    entry = parts.hub.board.ledger.get("tile", tile_id)
    if entry is None or entry.body is None or not sight.sees("tile", entry.site):
        raise Refusal(404, "no_such_tile", f"There is no tile {tile_id!r}. GET /v1/tiles lists those there are.")
    return _json(entry.body)


@router.get("/days/{date}/intervals", responses=problems(404, 422, 503))
async def day(
    date: Date,
    parts: FilledParts,
    sight: Seen,
    scope: Annotated[str, Query(description="a queue or flow (site/name), a site, or all")] = "all",
) -> answers.Day:
    """The half-hours of one local day; roll-ups add the counters of their queues, and of their flows for the IVR."""
    level, queues, flows = _members(parts, sight, scope)
    intervals: list[Interval] = []
    ivr: list[IvrInterval] = []
    for found in await parts.store.days([(member, date.isoformat()) for member in (*queues, *flows)]):
        intervals += [interval for interval in found if isinstance(interval, Interval)]
        ivr += [interval for interval in found if isinstance(interval, IvrInterval)]
    by_local_time = level == "all"
    return answers.Day(
        scope=scope,
        level=level,
        date=date.isoformat(),
        intervals=half_hours(intervals, parts.hub.board.target_of, by_local_time=by_local_time),
        ivr=ivr_half_hours(ivr, by_local_time=by_local_time),
    )


def _members(parts: Parts, sight: Sight, scope: str) -> tuple[answers.DayLevel, list[str], list[str]]:
    """Level of a scope, and the queues and flows that it consists of."""
    site = None if scope == "all" else scope.partition("/")[0]
    board = parts.hub.board
    queues = board.queues_of(site) if sight.sees_site(site) else []
    flows = board.flows_of(site) if sight.sees_site(site) else []
    if scope in queues:
        return "queue", [scope], []
    if scope in flows:
        return "flow", [], [scope]
    if "/" not in scope and (queues or flows or scope == "all"):
        return "all" if site is None else "site", queues, flows
    raise Refusal(404, "no_such_scope", f"There is no queue, flow or site {scope!r}. GET /v1/topology lists them.")


@router.get("/alerts", response_model=answers.Alerts, responses=problems(503))
async def alerts(parts: FilledParts, sight: Seen) -> Response:
    """Every alert that is not inactive, and the last resolved ones."""
    return _listed(b"alerts", _entries(parts, "alert", sight))


@router.get("/alerts/history", responses=problems(422, 503))
async def history(
    parts: AllParts, sight: Seen, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> answers.AlertHistory:
    """The last transitions, newest first."""
    found = await parts.store.history(limit)
    return answers.AlertHistory(
        transitions=tuple(
            step
            for step in found
            if sight.sees_site(None if step.alert.scope_kind == "all" else step.alert.scope.partition("/")[0])
        )
    )


@router.get("/feeds", responses=problems(503))
async def feeds(parts: FilledParts, sight: Seen) -> answers.Feeds:
    """Every feed's clock, and how fresh it is now."""
    views: tuple[FeedView, ...] = parts.hub.feeds()
    return answers.Feeds(feeds=tuple(view for view in views if sight.sees_site(view.site)))


@router.get("/topology", responses=problems(503))
async def topology(parts: FilledParts, sight: Seen) -> Topology:
    """Sites, queues with their targets, flows."""
    whole = parts.hub.board.topology
    return Topology(
        sites=tuple(site for site in whole.sites if sight.sees_site(site.id)),
        queues=tuple(queue for queue in whole.queues if sight.sees_site(queue.site)),
        flows=tuple(flow for flow in whole.flows if sight.sees_site(flow.site)),
    )


@router.get("/definitions")
async def definitions(_: SignedIn) -> answers.Definitions:
    """What "service level" may mean, with formulas."""
    return answers.Definitions(
        definitions=tuple(
            answers.DefinitionView(name=d.name, formula=d.formula, formula_zh=d.formula_zh, source=d.source)
            for d in DEFINITIONS.values()
        )
    )


@router.get("/session")
async def session(who: SignedIn) -> answers.Session:
    """Who is looking."""
    return who


@router.post("/sign-out", status_code=204)
async def sign_out(_: SignedIn) -> Response:
    """End this browser's session."""
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response
