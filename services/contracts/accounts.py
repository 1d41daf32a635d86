"""Who may come in: accounts of people, keys of programs, walls, and sessions that were ended.

Records of the compacted topic `names.accounts`; the API reads all of them into memory. A record with a higher
`revision` replaces one with a lower; of two with the same the first on the log stands. No record holds a secret in
clear: a password stands as its argon2 hash, a key as the hash of its secret.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from services.contracts.people import KeyScope, Language, PersonName, Role
from services.contracts.topology import Contract, Id, ScopedId

AccountName = Annotated[str, StringConstraints(pattern=r"^\w([\w .@'\-]{0,62}[\w.])?$")]
"""Of a person; the same in capitals is the same account."""
Password = Annotated[str, StringConstraints(min_length=12, max_length=128)]
Sites = Annotated[tuple[Id, ...], Field(max_length=200)]
Teams = Annotated[tuple[ScopedId, ...], Field(max_length=200)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Rights(Contract):
    """What somebody may do, and where."""

    role: Role
    sites: Sites | None = Field(default=None, description="None: every site, or those of the teams")
    teams: Teams | None = Field(default=None, description="`site/team`; None: every team of the sites")

    @model_validator(mode="after")
    def _teams_are_of_the_sites(self) -> Self:
        for team in self.teams or ():
            if self.sites is not None and team.partition("/")[0] not in self.sites:
                raise ValueError(f"teams: {team} is of no site that is given")
        return self


class Account(Rights):
    """A person. Sessions carry `version`: a new password or a locked account ends those before it.

    `password`: argon2 hash, empty while none has been set.
    """

    kind: Literal["account"] = "account"
    name: AccountName
    language: Language | None = None
    password: Annotated[str, StringConstraints(max_length=500)] = ""
    disabled: bool = False
    version: int = 1
    revision: int
    changed_by: PersonName
    changed_at: int


class ApiKey(Rights):
    """A program. `hash`: SHA-256 of the key's secret, which is random, so that nothing slower is needed."""

    kind: Literal["key"] = "key"
    id: Id
    name: PersonName
    scopes: Annotated[tuple[KeyScope, ...], Field(min_length=1, max_length=4)]
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    made_by: PersonName
    made_at: int
    expires_at: int | None = Field(default=None, description="epoch ms")
    revoked_at: int | None = None
    revision: int


class Device(Contract):
    """A wall: a screen that somebody let in by its code. It looks, as a viewer; nobody's password is on it."""

    kind: Literal["device"] = "device"
    id: Id
    name: PersonName
    sites: Sites | None = Field(default=None, description="None: every site")
    approved_by: PersonName
    approved_at: int
    revoked_at: int | None = None
    revision: int


class SessionEnd(Contract):
    """Somebody signed out; the record is needed until the cookie would have ended by itself."""

    kind: Literal["session"] = "session"
    id: Id
    until: int = Field(description="epoch ms")


AnyRecord = Account | ApiKey | Device | SessionEnd
record_adapter: TypeAdapter[AnyRecord] = TypeAdapter(Annotated[AnyRecord, Field(discriminator="kind")])

StepName = Literal[
    "added", "changed", "disabled", "enabled", "password_set", "made", "approved", "revoked", "not_done"
]  # fmt: skip


class AccountStep(Contract):
    """What was done to an account, a key or a wall, for the journal. It is written before it is done.

    The id is `kind|id|revision|` and something that no other has; `not_done` with the same subject and revision says
    that another change came first.
    """

    kind: Literal["account_step"] = "account_step"
    id: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    step: StepName
    at: int = Field(description="wall clock, epoch ms")
    by: PersonName
    subject: Subject = Field(description="kind|id")
    revision: int
    changes: dict[str, str] = Field(default_factory=dict, description="field → what it is now; never a secret")


KEY_MARK = "fw"


def hash_of(secret: str) -> str:
    """How a random secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def key_that_fits(text: str, key_of: Callable[[str], ApiKey | None], now: int) -> ApiKey | None:
    """The key that a program shows as `fw_ID_SECRET`; None: it is none of ours, or is over. `now`: epoch ms."""
    mark, _, rest = text.partition("_")
    id_, _, secret = rest.partition("_")
    key = key_of(id_) if mark == KEY_MARK else None
    if key is None or not hmac.compare_digest(key.hash, hash_of(secret)):
        return None
    return None if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now) else key


def folded(name: str) -> str:
    """What two spellings of one account's name share."""
    return unicodedata.normalize("NFKC", name).casefold()


def record_key(record: AnyRecord) -> str:
    """Key of a record on the topic."""
    return f"{record.kind}|{folded(record.name) if isinstance(record, Account) else record.id}"
