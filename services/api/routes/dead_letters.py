"""REST: dead letters, and what came in lately by source. For administrators of the whole installation."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.api.domain.letters import Letters, Wanted
from services.api.domain.traffic import Traffic
from services.api.pen import LogAwayError
from services.api.routes.administration import permit
from services.api.routes.parts import AllParts, SignedIn, log_away, problems

router = APIRouter(prefix="/v1", responses=problems(401, 403), tags=["feeds"])


def _administrator(who: SignedIn) -> None:
    permit(who, "dead_letters")


ForAdministrators = Depends(_administrator)


@router.get("/dead-letters", responses=problems(422, 503), dependencies=[ForAdministrators])
async def dead_letters(  # noqa: PLR0917  # parameters of the address
    parts: AllParts,
    source: Annotated[str, Query(max_length=200, description="only of this source")] = "",
    reason: Annotated[str, Query(max_length=200, description="only with this in the reason")] = "",
    text: Annotated[str, Query(max_length=200, description="only with this in the record, field, file or reason")] = "",
    before: Annotated[int | None, Query(ge=0, description="`next` of the page before: only older ones")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Letters:
    """What could not be used, newest first, with the reason and what to do.

    At most 20,000 letters are looked at for one page: one that is not full goes on at `next`.
    """
    try:
        return await parts.letters.page(Wanted(source, reason, text), before=before, limit=limit)
    except LogAwayError as error:
        raise log_away(error, retry_after="2") from None


@router.get("/feeds/traffic", responses=problems(422, 503), dependencies=[ForAdministrators])
async def traffic(
    parts: AllParts,
    minutes: Annotated[int, Query(ge=1, le=60, description="so many of the last minutes, by our clock")] = 15,
) -> Traffic:
    """Events by source and site, counted from the log: taken, come again, not readable, not countable, the last one."""
    try:
        return await parts.letters.traffic(minutes)
    except LogAwayError as error:
        raise log_away(error, retry_after="2") from None
