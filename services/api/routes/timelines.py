"""REST: a team's day, drawn: planned above, actual below."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import date as Date  # noqa: N812  # `date` is the name of the parameter
from typing import Annotated

from fastapi import APIRouter, Query

from services.api.domain.agent_log import Member
from services.api.domain.rosters import shares_of
from services.api.domain.sums import shifted
from services.api.domain.timelines import ActivityName, AgentTimeline, TeamTimeline
from services.api.pen import LogAwayError
from services.api.routes.parts import FilledParts, Parts, Refusal, Seen, log_away, problems
from services.api.staff_log import Wanted
from services.contracts import formulas
from services.contracts.agents import AgentTile
from services.contracts.formulas import StaffTime
from services.contracts.local_days import day_bounds

MOST_AGENTS = 200

router = APIRouter(prefix="/v1", responses=problems(401))


@router.get("/teams/{team_id:path}/timeline", responses=problems(404, 422, 503))
async def timeline(
    team_id: str,
    parts: FilledParts,
    sight: Seen,
    date: Annotated[Date | None, Query(description="local day; default: the one that most of the team is in")] = None,
) -> TeamTimeline:
    """A team's local day from the log: what each agent was planned to do, and did, and how the one fits the other.

    It is counted with the rules of the agents' days. An answer reads the log for about a second; if that
    was not enough, `incomplete` says so, and the next answer goes on from there.
    """
    site = team_id.partition("/")[0]
    now = {tile.id: tile for tile in parts.hub.board.staff.held.values() if tile.team == team_id}
    day = date.isoformat() if date is not None else _day_of(now.values())
    names = await _members(parts, team_id, day, now) if sight.sees_team(site, team_id) else {}
    if not names:
        message = f"There is no team {team_id!r}, or it had no agents then. GET /v1/teams lists those that have agents."
        raise Refusal(404, "no_such_team", message)
    if len(names) > MOST_AGENTS:
        message = f"{team_id} has {len(names)} agents; a day is drawn of {MOST_AGENTS} at most."
        raise Refusal(422, "too_many", message)
    timezone = parts.hub.board.directory.site(site).timezone
    start, end = day_bounds(timezone, day)
    try:
        log, incomplete = await parts.staff_log.read(Wanted(site, frozenset(names), day, start, end))
    except LogAwayError as error:
        raise log_away(error) from None
    table = parts.hub.board.directory.activity_table
    agents: list[AgentTimeline] = []
    for agent in sorted(names):
        member = Member(agent, names[agent], parts.staff_log.partition_of(agent))
        agents.append(log.day(member, day, timezone, table))
        await asyncio.sleep(0)  # let sockets be served in between
    time, contacts = StaffTime(), 0
    for each in agents:
        time = StaffTime(*shifted(time, formulas.staff_time(each.totals), 1))
        contacts += each.totals.contacts
    return TeamTimeline.model_construct(
        team=team_id,
        date=day,
        timezone=timezone,
        start=min((each.start for each in agents), default=start),
        end=max((each.end for each in agents), default=end),
        as_of=max((each.as_of for each in agents), default=start),
        shares=shares_of(time, contacts),
        agents=tuple(agents),
        activities=tuple(
            ActivityName(id=each.id, name=each.name, counts_as=each.counts_as)
            for each in parts.hub.board.directory.activities.activities
        ),
        incomplete=incomplete,
    )


def _day_of(agents: Iterable[AgentTile]) -> str:
    """The day that most of a team is in: of a night shift that of its beginning. Empty: no agents."""
    days = Counter(tile.date for tile in agents)
    return max(days, key=lambda day: (days[day], day), default="")


async def _members(parts: Parts, team: str, day: str, now: dict[str, AgentTile]) -> dict[str, str]:
    """Agent → name: who was of the team on the day, and on the day that runs who is of it now."""
    held = parts.hub.board.staff.held
    then = await parts.store.agent_days(day, site=None, team=team)
    ids = {each.agent for each in then} | {tile.id for tile in now.values() if tile.date == day}
    return {id_: (held[id_].name if id_ in held else "") or id_ for id_ in ids}
