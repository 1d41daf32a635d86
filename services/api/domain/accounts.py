"""Bodies of the routes about accounts, keys and walls; and what a change of one is: the new record, and its step."""

from typing import Annotated, Literal

from pydantic import Field

from services.contracts.accounts import (
    Account,
    AccountName,
    AccountStep,
    AnyRecord,
    ApiKey,
    Device,
    Password,
    Rights,
    SessionEnd,
    Sites,
    StepName,
    record_key,
)
from services.contracts.people import KeyScope, Language, PersonName
from services.contracts.topology import Contract, Id

DeviceCode = Annotated[str, Field(pattern=r"^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$")]
"""Letters that no two of are taken for each other on a screen, and that make no words."""
CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
Moment = Annotated[int, Field(ge=0, le=4_103_000_000_000)]


class SignIn(Contract):
    """Name and password."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=128)]


class OwnPassword(Contract):
    """A new password; the old one, unless you came by a link of your account."""

    password: Password
    old: Annotated[str, Field(max_length=128)] = ""


class NewPassword(Contract):
    """A password that an administrator sets."""

    password: Password


class AccountTerms(Rights):
    """An account as an administrator writes it."""

    language: Language | None = None
    disabled: bool = False


class NewAccount(AccountTerms):
    """An account that is to be made; without a password it is entered by a link."""

    name: AccountName
    password: Password | None = None


class AccountView(AccountTerms):
    """An account as it is shown."""

    name: AccountName
    has_password: bool
    revision: int
    changed_by: PersonName
    changed_at: int


class Accounts(Contract):
    """All accounts, by name."""

    accounts: tuple[AccountView, ...]


class Link(Contract):
    """A link that works once; it is shown this one time."""

    path: str = Field(description="address on this server")
    expires_at: int = Field(description="epoch ms")


class NewKey(Rights):
    """A key that is to be made."""

    name: PersonName
    scopes: Annotated[tuple[KeyScope, ...], Field(min_length=1, max_length=4)] = ("read",)
    expires_at: Moment | None = None


class KeyView(Rights):
    """A key as it is shown."""

    id: Id
    name: PersonName
    scopes: tuple[KeyScope, ...]
    made_by: PersonName
    made_at: int
    expires_at: int | None
    revoked_at: int | None
    revision: int


class MadeKey(Contract):
    """A new key; `secret` is shown this one time: send it as `Authorization: Bearer …` or `X-API-Key`."""

    key: KeyView
    secret: str


class Keys(Contract):
    """All keys, by name, revoked ones as well."""

    keys: tuple[KeyView, ...]


class CodeOffer(Contract):
    """What a wall shows while it waits to be let in, and the secret with which it asks."""

    code: DeviceCode
    secret: str
    path: str = Field(description="page on this server where somebody lets the wall in")
    expires_at: int = Field(description="epoch ms")
    ask_every_s: int


class CodeClaim(Contract):
    """A wall asks whether it has been let in."""

    code: DeviceCode
    secret: Annotated[str, Field(min_length=1, max_length=100)]


class CodeState(Contract):
    """Whether a wall has been let in: then the answer brings its cookie."""

    state: Literal["waiting", "approved"]


class Approval(Contract):
    """What the wall is called and which sites it shows (None: all that you see)."""

    name: PersonName
    sites: Sites | None = None


class DeviceView(Contract):
    """A wall as it is shown."""

    id: Id
    name: PersonName
    sites: Sites | None
    approved_by: PersonName
    approved_at: int
    revoked_at: int | None
    revision: int


class Devices(Contract):
    """Walls of the sites that you see, by name, revoked ones as well."""

    devices: tuple[DeviceView, ...]


def account_view(account: Account) -> AccountView:
    """An account without its hash."""
    content = account.model_dump(include=set(AccountView.model_fields))
    return AccountView(**content, has_password=bool(account.password))


def key_view(key: ApiKey) -> KeyView:
    """A key without its hash."""
    return KeyView(**key.model_dump(include=set(KeyView.model_fields)))


def device_view(device: Device) -> DeviceView:
    """A wall as it is shown."""
    return DeviceView(**device.model_dump(include=set(DeviceView.model_fields)))


def changed(account: Account, terms: AccountTerms, *, by: str, at: int) -> Account:
    """An account with other terms. One that is locked ends its sessions for good."""
    locked = terms.disabled and not account.disabled
    return account.model_copy(
        update={
            **{name: getattr(terms, name) for name in AccountTerms.model_fields},
            "version": account.version + locked,
            "revision": account.revision + 1,
            "changed_by": by,
            "changed_at": at,
        }
    )


def with_password(account: Account, hash_: str, *, by: str, at: int) -> Account:
    """An account with another password, which ends its sessions."""
    update = {"password": hash_, "version": account.version + 1, "revision": account.revision + 1}
    return account.model_copy(update=update | {"changed_by": by, "changed_at": at})


_TOLD = ("role", "sites", "teams", "language", "disabled", "name", "scopes", "expires_at")


def step_of(record: Account | ApiKey | Device, before: AnyRecord | None, *, by: str, at: int, mark: str) -> AccountStep:
    """What the journal says of a change. `mark`: something that no other step has."""
    old = {} if before is None or isinstance(before, SessionEnd) else before.model_dump(mode="json")
    new = record.model_dump(mode="json")
    subject = record_key(record)
    return AccountStep(
        id=f"{subject}|{record.revision}|{mark}",
        step=_name_of(record, before),
        at=at,
        by=by,
        subject=subject,
        revision=record.revision,
        changes={name: _text(new[name]) for name in _TOLD if name in new and new[name] != old.get(name)},
    )


def _name_of(record: Account | ApiKey | Device, before: AnyRecord | None) -> StepName:
    if not isinstance(record, Account):
        return "revoked" if record.revoked_at is not None else "made" if isinstance(record, ApiKey) else "approved"
    if not isinstance(before, Account):
        return "added"
    if record.password != before.password:
        return "password_set"
    if record.disabled != before.disabled:
        return "disabled" if record.disabled else "enabled"
    return "changed"


def _text(value: object) -> str:
    if value is None:
        return "all"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()
