"""Moves between centres, as the floor sees them.

Porto's agents     PORTO ────────────┐           ┌──────── PORTO
Lisbon's queue                       └── LISBON ─┘
the move           proposed accepted  effective   returned
"""

import pytest

from services.alerts.domain.moves import ledger
from services.contracts.moves import MoveView
from services.contracts.people import Actor
from tests.unit.alerts.floor import tick, tile
from tests.unit.alerts.lending import LISBON, PORTO, Floor, agent

LISBOA = Actor(name="lia", role="dispatcher", sites=("lisbon",))
PORTUENSE = Actor(name="pia", role="supervisor", sites=("porto",))


def test_a_loan_from_the_question_to_the_way_home():
    floor = Floor()
    floor.at(60)
    assert floor.propose("ann", "bob", by=LISBOA) == "done"
    assert floor.do("accept_move", by=PORTUENSE) == "done"
    assert floor.move().state == "accepted"

    floor.at(90)
    assert floor.see("ann", LISBON) == ["agent_effective ann", "effective"]
    floor.at(95)
    assert floor.see("bob", LISBON) == ["agent_effective bob"]
    assert (floor.move().state, floor.move().effective_at) == ("effective", 90_000)
    floor.at(600)
    assert floor.see("ann", PORTO) == ["agent_returned ann"]
    floor.at(660)
    assert floor.see("bob", PORTO) == ["agent_returned bob", "returned"]

    move = floor.move()
    assert (move.proposed_by, move.decided_by, move.ended_at) == ("lia", "pia", 660_000)
    assert [(one.agent, one.effective_at, one.ended_at, one.queues) for one in move.agents] == [
        ("porto-ann", 90_000, 600_000, (PORTO,)), ("porto-bob", 95_000, 660_000, (PORTO,)),
    ]  # fmt: skip
    assert [step.id for step in floor.steps] == [f"move|m1|{revision}" for revision in range(1, 9)]
    assert floor.propose("ann", move="m2") == "done", "whoever is back may be asked for again"


def test_the_effect_is_what_the_rolling_half_hour_says_at_both_ends():
    floor = Floor()
    floor.propose("ann")
    floor.do("accept_move")
    floor.at(60, tile(LISBON, 60, offered=10, answered=10, answered_within=4), tile(PORTO, 60, offered=4, answered=4))
    floor.see("ann", LISBON)
    floor.at(90, tile(LISBON, 90, offered=10, answered=10, answered_within=5))
    assert [side.service_level_after for side in floor.move().measured] == [0.4, 0.0], "within the same minute"
    revision = floor.move().revision

    floor.at(130, tile(LISBON, 130, offered=10, answered=10, answered_within=6))
    assert [(side.queue, side.service_level_after, side.at) for side in floor.move().measured] == [
        (LISBON, 0.5, 130_000), (PORTO, 0.0, 130_000),
    ]  # fmt: skip
    assert floor.move().revision == revision, "a measurement makes nobody's command stale"
    assert isinstance(floor.shown[-1].value, MoveView)

    floor.at(150, tile(LISBON, 150, offered=10, answered=10, answered_within=9))
    floor.do("return_move")
    taker, giver = floor.move().measured
    assert (taker.service_level_before, taker.service_level_after, taker.at) == (0.4, 0.9, 150_000)
    assert (giver.queue, giver.service_level_before, giver.service_level_after) == (PORTO, 0.0, 0.0)


def test_signing_in_at_the_other_centre_is_serving_it():
    floor = Floor()
    floor.propose("ann")
    floor.do("accept_move")
    assert floor.see("ann", site="lisbon") == ["agent_effective ann", "effective"]
    assert floor.see("ann", PORTO, site="porto") == ["agent_returned ann", "returned"]


