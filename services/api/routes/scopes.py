"""What a scope consists of: a queue or flow by itself, a site, a region, or the whole floor."""

from dataclasses import dataclass

from services.api.domain.access import Sight
from services.api.domain.answers import DayLevel
from services.api.domain.views import ALL, REGION
from services.api.routes.parts import Parts, Refusal


@dataclass(frozen=True, slots=True)
class Members:
    """The queues and flows of a scope."""

    level: DayLevel
    queues: list[str]
    flows: list[str]

    @property
    def by_local_time(self) -> bool:
        """Whether they may be of sites with different time zones."""
        return self.level in {"region", "all"}


def members_of(parts: Parts, sight: Sight, scope: str) -> Members:
    """What a scope consists of.

    Raises:
        Refusal: there is no such scope, or it is not for this viewer.
    """
    board = parts.hub.board
    if scope == ALL and sight.sites is None:
        return Members("all", board.queues_of(None), board.flows_of(None))
    if scope.startswith(REGION):
        sites = board.sites_of_region(scope[len(REGION) :])
        if sites and sight.sees_site(sites):
            return Members("region", board.queues_of(sites), board.flows_of(sites))
    else:
        site = scope.partition("/")[0]
        queues, flows = (
            (board.queues_of({site}), board.flows_of({site})) if sight.sees_site(site) else ([], [])
        )  # fmt: skip
        if scope in queues:
            return Members("queue", [scope], [])
        if scope in flows:
            return Members("flow", [], [scope])
        if scope == site and (queues or flows):
            return Members("site", queues, flows)
    raise Refusal(
        404, "no_such_scope", f"There is no queue, flow, site or region {scope!r}. GET /v1/topology lists them."
    )
