"""Who may come in, as the log tells it: any order and repetition end in the same; what ends a session ends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.api.domain.accounts import step_of
from services.api.domain.registry import Registry, Ticket
from services.contracts.accounts import Account, AnyRecord, ApiKey, Device, Rights, SessionEnd, hash_of, record_key

SECRET = "s" * 32


def ann(revision: int = 1, **more: object) -> Account:
    base = {"name": "Ann", "role": "supervisor", "sites": ("bank",), "changed_by": "root", "changed_at": 1}
    return Account.model_validate(base | {"revision": revision} | more)


def key(revision: int = 1, **more: object) -> ApiKey:
    base = {"id": "k1", "name": "dialler", "role": "viewer", "scopes": ("read",), "hash": hash_of(SECRET)}
    return ApiKey.model_validate(base | {"made_by": "root", "made_at": 1, "revision": revision} | more)


def wall(revision: int = 1, **more: object) -> Device:
    base = {"id": "d1", "name": "Hall", "sites": ("bank",), "approved_by": "root", "approved_at": 1}
    return Device.model_validate(base | {"revision": revision} | more)


def told(*records: AnyRecord) -> Registry:
    registry = Registry()
    for record in records:
        registry.take(record_key(record), record.model_dump_json().encode())
    return registry


def test_a_cookie_of_an_account_holds_until_the_account_is_locked_or_has_another_version():
    ticket = Ticket(session="s1", account="ANN", version=1, by="password")
    session = told(ann()).admit(ticket)
    assert session is not None
    assert (session.name, session.role, session.sites, session.fresh) == ("Ann", "supervisor", ("bank",), False)

    assert told().admit(ticket) is None
    assert told(ann(), ann(2, disabled=True)).admit(ticket) is None
    assert told(ann(), ann(2, version=2)).admit(ticket) is None
    assert told(ann(), SessionEnd(id="s1", until=9)).admit(ticket) is None
    by_link = told(ann()).admit(Ticket(session="s2", account="ann", version=1))
    assert by_link is not None
    assert by_link.fresh


def test_a_cookie_of_a_wall_or_of_a_link_alone():
    on_wall = told(wall()).admit(Ticket(session="s1", device="d1"))
    assert on_wall is not None
    assert (on_wall.role, on_wall.sites, on_wall.by) == ("viewer", ("bank",), "device")
    assert told(wall(), wall(2, revoked_at=5)).admit(Ticket(session="s1", device="d1")) is None
    assert told().admit(Ticket(session="s1", device="d1")) is None
    by_link = told().admit(Ticket(session="s1", role="dispatcher"))
    assert by_link is not None
    assert (by_link.role, by_link.sites) == ("dispatcher", None)
    assert told().admit(Ticket(session="s1", role="king")) is None
    assert told().admit(Ticket(session="s1")) is None


def test_a_key_opens_with_its_secret_until_it_is_revoked_or_over():
    session = told(key()).admit_key(f"fw_k1_{SECRET}", now=10)
    assert session is not None
    assert (session.name, session.by, session.scopes) == ("dialler", "key", ("read",))
    for text in (f"fw_k2_{SECRET}", "fw_k1_other", f"xx_k1_{SECRET}", "", "fw", "fw_k1"):
        assert told(key()).admit_key(text, now=10) is None
    assert told(key(), key(2, revoked_at=5)).admit_key(f"fw_k1_{SECRET}", now=10) is None
    assert told(key(expires_at=10)).admit_key(f"fw_k1_{SECRET}", now=10) is None
    assert told(key(expires_at=11)).admit_key(f"fw_k1_{SECRET}", now=10) is not None


def test_what_cannot_be_read_changes_nothing_and_is_counted():
    registry = told(ann())
    for name, value in (("account|ann", b"{"), ("account|ann", b'{"kind": "king"}')):
        with pytest.raises(ValueError, match="not a record of accounts"):
            registry.take(name, value)
    with pytest.raises(ValueError, match="the record is that of"):
        registry.take("account|bob", ann(2).model_dump_json().encode())
    assert registry.unreadable == 2
    assert registry.accounts == [ann()]


def test_a_record_that_lost_is_unsettled_until_the_one_that_counts_is_written_again():
    registry = told(ann(2, role="dispatcher"), ann(2, role="viewer"))
    assert registry.account("Ann") == ann(2, role="dispatcher")
    assert registry.unsettled == {"account|ann"}
    registry.take("account|ann", ann(2, role="dispatcher").model_dump_json().encode())
    assert registry.unsettled == set()
    registry.take("account|ann", ann(1).model_dump_json().encode())
    assert registry.unsettled == {"account|ann"}
    registry.take("account|ann", None)
    assert (registry.account("Ann"), registry.unsettled) == (None, set())


def test_ended_sessions_are_forgotten_when_their_cookies_would_be_over():
    registry = told(SessionEnd(id="s1", until=5), SessionEnd(id="s2", until=50), ann(), key(), wall())
    assert registry.ended(10) == ["session|s1"]
    assert (registry.keys, registry.devices) == ([key()], [wall()])
    assert (registry.key("s1"), registry.device("k1"), registry.account("hall")) == (None, None, None)


records = st.lists(
    st.one_of(
        st.builds(lambda n, role: ann(n, role=role), st.integers(1, 4), st.sampled_from(["viewer", "dispatcher"])),
        st.builds(key, st.integers(1, 4)),
        st.builds(lambda n: wall(n, name=f"Hall {n}"), st.integers(1, 4)),
        st.builds(lambda n: SessionEnd(id=f"s{n}", until=n), st.integers(1, 3)),
    ),
    max_size=12,
)


@given(records, st.lists(st.integers(0, 11), max_size=6))
def test_repeats_change_nobody_and_the_first_of_the_highest_revision_stands(log: list[AnyRecord], again: list[int]):
    once = told(*log)
    twice = told(*log, *(log[n] for n in again if n < len(log)))
    assert twice.records == once.records
    for name, held in once.records.items():
        if not isinstance(held, SessionEnd):
            same = [one for one in log if record_key(one) == name and not isinstance(one, SessionEnd)]
            highest = max(one.revision for one in same)
            assert held == next(one for one in same if one.revision == highest)


@pytest.mark.parametrize(
    ("record", "before", "step", "changes"),
    [
        (ann(), None, "added", {"role": "supervisor", "sites": "bank", "disabled": "false", "name": "ann"}),
        (ann(2, sites=None), ann(), "changed", {"sites": "all"}),
        (ann(2, disabled=True), ann(), "disabled", {"disabled": "true"}),
        (ann(3), ann(2, disabled=True), "enabled", {"disabled": "false"}),
        (ann(2, password="$argon2$x"), ann(), "password_set", {}),
        (key(2, revoked_at=5), key(), "revoked", {}),
        (wall(2, revoked_at=5), wall(), "revoked", {}),
    ],
)
def test_the_journal_names_what_was_done_and_never_a_secret(
    record: Account | ApiKey | Device, before: AnyRecord | None, step: str, changes: dict[str, str]
):
    said = step_of(record, before, by="root", at=7, mark="m")
    assert (said.step, said.subject, said.revision) == (step, record_key(record), record.revision)
    assert changes.items() <= said.changes.items()
    assert "argon2" not in said.model_dump_json()
    assert hash_of(SECRET) not in said.model_dump_json()


def test_a_key_and_a_wall_are_made_and_approved():
    assert step_of(key(), None, by="root", at=7, mark="m").step == "made"
    assert step_of(wall(), None, by="root", at=7, mark="m").step == "approved"


def test_teams_are_of_the_sites():
    Rights(role="team_lead", sites=("bank",), teams=("bank/blue",))
    Rights(role="team_lead", teams=("bank/blue",))
    with pytest.raises(ValidationError, match="harbour/red is of no site"):
        Rights(role="team_lead", sites=("bank",), teams=("bank/blue", "harbour/red"))
