"""REST: when rules would have fired, had they been on. For administrators, each of the sites that the rules look at."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.api.backtests import BacktestFailedError, BusyError, TooLongError
from services.api.domain.actors import actor_of, in_scope, may
from services.api.domain.desk import place_of_scope
from services.api.routes.parts import FilledParts, Parts, Refusal, SignedIn, problems
from services.contracts.backtest import Backtest, BacktestOrder

router = APIRouter(prefix="/v1/backtest", responses=problems(401), tags=["rules"])


def _permitted(parts: FilledParts, who: SignedIn, body: BacktestOrder) -> BacktestOrder:
    sites_of = parts.hub.board.sites_of_region
    places = [None] if not body.rules else [place_of_scope(rule.scope, sites_of) for rule in body.rules]
    if not in_scope(who, "backtest") or not all(may(actor_of(who), "backtest", place) for place in places):
        message = f"A {who.role.replace('_', ' ')} may not do that here. An administrator can say who may."
        raise Refusal(403, "not_allowed", message)
    return body


@router.post("", response_model=Backtest, responses=problems(403, 422, 429, 503, 504))
async def backtest(
    request: Request, parts: FilledParts, order: Annotated[BacktestOrder, Depends(_permitted)]
) -> Response:
    """Run rules over recorded half-hours or tiles: when each would have fired, for how long, how often a day.

    By the very code of the alerts service; nothing is switched on. One at a time (429), and for so long at most (504).
    It is ended when nobody waits for the answer any more.
    """
    work = asyncio.create_task(_run(parts, order), name="backtest")
    leaving = asyncio.create_task(_gone(request), name="backtest is waited for")
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise Refusal(503, "gone", "Nobody waits for the answer any more.")
        return Response(work.result(), media_type="application/json")
    finally:
        work.cancel()
        leaving.cancel()
        await asyncio.gather(work, leaving, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _run(parts: Parts, order: BacktestOrder) -> bytes:
    try:
        return await parts.backtests.run(order)
    except BusyError:
        message = "Another backtest runs. Ask again when it is done."
        raise Refusal(429, "busy", message, retry_after="5") from None
    except TooLongError:
        within = f"{parts.settings.backtest_within_s:g}"
        message = f"It was not done within {within} s, and was ended. Ask for a shorter span, or for fewer rules."
        raise Refusal(504, "too_long", message) from None
    except BacktestFailedError as error:
        message = f"What was recorded can't be read now ({error}). Ask again."
        raise Refusal(503, "backtest_failed", message, retry_after="2") from None
