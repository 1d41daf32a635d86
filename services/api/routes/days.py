"""REST about local days: half-hours, groups of contacts, agents, voice menus."""

from datetime import date as Date  # noqa: N812  # `date` is the name of the parameter
from typing import Annotated

from fastapi import APIRouter, Query

from services.api.domain import answers, reports
from services.api.domain.access import Sight
from services.api.domain.half_hours import groups as grouped
from services.api.domain.half_hours import half_hours, ivr_half_hours, repeat_calls
from services.api.domain.menus import flow_day
from services.api.domain.rosters import agent_day, agent_days
from services.api.routes.forecasts import forecast_in
from services.api.routes.parts import FilledParts, Parts, Refusal, Seen, problems
from services.api.routes.scopes import members_of
from services.contracts.metrics import Interval, IvrInterval

router = APIRouter(prefix="/v1", responses=problems(401))

ScopeParameter = Annotated[
    str, Query(description="a queue or flow (site/name), a site, a region (region:NAME), or all")
]


async def _halves(parts: Parts, scopes: list[str], date: Date) -> list[Interval | IvrInterval]:
    found = await parts.store.days([(scope, date.isoformat()) for scope in scopes])
    return [half for day in found for half in day]


@router.get("/days/{date}/intervals", responses=problems(404, 422, 503))
async def day(date: Date, parts: FilledParts, sight: Seen, scope: ScopeParameter = "all") -> answers.Day:
    """The half-hours of one local day, and its forecast; roll-ups add those of their queues, and of their flows."""
    members, board = members_of(parts, sight, scope), parts.hub.board
    halves = await _halves(parts, [*members.queues, *members.flows], date)
    repeats = await parts.store.repeats([(queue, date.isoformat()) for queue in members.queues])
    return answers.Day(
        scope=scope,
        level=members.level,
        date=date.isoformat(),
        definition=board.definition_of(members.queues),
        intervals=half_hours(
            (half for half in halves if isinstance(half, Interval)),
            board.terms_of(members.queues),
            repeats,
            by_local_time=members.by_local_time,
        ),
        repeats=repeat_calls(repeats),
        forecast=forecast_in(parts, members, scope, date),
        ivr=ivr_half_hours(
            (half for half in halves if isinstance(half, IvrInterval)), by_local_time=members.by_local_time
        ),
    )


@router.get("/days/{date}/groups", responses=problems(404, 422, 503))
async def groups(
    date: Date, parts: FilledParts, sight: Seen, by: reports.GroupBy, scope: ScopeParameter = "all"
) -> reports.Groups:
    """A local day's contacts by channel, customer segment, number dialled, or skill of the queue."""
    members, board = members_of(parts, sight, scope), parts.hub.board
    halves = [half for half in await _halves(parts, members.queues, date) if isinstance(half, Interval)]
    found = grouped(halves, by, board.terms_of(members.queues), board.directory.queue)
    return reports.Groups(scope=scope, date=date.isoformat(), by=by, groups=found)


@router.get("/days/{date}/agents", responses=problems(422, 503))
async def agents(
    date: Date,
    parts: FilledParts,
    sight: Seen,
    site: Annotated[str | None, Query(description="only this site")] = None,
    team: Annotated[str | None, Query(description="only this team (site/team)")] = None,
) -> reports.AgentDays:
    """A local day of agents, and the shares of all their times: of a team, of a site, of all that may be seen."""
    days = await parts.store.agent_days(date.isoformat(), site=site, team=team)
    return agent_days(date.isoformat(), (each for each in days if sight.sees_team(each.site, each.team)))


@router.get("/agents/{agent_id:path}/days/{date}", responses=problems(404, 422, 503))
async def one_agent(agent_id: str, date: Date, parts: FilledParts, sight: Seen) -> reports.AgentDayRow:
    """An agent's local day: every activity of the time signed in, against the plan."""
    found = await parts.store.agent_day(agent_id, date.isoformat())
    if found is None or not sight.sees_team(found.site, found.team):
        raise Refusal(404, "no_such_day", f"Nothing is known of agent {agent_id!r} on {date}.")
    return agent_day(found)


@router.get("/flows/{flow_id:path}/days/{date}", responses=problems(404, 422, 503))
async def flow(
    flow_id: str,
    date: Date,
    parts: FilledParts,
    sight: Seen,
    start: Annotated[int | None, Query(description="only the half-hour that begins then, epoch ms")] = None,
) -> reports.FlowDay:
    """A voice menu's local day: nodes and the links between them (Sankey-ready), losses, segments, warnings."""
    _known_flow(parts, sight, flow_id)
    halves = [half for half in await _halves(parts, [flow_id], date) if isinstance(half, IvrInterval)]
    directory = parts.hub.board.directory
    return flow_day(
        directory.flow(flow_id), date.isoformat(), halves, start=start, queue_name=directory.queue_name
    )  # fmt: skip


def _known_flow(parts: Parts, sight: Sight, flow_id: str) -> None:
    site = flow_id.partition("/")[0]
    if not sight.sees_site(site) or flow_id not in parts.hub.board.flows_of({site}):
        raise Refusal(404, "no_such_flow", f"There is no flow {flow_id!r}. GET /v1/topology lists those there are.")
