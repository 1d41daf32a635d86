"""The one-time sign-in link."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.api.domain.access import role_of
from services.api.guard import COOKIE
from services.api.routes.parts import AllParts

router = APIRouter(include_in_schema=False)

REFUSED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Floorwatch</title>
<meta name="viewport" content="width=device-width">
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color:#e8eaed;
background:#14171c}h1{font-size:1.4rem}hr{border:0;border-top:1px solid #3a3f47;margin:2rem 0}</style>
<h1>This sign-in link can't be used</h1>
<p>It has been used before, or it is not from this installation. Each link works once: ask for a new one where
Floorwatch was started, or from whoever runs it.</p><hr>
<div lang="zh"><h1>登录链接无效</h1><p>该链接已被使用过，或不属于本系统。每个链接只能使用一次：请在启动 Floorwatch
的地方重新获取，或联系管理员。</p></div></html>"""


@router.get("/sign-in")
async def sign_in(request: Request, parts: AllParts, token: str = "") -> Response:
    """Trade a link for a session cookie, and go to the wall."""
    home = RedirectResponse("/", status_code=303, headers={"cache-control": "no-store"})
    if parts.guard.is_open:
        return home
    name = await parts.store.redeem(token) if token else None
    role = role_of(name) if name is not None else None
    if role is None:
        return HTMLResponse(REFUSED, status_code=403, headers={"cache-control": "no-store"})
    home.set_cookie(
        COOKIE,
        parts.guard.cookie_for(role),
        max_age=parts.guard.lifetime_s,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return home
