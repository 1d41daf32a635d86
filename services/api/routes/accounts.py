"""REST: accounts of people and keys of programs. For administrators of the whole installation."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.api.accounts import now_ms
from services.api.domain import accounts as bodies
from services.api.routes.administration import CHANGES, Administrator, KnownParts, as_seen, tagged, written
from services.api.routes.orders import MatchHeader
from services.api.routes.parts import Parts, Refusal, problems
from services.api.routes.sign_in import ACCOUNT_LINK
from services.contracts.accounts import KEY_MARK, Account, AccountName, ApiKey, hash_of
from services.contracts.topology import Id

LINK_VALID_S = 24 * 3600

router = APIRouter(prefix="/v1", responses=problems(401, 403), tags=["accounts"])

Name = Annotated[AccountName, Path()]
KeyId = Annotated[Id, Path()]


def _account(parts: Parts, name: str) -> Account:
    account = parts.accounts.registry.account(name)
    if account is None:
        raise Refusal(404, "no_such_account", f"There is no account {name!r}. GET /v1/accounts lists those there are.")
    return account


@router.get("/accounts", responses=problems(503))
async def accounts(parts: KnownParts, _: Administrator) -> bodies.Accounts:
    """Every account, by name."""
    return bodies.Accounts(accounts=tuple(map(bodies.account_view, parts.accounts.registry.accounts)))


@router.post("/accounts", status_code=201, responses=CHANGES)
async def add(body: bodies.NewAccount, parts: KnownParts, by: Administrator, response: Response) -> bodies.AccountView:
    """Make an account. Without a password it is entered by a link: POST /v1/accounts/{name}/link."""
    if parts.accounts.registry.account(body.name) is not None:
        raise Refusal(409, "taken", f"There is an account {body.name!r} already.")
    hash_ = "" if body.password is None else await parts.passwords.hash(body.password)
    content = body.model_dump(exclude={"password"})
    account = Account(**content, password=hash_, revision=1, changed_by=by, changed_at=now_ms())
    await written(parts.accounts.write(account, by=by))
    tagged(response, 1)
    return bodies.account_view(account)


@router.get("/accounts/{name}", responses=problems(404, 422, 503))
async def account(name: Name, parts: KnownParts, _: Administrator, response: Response) -> bodies.AccountView:
    """One account; its revision is its ETag."""
    found = _account(parts, name)
    tagged(response, found.revision)
    return bodies.account_view(found)


@router.put("/accounts/{name}", responses=CHANGES)
async def change(  # noqa: PLR0917  # parameters of the request
    name: Name,
    body: bodies.AccountTerms,
    parts: KnownParts,
    by: Administrator,
    response: Response,
    if_match: MatchHeader = None,
) -> bodies.AccountView:
    """Change what an account may, or lock it. It holds at once, for sessions that are open as well."""
    found = _account(parts, name)
    as_seen(found.revision, if_match)
    changed = bodies.changed(found, body, by=by, at=now_ms())
    await written(parts.accounts.write(changed, by=by))
    tagged(response, changed.revision)
    return bodies.account_view(changed)


@router.put("/accounts/{name}/password", responses=CHANGES)
async def set_password(  # noqa: PLR0917  # parameters of the request
    name: Name,
    body: bodies.NewPassword,
    parts: KnownParts,
    by: Administrator,
    response: Response,
    if_match: MatchHeader = None,
) -> bodies.AccountView:
    """Set somebody's password; their sessions end. Better: a link, and they set it themselves."""
    found = _account(parts, name)
    as_seen(found.revision, if_match)
    hash_ = await parts.passwords.hash(body.password)
    changed = bodies.with_password(found, hash_, by=by, at=now_ms())
    await written(parts.accounts.write(changed, by=by))
    tagged(response, changed.revision)
    return bodies.account_view(changed)


@router.post("/accounts/{name}/link", status_code=201, responses=CHANGES)
async def make_link(name: Name, parts: KnownParts, by: Administrator) -> bodies.Link:
    """A link that signs this person in once, within a day, and lets them set their password."""
    found = _account(parts, name)
    if found.disabled:
        raise Refusal(409, "disabled", f"The account {found.name!r} is locked.")
    if parts.guard.is_open:
        raise Refusal(409, "open", "Nobody has to sign in here: FLOORWATCH_SECRET is not set.")
    token = secrets.token_urlsafe(24)
    await parts.store.offer_link(token, f"{ACCOUNT_LINK}{found.name}", LINK_VALID_S)
    parts.say("a link was made", account=found.name, by=by)
    return bodies.Link(path=f"/sign-in?token={token}", expires_at=now_ms() + LINK_VALID_S * 1000)


@router.get("/keys", responses=problems(503))
async def keys(parts: KnownParts, _: Administrator) -> bodies.Keys:
    """Every key, by name, without its secret."""
    return bodies.Keys(keys=tuple(map(bodies.key_view, parts.accounts.registry.keys)))


@router.post("/keys", status_code=201, responses=CHANGES)
async def make_key(body: bodies.NewKey, parts: KnownParts, by: Administrator) -> bodies.MadeKey:
    """Make a key for a program. Its secret is in this answer and nowhere else."""
    id_, secret, at = secrets.token_hex(6), secrets.token_urlsafe(32), now_ms()
    key = ApiKey(**body.model_dump(), id=id_, hash=hash_of(secret), made_by=by, made_at=at, revision=1)
    await written(parts.accounts.write(key, by=by))
    return bodies.MadeKey(key=bodies.key_view(key), secret=f"{KEY_MARK}_{id_}_{secret}")


@router.delete("/keys/{key_id}", responses=CHANGES)
async def revoke_key(key_id: KeyId, parts: KnownParts, by: Administrator) -> bodies.KeyView:
    """Nobody comes in with this key any more."""
    key = parts.accounts.registry.key(key_id)
    if key is None:
        raise Refusal(404, "no_such_key", f"There is no key {key_id!r}. GET /v1/keys lists those there are.")
    if key.revoked_at is None:
        key = key.model_copy(update={"revoked_at": now_ms(), "revision": key.revision + 1})
        await written(parts.accounts.write(key, by=by))
    return bodies.key_view(key)