def test_whoever_signs_off_is_lent_no_more():
    floor = Floor()
    floor.propose("ann", "bob", "cid")
    floor.do("accept_move")
    floor.see("ann", LISBON)
    assert floor.see("bob", state="offline") == ["agent_signed_off bob"]
    assert floor.see("cid", LISBON, state="talking") == ["agent_effective cid"]
    assert floor.see("ann", LISBON, state="offline") == ["agent_signed_off ann"]
    assert floor.see("cid", LISBON, state="offline") == ["agent_signed_off cid", "returned"]
    assert floor.agents() == dict.fromkeys(("ann", "bob", "cid"), "signed_off")


def test_what_nobody_answers_expires_with_its_time():
    floor = Floor()
    floor.propose("ann", until=100)
    assert floor.at(99.999) == []
    assert floor.at(100) == ["expired"]
    assert (floor.move().closed_at, floor.move().ended_at, floor.agents()) == (100_000, 100_000, {"ann": "waiting"})
    assert floor.do("accept_move") == "not_now"


def test_a_loan_ends_with_its_time_though_nobody_sends_them_home():
    floor = Floor()
    floor.propose("ann", "bob", until=100)
    floor.do("accept_move")
    floor.at(50)
    floor.see("ann", LISBON)
    assert floor.at(99) == []
    assert floor.at(101) == ["agent_returned ann", "expired"]
    assert floor.agents() == {"ann": "returned", "bob": "waiting"}
    assert floor.move().ended_at == 99_000, "the wall's time is over when Lisbon has told until then"


def test_returned_one_by_one_or_all_at_once():
    floor = Floor()
    floor.propose("ann", "bob", "cid")
    floor.do("accept_move")
    floor.see("ann", LISBON)
    assert floor.do("return_move", agent="porto-bob", by=PORTUENSE) == "done"
    assert floor.do("return_move", agent="porto-bob") == "same"
    assert floor.do("return_move", agent="porto-zoe") == "invalid"
    assert floor.agents() == {"ann": "effective", "bob": "returned", "cid": "waiting"}
    assert floor.do("return_move", by=LISBOA) == "done"
    assert [step.step for step in floor.steps[-3:]] == ["agent_returned", "agent_returned", "returned"]
    assert floor.move().why == "returned by lia"
    assert floor.do("return_move") == "same"


def test_two_dispatchers_can_not_have_the_same_agent():
    floor = Floor()
    assert floor.propose("ann", "bob", move="m1") == "done"
    assert floor.propose("cid", "bob", move="m2") == "taken"
    assert floor.outcomes[-1].message == "terms.agents[1]: porto-bob is in move m1 already"
    assert floor.do("decline_move", "m1", reason="short ourselves", by=PORTUENSE) == "done"
    assert (floor.move().state, floor.move().why) == ("declined", "short ourselves")
    assert floor.propose("cid", "bob", move="m2") == "done"


def test_who_may_say_what():
    floor = Floor()
    assert floor.propose("ann", by=PORTUENSE) == "not_allowed", "the taker's dispatcher asks"
    assert floor.propose("ann", by=LISBOA) == "done"
    assert floor.do("accept_move", by=LISBOA) == "not_allowed"
    assert floor.do("decline_move", by=LISBOA) == "not_allowed"
    assert floor.do("cancel_move", by=PORTUENSE) == "not_allowed"
    assert floor.do("return_move", by=Actor(name="eve", role="dispatcher", sites=("athens",))) == "not_allowed"
    assert floor.do("cancel_move", by=LISBOA, reason="over") == "done"
    assert floor.do("cancel_move", by=LISBOA) == "same"


def test_a_stale_command_is_refused_and_the_same_one_again_is_the_same():
    floor = Floor()
    floor.propose("ann")
    assert floor.do("accept_move", expected=7) == "stale"
    assert floor.do("accept_move", expected=1) == "done"
    assert floor.do("accept_move") == "same"
    assert floor.do("decline_move") == "not_now"
    assert floor.propose("ann") == "same"
    assert floor.propose("ann", until=99) == "stale", "other terms under the same id"
    assert floor.outcomes[-1].revision == 2
    steps = list(floor.steps)
    floor.do("cancel_move", id="once")
    floor.do("cancel_move", id="once")
    assert [step.step for step in floor.steps[len(steps) :]] == ["cancelled"]
    assert floor.do("accept_move", "m9") == "unknown_target"


