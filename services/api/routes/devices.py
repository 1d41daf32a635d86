"""REST: walls. A screen shows a code; somebody who is signed in lets it in; it looks as a viewer until it is sent away.

wall: POST /v1/devices            code, secret           → shown on the screen
person: POST /v1/devices/CODE/approve  name, sites       → the wall is a device of the installation
wall: POST /v1/devices/claim      code, secret           → waiting, or approved with a cookie of its own
"""

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.api.accounts import now_ms
from services.api.domain import accounts as bodies
from services.api.domain.access import sites_of
from services.api.domain.actors import actor_of, in_scope, may
from services.api.domain.answers import Session
from services.api.routes.administration import CHANGES, KnownParts, written
from services.api.routes.parts import Refusal, SignedIn, problems, slow_down
from services.api.routes.sign_in import ticket
from services.contracts.accounts import Device, hash_of
from services.contracts.topology import Id

CODE_VALID_S = 600
ASK_EVERY_S = 3

router = APIRouter(prefix="/v1/devices", responses=problems(401), tags=["devices"])

Code = Annotated[bodies.DeviceCode, Path()]


def _may(who: Session, sites: tuple[str, ...] | None) -> bool:
    """Whether somebody may look after a wall of these sites (None: of all)."""
    place = None if sites is None else frozenset(sites)
    return in_scope(who, "devices") and may(actor_of(who), "devices", place)


def _refused() -> Refusal:
    return Refusal(403, "not_allowed", "Supervisors and administrators let walls in, for the sites that they see.")


@router.post("", status_code=201, responses=problems(409, 422, 429, 503))
async def offer(request: Request, parts: KnownParts) -> bodies.CodeOffer:
    """A wall that nobody has let in yet asks for a code. No sign-in is needed, and the code alone opens nothing."""
    if parts.guard.is_open:
        raise Refusal(409, "open", "Nobody has to sign in here: FLOORWATCH_SECRET is not set.")
    slow_down(parts, "codes_from", "" if request.client is None else request.client.host)
    secret = secrets.token_urlsafe(24)
    while True:
        letters = "".join(secrets.choice(bodies.CODE_LETTERS) for _ in range(8))
        code = f"{letters[:4]}-{letters[4:]}"
        if await parts.store.offer_code(code, hash_of(secret), CODE_VALID_S):
            break
    return bodies.CodeOffer(
        code=code, secret=secret, path=f"/devices?code={code}", expires_at=now_ms() + CODE_VALID_S * 1000,
        ask_every_s=ASK_EVERY_S,
    )  # fmt: skip


@router.post("/claim", responses=problems(404, 422, 429, 503))
async def claim(
    body: bodies.CodeClaim, request: Request, response: Response, parts: KnownParts
) -> bodies.CodeState:  # fmt: skip
    """The wall asks whether it has been let in. 404: the code is over, ask for a new one."""
    slow_down(parts, "claims_from", "" if request.client is None else request.client.host)
    found = await parts.store.code(body.code)
    if found is None or not hmac.compare_digest(found[0], hash_of(body.secret)):
        raise Refusal(404, "no_such_code", "This code is over. Ask for a new one.")
    device = found[1]
    if device is None or parts.accounts.registry.device(device) is None:
        return bodies.CodeState(state="waiting")
    if not await parts.store.use_code(body.code):
        raise Refusal(404, "no_such_code", "This code is over. Ask for a new one.")
    parts.guard.give(response, request, ticket(device=device))
    return bodies.CodeState(state="approved")


@router.post("/{code}/approve", status_code=201, responses=CHANGES)
async def approve(code: Code, body: bodies.Approval, who: SignedIn, parts: KnownParts) -> bodies.DeviceView:
    """Let the wall in that shows this code. It sees what a viewer of these sites sees (none named: of yours)."""
    allowed = sites_of(who)
    sites = tuple(sorted(allowed)) if body.sites is None and allowed is not None else body.sites
    if not _may(who, sites):
        raise _refused()
    found = await parts.store.code(code)
    if found is None or found[1] is not None:
        raise Refusal(404, "no_such_code", "No wall waits with this code. It may be over: the wall shows a new one.")
    by = actor_of(who).name
    device = Device(
        id=secrets.token_hex(6), name=body.name, sites=sites, approved_by=by, approved_at=now_ms(), revision=1
    )  # fmt: skip
    await written(parts.accounts.write(device, by=by))
    await parts.store.approve_code(code, found[0], device.id)
    return bodies.device_view(device)


@router.get("", responses=problems(403, 503))
async def devices(who: SignedIn, parts: KnownParts) -> bodies.Devices:
    """The walls of the sites that you look after, by name."""
    if not _may(who, tuple(sites_of(who) or ())):
        raise _refused()
    found = [device for device in parts.accounts.registry.devices if _may(who, device.sites)]
    return bodies.Devices(devices=tuple(map(bodies.device_view, found)))


@router.delete("/{device_id}", responses=CHANGES)
async def revoke(device_id: Annotated[Id, Path()], who: SignedIn, parts: KnownParts) -> bodies.DeviceView:
    """Send a wall away: it shows nothing any more, at once."""
    device = parts.accounts.registry.device(device_id)
    if not _may(who, tuple(sites_of(who) or ())):
        raise _refused()
    if device is None or not _may(who, device.sites):
        raise Refusal(404, "no_such_device", f"There is no wall {device_id!r}. GET /v1/devices lists those there are.")
    if device.revoked_at is None:
        device = device.model_copy(update={"revoked_at": now_ms(), "revision": device.revision + 1})
        await written(parts.accounts.write(device, by=actor_of(who).name))
    return bodies.device_view(device)
