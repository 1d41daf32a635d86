"""Roles, rows and epochs."""

import re
from pathlib import Path

import pytest

from services.api.domain.access import OPEN_SESSION, ROLES, Sight, role_of, sight_of
from services.api.domain.actors import MAY, actor_of, may, scope_for
from services.api.domain.answers import Session
from services.api.domain.ledger import Either, InTeam, OfTeam, Place
from services.api.domain.messages import epoch_for
from services.contracts.people import Role
from services.contracts.socket import Filters

LEAD = Session(mode="signed_in", role="team_lead", sites=("bank", "porto"))


@pytest.mark.parametrize(
    ("session", "filters", "sites"),
    [
        (OPEN_SESSION, Filters(), None),
        (OPEN_SESSION, Filters(sites=("bank",)), ("bank",)),
        (LEAD, Filters(), ("bank", "porto")),
        (LEAD, Filters(sites=("bank", "lisbon")), ("bank",)),
        (LEAD, Filters(sites=("lisbon",)), ()),
    ],
)
def test_a_viewer_sees_what_it_asks_for_as_far_as_it_may(
    session: Session, filters: Filters, sites: tuple[str, ...] | None
):
    assert sight_of(session, filters) == Sight(sites=None if sites is None else frozenset(sites))


def test_what_belongs_to_no_single_site_is_for_those_who_see_all():
    assert Sight().sees("tile", None)
    assert not Sight(sites=frozenset({"bank"})).sees("tile", None)
    assert Sight(sites=frozenset({"bank"})).sees("tile", "bank")
    assert not Sight(kinds=frozenset({"feed"})).sees("tile", "bank")
    assert sight_of(OPEN_SESSION, Filters(kinds=("feed",))).kinds == frozenset({"feed"})


def test_equal_sights_share_an_epoch_and_others_do_not():
    sights = [
        Sight(),
        Sight(sites=frozenset()),
        Sight(sites=frozenset({"a"})),
        Sight(sites=frozenset({"a", "b"})),
        Sight(kinds=frozenset({"a"})),
        Sight(teams=frozenset({"a"})),
        Sight(leads=False),
    ]
    assert len({epoch_for("s", sight) for sight in sights}) == len(sights)
    assert epoch_for("s", Sight(sites=frozenset(["b", "a"]))) == epoch_for("s", sights[3])


def test_only_known_roles_are_roles():
    assert [role_of(name) for name in ROLES] == list(ROLES)
    assert role_of("root") is None


BLUE = Session(mode="signed_in", role="team_lead", sites=None, teams=("bank/blue",), name="bea")
BLUES, REDS = InTeam("bank", "bank/blue"), InTeam("bank", "bank/red")
TALK, TALK_OF_REDS = OfTeam("bank", "bank/blue"), OfTeam("bank", "bank/red")


def shown(session: Session, *places: Place) -> list[bool]:
    sight = sight_of(session, Filters())
    return [sight.sees_site(place) for place in places]


def test_who_has_teams_sees_them_and_their_sites_numbers_and_no_other_agents():
    assert shown(BLUE, "bank", BLUES, TALK) == [True, True, True]
    assert shown(BLUE, REDS, TALK_OF_REDS, InTeam("bank", ""), "porto", None) == [False] * 5
    assert shown(BLUE, Either(frozenset({"bank", "porto"})), frozenset({"bank", "porto"})) == [False, False]


@pytest.mark.parametrize("role", ["viewer", "supervisor", "dispatcher"])
def test_what_is_between_a_lead_and_the_team_is_shown_to_no_other_role(role: Role):
    everywhere = Session(mode="signed_in", role=role, sites=None)
    assert shown(everywhere, BLUES, REDS, None, TALK) == [True, True, True, False]
    assert shown(OPEN_SESSION, BLUES, TALK) == [True, True]


def test_who_has_teams_acts_for_them_and_for_nothing_else_of_the_site():
    bea = actor_of(BLUE)
    assert (bea.name, bea.sites, bea.teams) == ("bea", ("bank",), ("bank/blue",))
    assert may(bea, "coach", TALK)
    assert may(bea, "acknowledge", BLUES)
    assert not any(may(bea, "acknowledge", place) for place in ("bank", REDS, TALK_OF_REDS, None))
    assert not may(bea, "silence", BLUES)


def test_nobody_may_what_is_not_in_the_table_and_keys_need_a_scope():
    assert not may(actor_of(OPEN_SESSION), "fly", None)
    assert all("administrator" in roles and "viewer" not in roles for roles in MAY.values())
    assert {scope_for(do) for do in ("put_rule", "accounts", "fly")} == {"admin"}
    assert {scope_for(do) for do in ("acknowledge", "devices", "propose_move")} == {"act"}
    key = Session(mode="signed_in", role="dispatcher", sites=None, name="roster", by="key")
    assert actor_of(key).via == "key"


def test_the_page_about_accounts_has_the_same_table():
    page = (Path(__file__).parents[3] / "docs/accounts.md").read_text()
    rows = [line.split("|")[1:-1] for line in page.splitlines() if re.match(r"\| `\w+`.*\| *(yes)? *\|$", line)]
    told = {
        do: frozenset(role for role, said in zip(("viewer", "supervisor", "team_lead", "dispatcher", "administrator"), cells[1:], strict=True) if "yes" in said)
        for cells in rows
        for do in re.findall(r"`(\w+)`", cells[0])
    }  # fmt: skip
    assert told == MAY
