"""REST under /v1: the same views that the socket sends, feeds, topology, catalogue, session."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.api.domain import answers, reports
from services.api.domain.views import ALL, REGION
from services.api.routes.listing import entries_of, json_answer
from services.api.routes.parts import FilledParts, Refusal, Seen, SignedIn, problems
from services.contracts.catalogue import CATALOGUE
from services.contracts.definitions import DEFINITIONS, DefinitionName
from services.contracts.socket import FeedView, ScopeLevel, TileView
from services.contracts.topology import Topology

router = APIRouter(prefix="/v1", responses=problems(401))

CATALOGUED = reports.Metrics(
    metrics=tuple(
        reports.MetricView(**{name: getattr(metric, name) for name in reports.MetricView.model_fields})
        for metric in CATALOGUE
    )
)


@router.get("/tiles", response_model=answers.Tiles, responses=problems(422, 503))
async def tiles(
    parts: FilledParts,
    sight: Seen,
    site: Annotated[str | None, Query(description="only this site, and no roll-up of all")] = None,
    level: Annotated[ScopeLevel | None, Query(description="only queues, sites, regions, or all")] = None,
    definition: Annotated[
        DefinitionName | None, Query(description="only tiles whose service level is defined so")
    ] = None,
) -> Response:
    """Every tile as it stands now, by id."""
    found = [
        entry.body
        for entry in entries_of(parts, "tile", sight)
        if entry.body is not None
        and (site is None or entry.site == site)
        and (level is None or _level(entry.id) == level)
        and (definition is None or b'"definition":"%b"' % definition.encode() in entry.body)
    ]
    hub = parts.hub
    head = b'{"epoch":"%b","seq":%d,"tiles":[' % (hub.server.encode(), hub.board.ledger.seq)
    return json_answer(head + b",".join(found) + b"]}")


def _level(tile_id: str) -> ScopeLevel:
    if "/" in tile_id:
        return "queue"
    return "all" if tile_id == ALL else "region" if tile_id.startswith(REGION) else "site"


@router.get("/tiles/{tile_id:path}", response_model=TileView, responses=problems(404, 503))
async def tile(tile_id: str, parts: FilledParts, sight: Seen) -> Response:
    """One tile: a queue (`site/queue`), a site, a region (`region:NAME`), or `all`."""
    entry = parts.hub.board.ledger.get("tile", tile_id)
    if entry is None or entry.body is None or not sight.sees_site(entry.site):
        raise Refusal(404, "no_such_tile", f"There is no tile {tile_id!r}. GET /v1/tiles lists those there are.")
    return json_answer(entry.body)


@router.get("/feeds", responses=problems(503))
async def feeds(parts: FilledParts, sight: Seen) -> answers.Feeds:
    """Every feed's clock and how fresh it is now; and the same of each partition, the watermark of what is counted."""
    views: tuple[FeedView, ...] = parts.hub.feeds()
    return answers.Feeds(
        feeds=tuple(view for view in views if sight.sees_site(view.site)),
        partitions=tuple(part for part in parts.hub.feed_partitions() if sight.sees_site(part.site)),
    )


@router.get("/topology", responses=problems(503))
async def topology(parts: FilledParts, sight: Seen) -> Topology:
    """Sites, queues with their targets, flows with their nodes, teams, agents, activities."""
    whole = parts.hub.board.topology
    return Topology(
        sites=tuple(site for site in whole.sites if sight.sees_site(site.id)),
        queues=tuple(queue for queue in whole.queues if sight.sees_site(queue.site)),
        flows=tuple(flow for flow in whole.flows if sight.sees_site(flow.site)),
        teams=tuple(team for team in whole.teams if sight.sees_team(team.site, team.id)),
        agents=tuple(agent for agent in whole.agents if sight.sees_team(agent.site, agent.team)),
        activities=whole.activities,
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


@router.get("/metrics")
async def metrics(_: SignedIn) -> reports.Metrics:
    """The catalogue: what each figure means, in which direction it is good, and what moves it."""
    return CATALOGUED
