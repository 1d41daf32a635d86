"""Who may come in, as the accounts topic tells it, and the session of whoever shows a cookie or a key.

The log decides: a record counts if its revision is higher than the one held. A record that lost against one before it
is the newest of its key all the same, and compaction would keep it: such keys are `unsettled` until the record that
counts has been written once more.
"""

from typing import Literal

from pydantic import ValidationError

from services.api.domain.access import role_of
from services.api.domain.answers import Session
from services.contracts.accounts import (
    Account,
    AnyRecord,
    ApiKey,
    Device,
    SessionEnd,
    folded,
    key_that_fits,
    record_adapter,
    record_key,
)
from services.contracts.topology import Contract


class Ticket(Contract):
    """What a session's cookie says. `account` with its version, a `device`, or the role of a link alone."""

    session: str
    account: str | None = None
    version: int = 0
    by: Literal["link", "password"] = "link"
    device: str | None = None
    role: str | None = None
    name: str = ""
    since: int = 0


class Registry:
    """All accounts, keys and walls, and the sessions that were ended."""

    def __init__(self) -> None:
        self.records: dict[str, AnyRecord] = {}
        self.unsettled: set[str] = set()
        self.unreadable = 0

    def take(self, key: str, value: bytes | None) -> None:
        """The next record of the log; None: the key is forgotten.

        Raises:
            ValueError: it can't be read; what was held stays.
        """
        if value is None:
            self.records.pop(key, None)
            self.unsettled.discard(key)
            return
        try:
            record = record_adapter.validate_json(value)
        except ValidationError as error:
            self.unreadable += 1
            raise ValueError(f"not a record of accounts: {error.errors()[0]['msg']}") from None
        held = self.records.get(key)
        if record_key(record) != key:
            raise ValueError(f"the record is that of {record_key(record)}")
        if held is None or _revision(record) > _revision(held) or isinstance(record, SessionEnd):
            self.records[key] = record
            self.unsettled.discard(key)
        elif record == held:
            self.unsettled.discard(key)
        else:
            self.unsettled.add(key)

    @property
    def accounts(self) -> list[Account]:
        """All accounts, by name."""
        found = [record for record in self.records.values() if isinstance(record, Account)]
        return sorted(found, key=lambda account: folded(account.name))

    @property
    def keys(self) -> list[ApiKey]:
        """All keys, by name, those that are revoked as well."""
        found = [record for record in self.records.values() if isinstance(record, ApiKey)]
        return sorted(found, key=lambda key: (key.name, key.id))

    @property
    def devices(self) -> list[Device]:
        """All walls, by name, those that are revoked as well."""
        found = [record for record in self.records.values() if isinstance(record, Device)]
        return sorted(found, key=lambda device: (device.name, device.id))

    def account(self, name: str) -> Account | None:
        """An account by its name, in capitals or not."""
        record = self.records.get(f"account|{folded(name)}")
        return record if isinstance(record, Account) else None

    def key(self, id_: str) -> ApiKey | None:
        """A key by its id."""
        record = self.records.get(f"key|{id_}")
        return record if isinstance(record, ApiKey) else None

    def device(self, id_: str) -> Device | None:
        """A wall by its id."""
        record = self.records.get(f"device|{id_}")
        return record if isinstance(record, Device) else None

    def ended(self, now: int) -> list[str]:
        """Keys of sessions that were ended and would be over by now anyway: their records may be forgotten."""
        return [key for key, record in self.records.items() if isinstance(record, SessionEnd) and record.until < now]

    def admit(self, ticket: Ticket) -> Session | None:
        """The session of a cookie that is ours, None if it is over."""
        if f"session|{ticket.session}" in self.records:
            return None
        if ticket.device is not None:
            return _of_device(self.device(ticket.device))
        if ticket.account is not None:
            return _of_account(self.account(ticket.account), ticket)
        role = role_of(ticket.role or "")
        return None if role is None else Session(mode="signed_in", role=role, sites=None, name=ticket.name or role)

    def admit_key(self, text: str, now: int) -> Session | None:
        """The session of a key as a program sends it: `fw_ID_SECRET`. None: it is none, or is over."""
        key = key_that_fits(text, self.key, now)
        if key is None:
            return None
        return Session(
            mode="signed_in", role=key.role, sites=key.sites, teams=key.teams, name=key.name, by="key",
            scopes=key.scopes,
        )  # fmt: skip


def _of_device(device: Device | None) -> Session | None:
    if device is None or device.revoked_at is not None:
        return None
    return Session(mode="signed_in", role="viewer", sites=device.sites, name=device.name, by="device")


def _of_account(account: Account | None, ticket: Ticket) -> Session | None:
    if account is None or account.disabled or account.version != ticket.version:
        return None
    return Session(
        mode="signed_in", role=account.role, sites=account.sites, teams=account.teams, name=account.name, by=ticket.by,
        account=True, fresh=ticket.by == "link", language=account.language,
    )  # fmt: skip


def _revision(record: AnyRecord) -> int:
    return 0 if isinstance(record, SessionEnd) else record.revision
