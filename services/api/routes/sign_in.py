"""Coming in and going out: the one-time link, name and password, the session, one's own password."""

import secrets
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.api.accounts import now_ms
from services.api.domain import answers
from services.api.domain.access import role_of
from services.api.domain.accounts import OwnPassword, SignIn, with_password
from services.api.domain.registry import Ticket
from services.api.routes.administration import written
from services.api.routes.pages import page
from services.api.routes.parts import AllParts, Parts, Refusal, SignedIn, problems, slow_down, too_often
from services.contracts.accounts import Account, folded

router = APIRouter(prefix="/v1", responses=problems(401), tags=["session"])
links = APIRouter(include_in_schema=False)

ACCOUNT_LINK = "account|"
NOT_FITTING = "This name and this password do not belong together, or the account is locked."
REFUSED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Floorwatch</title>
<meta name="viewport" content="width=device-width">
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color:#e8eaed;
background:#14171c}h1{font-size:1.4rem}hr{border:0;border-top:1px solid #3a3f47;margin:2rem 0}</style>
<h1>This sign-in link can't be used</h1>
<p>It has been used before, or it is not from this installation. Each link works once: ask for a new one where
Floorwatch was started, or from whoever runs it.</p><hr>
<div lang="zh"><h1>登录链接无效</h1><p>该链接已被使用过，或不属于本系统。每个链接只能使用一次：请在启动 Floorwatch
的地方重新获取，或联系管理员。</p></div></html>"""


def ticket(**content: str | int) -> Ticket:
    """A new session."""
    return Ticket.model_validate({"session": secrets.token_hex(12), "since": round(time.time())} | content)


@links.get("/sign-in")
async def by_link(request: Request, parts: AllParts, token: str = "") -> Response:
    """Trade a link for a session cookie, and go to the wall; without one the page says how to sign in."""
    home = RedirectResponse("/", status_code=303, headers={"cache-control": "no-store"})
    if parts.guard.is_open:
        return home
    if not token:
        return await page("", parts)
    given = await parts.store.redeem(token)
    new = None if given is None else _ticket_of(parts, given)
    if new is None:
        return HTMLResponse(REFUSED, status_code=403, headers={"cache-control": "no-store"})
    parts.guard.give(home, request, new)
    return home


def _ticket_of(parts: Parts, given: str) -> Ticket | None:
    if given.startswith(ACCOUNT_LINK):
        account = parts.accounts.registry.account(given.removeprefix(ACCOUNT_LINK))
        if account is None or account.disabled:
            return None
        return ticket(account=account.name, version=account.version)
    return None if role_of(given) is None else ticket(role=given)


@router.post("/sign-in", responses=problems(403, 409, 422, 429, 503))
async def sign_in(body: SignIn, request: Request, response: Response, parts: AllParts) -> answers.Session:
    """Sign in with name and password; the answer brings the session's cookie."""
    if parts.guard.is_open:
        raise Refusal(409, "open", "Nobody has to sign in here: FLOORWATCH_SECRET is not set.")
    if not parts.accounts.known:
        raise Refusal(503, "not_ready", "Accounts have not been read from Kafka yet. Ask again.", retry_after="1")
    address = "" if request.client is None else request.client.host
    seconds = parts.throttle.full("failures_from", address)  # many may come from one address when a shift begins
    if seconds is not None:
        raise too_often(seconds)
    slow_down(parts, "attempts_as", folded(body.name))
    account = parts.accounts.registry.account(body.name)
    fits = await parts.passwords.fits("" if account is None else account.password, body.password)
    if account is None or not fits or account.disabled:
        parts.throttle.too_often("failures_from", address)
        raise Refusal(401, "not_fitting", NOT_FITTING)
    parts.throttle.forgive("attempts_as", folded(body.name))
    new = ticket(account=account.name, version=account.version, by="password")
    session = parts.accounts.registry.admit(new)
    if session is None:  # it was changed while the password was looked at
        raise Refusal(401, "not_fitting", NOT_FITTING)
    parts.guard.give(response, request, new)
    return session


@router.get("/session", responses=problems(503))
async def session(who: SignedIn, request: Request, response: Response, parts: AllParts) -> answers.Session:
    """Who is looking. A wall's cookie is given anew, so that it never ends by itself."""
    held = parts.guard.ticket_of(request)
    if held is not None and held.device is not None and who.by == "device":
        parts.guard.give(response, request, held)
    return who


@router.post("/sign-out", status_code=204, responses=problems(503))
async def sign_out(_: SignedIn, request: Request, parts: AllParts) -> Response:
    """End this browser's session, wherever its cookie may have been copied to."""
    held = parts.guard.ticket_of(request)
    if held is not None:
        until = now_ms() + parts.guard.lifetime_s(held) * 1000
        await written(parts.accounts.end_session(held.session, until))
    response = Response(status_code=204)
    parts.guard.take(response)
    return response


def _own(who: SignedIn, parts: AllParts) -> Account:
    account = parts.accounts.registry.account(who.name) if who.account else None
    if account is None:
        raise Refusal(403, "no_account", "This session has no account, so it has no password.")
    return account


@router.put("/password", responses=problems(403, 409, 422, 429, 503))
async def set_password(  # noqa: PLR0917  # parameters of the request
    body: OwnPassword, who: SignedIn, account: Annotated[Account, Depends(_own)], request: Request,
    response: Response, parts: AllParts,
) -> answers.Session:  # fmt: skip
    """Set your own password. Your other sessions end; this one goes on with a new cookie."""
    slow_down(parts, "attempts_as", folded(account.name))
    if not (who.fresh and not body.old) and not await parts.passwords.fits(account.password, body.old):
        raise Refusal(403, "not_fitting", "That is not the old password.")
    if folded(account.name) in folded(body.password):
        raise Refusal(422, "invalid", "body.password: must not hold your name")
    hash_ = await parts.passwords.hash(body.password)
    changed = with_password(account, hash_, by=account.name, at=now_ms())
    await written(parts.accounts.write(changed, by=account.name))
    parts.throttle.forgive("attempts_as", folded(account.name))
    new = ticket(account=changed.name, version=changed.version, by="password")
    parts.guard.give(response, request, new)
    return who.model_copy(update={"by": "password", "fresh": False})
