"""Roles, rows and epochs."""

import pytest

from services.api.domain.access import OPEN_SESSION, ROLES, Sight, role_of, sight_of
from services.api.domain.answers import Session
from services.api.domain.messages import epoch_for
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
    ]
    assert len({epoch_for("s", sight) for sight in sights}) == len(sights)
    assert epoch_for("s", Sight(sites=frozenset(["b", "a"]))) == epoch_for("s", sights[3])


def test_only_known_roles_are_roles():
    assert [role_of(name) for name in ROLES] == list(ROLES)
    assert role_of("root") is None