def test_a_move_that_began_is_returned_and_not_cancelled():
    floor = Floor()
    floor.propose("ann")
    floor.do("accept_move")
    floor.see("ann", LISBON)
    assert floor.do("cancel_move") == "not_now"


@pytest.mark.parametrize(
    ("names", "more", "code", "message"),
    [
        (("ann",), {"until": 0}, "invalid", "terms.until: lies in the past"),
        (("ann",), {"queue": "lisbon/none"}, "invalid", "terms.queue: there is no queue 'lisbon/none'"),
        (("zoe",), {}, "invalid", "terms.agents[0]: there is no agent 'porto-zoe'"),
        (("ann",), {"giver": "faro"}, "invalid", "terms.agents[0]: porto-ann is at porto, not at faro"),
        (("ann", "cid"), {}, "invalid", "terms.agents[1]: porto-cid serves lisbon/retail already"),
        (("bob",), {}, "not_now", "terms.agents[0]: porto-bob is not signed in"),
        (("ann",), {"move": "no id"}, "invalid", "target: 'no id' is no id"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field(names, more, code, message):
    floor = Floor()
    floor.see("bob", state="offline")
    floor.see("cid", PORTO, LISBON)
    floor.at(1)
    terms = {name: more.pop(name) for name in ("queue", "giver") if name in more}
    assert floor.propose(*names, **more, **terms) == code
    assert floor.outcomes[-1].message == message
    assert not floor.steps


def test_of_a_silent_centre_nobody_knows_who_is_there():
    floor = Floor()
    floor.at(1)
    for second in range(5, 70, 5):  # only the wall clock goes on
        floor.now = second
        floor.news(tick(second))
    assert floor.propose("ann") == "not_now"
    assert floor.outcomes[-1].message == "terms.giver: porto has no feed now; nobody knows who is signed in"


def test_acceptance_finds_who_has_gone_and_who_is_there_already():
    floor = Floor()
    floor.propose("ann", "bob")
    floor.see("ann", state="offline")
    floor.see("bob", LISBON)
    assert floor.do("accept_move") == "done"
    assert [step.step for step in floor.steps] == [
        "proposed", "accepted", "agent_signed_off", "agent_effective", "effective",
    ]  # fmt: skip

    floor = Floor()
    floor.propose("ann")
    floor.see("ann", state="offline")
    assert floor.do("accept_move") == "not_now"


def test_a_move_within_a_centre():
    floor = Floor()
    other = "porto/cards"
    floor.news(tile(other, 1))
    assert floor.propose("ann", queue=other, taker="porto") == "done"
    assert floor.do("accept_move") == "done"
    assert floor.see("ann", other) == ["agent_effective ann", "effective"]


def test_the_ledger_keeps_what_is_over_until_it_is_too_old_or_too_much(monkeypatch):
    monkeypatch.setattr(ledger, "MOST", 3)
    floor = Floor()
    for number in range(5):
        floor.at(number + 1)
        floor.propose("ann", move=f"m{number}")
        floor.do("cancel_move", f"m{number}")
    floor.at(10)
    assert [view.id for view in floor.desk.views()] == ["m2", "m3", "m4"]
    assert [view.id for view in floor.shown if view.value is None] == ["m0", "m1"]
    floor.restart()
    floor.at(4 + 400 * 86_400.0)
    assert [view.id for view in floor.desk.views()] == ["m3", "m4"]


def test_other_sections_commands_are_none_of_its_business():
    floor = Floor()
    assert floor.do("acknowledge", "r|bank/PS") == "invalid"
    assert floor.outcomes[-1].message == "nobody at this desk takes 'acknowledge'"


def test_agents_may_have_strange_queues():
    floor = Floor()
    floor.news(agent("porto-odd", 0, queues=["\u2028", "a|b", ""]))
    floor.propose("odd")
    floor.do("accept_move")
    floor.see("odd", LISBON)
    floor.restart()
    assert floor.agents() == {"odd": "effective"}
