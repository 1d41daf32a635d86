"""REST about agents as they are now: agents, teams, and who is missing."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.api.domain import reports
from services.api.domain.access import Sight
from services.api.domain.rosters import absences, agent_row, queue_cost
from services.api.routes.parts import FilledParts, Parts, Seen, problems
from services.contracts.agents import AdherenceState, AgentTile

router = APIRouter(prefix="/v1", responses=problems(401))

SiteParameter = Annotated[str | None, Query(description="only this site")]
TeamParameter = Annotated[str | None, Query(description="only this team (site/team)")]
QueueParameter = Annotated[str | None, Query(description="only who serves this queue (site/queue)")]


def _agents(parts: Parts, sight: Sight, site: str | None, team: str | None, queue: str | None) -> list[AgentTile]:
    staff = parts.hub.board.staff
    found = [
        agent
        for agent in staff.held.values()
        if sight.sees_team(agent.site, agent.team)
        and site in {None, agent.site}
        and team in {None, agent.team}
        and (queue is None or queue in agent.queues)
    ]
    shown = (staff.shown(agent.id) for agent in sorted(found, key=lambda agent: agent.id))
    return [agent for agent in shown if agent is not None]


@router.get("/agents", responses=problems(422, 503))
async def agents(  # noqa: PLR0917  # parameters of the address
    parts: FilledParts,
    sight: Seen,
    site: SiteParameter = None,
    team: TeamParameter = None,
    queue: QueueParameter = None,
    adherence: Annotated[AdherenceState | None, Query(description="only who is in, out, …")] = None,
) -> reports.Agents:
    """Every agent now, with the shares of the local day so far."""
    time_of = parts.hub.board.staff.time_of
    found = (
        agent for agent in _agents(parts, sight, site, team, queue) if adherence in {None, agent.adherence}
    )  # fmt: skip
    return reports.Agents.model_construct(agents=tuple(agent_row(agent, time_of(agent)) for agent in found))


@router.get("/teams", response_model=reports.Teams, responses=problems(503))
async def teams(parts: FilledParts, sight: Seen, site: SiteParameter = None) -> Response:
    """Every team that has agents, as it stands now."""
    entries = sorted(parts.hub.board.ledger.present(("team",)), key=lambda entry: entry.id)
    bodies = [
        entry.body
        for entry in entries
        if entry.body is not None and sight.sees_site(entry.site) and site in {None, entry.id.partition("/")[0]}
    ]
    return Response(b'{"teams":[%b]}' % b",".join(bodies), media_type="application/json")


@router.get("/adherence", responses=problems(503))
async def adherence(
    parts: FilledParts,
    sight: Seen,
    site: SiteParameter = None,
    team: TeamParameter = None,
    queue: QueueParameter = None,
) -> reports.Adherence:
    """Agents out of adherence, those first whose absence costs the service level most now (`absence_cost`)."""
    board = parts.hub.board

    def cost_of(queue_id: str) -> reports.QueueCost:
        tile = board.tiles.held.get(queue_id)
        return queue_cost(queue_id, board.staff, tile, board.directory.switches(queue_id))

    return reports.Adherence(absences=absences(_agents(parts, sight, site, team, queue), board.staff, cost_of))
