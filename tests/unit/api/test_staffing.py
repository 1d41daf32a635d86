"""What-if and suggestions on a small floor: two centres, one overrun, one with agents to spare.

porto/cards   20 calls an hour, 10 agents                    taker    lisbon/cards   120 calls an hour, 6 agents
AHT 180 s, patience 2 minutes everywhere; both queues need the skill "cards", porto/loans needs "loans".
"""

from typing import Any

import pytest

from services.api.domain.board import Board
from services.api.domain.staffing.answers import Suggestion
from services.api.domain.staffing.inputs import Situation, situation
from services.api.domain.staffing.suggestions import Terms, Wanted, sides, suggest
from services.api.domain.staffing.what_if import Given, answer, live, past
from services.contracts.definitions import Counts
from services.contracts.live_load import Sample
from services.contracts.metrics import Tile
from services.contracts.moves import LoanedAgent
from services.contracts.staffing import Load, Promise, expected
from services.contracts.topology import Queue, Site, Text
from tests.unit.api.floor import HALF_HOUR, MINUTE, NINE, agent, clock, half_hour, move_view, tile

AHT_MS = 180_000


def came(per_hour: int, *, abandoned: int = 0) -> Counts:
    """Half an hour of contacts, all ended."""
    offered = per_hour // 2
    answered = offered - abandoned
    return Counts(
        offered=offered, answered=answered, abandoned=abandoned, answered_within=answered // 2, handled=answered,
        talk_ms=answered * AHT_MS,
    )  # fmt: skip


def busy(queue: str, per_hour: int, *, abandoned: int = 0, **more: Any) -> Tile:
    one = tile(queue, at_20=came(per_hour, abandoned=abandoned), **more)
    return one.model_copy(update={"waiting_ms": abandoned * 120_000})


def text(name: str) -> Text:
    return Text(en=name, zh=name)


class TwoCentres:
    """A board with them; `agents` are put by group."""

    def __init__(self) -> None:
        self.board = Board()
        for site, region in (("porto", "north"), ("lisbon", "south")):
            self.put(Site(id=site, name=text(site), region=region), clock(site=site))
            for name in ("cards", "loans"):
                self.put(Queue(id=f"{site}/{name}", name=text(name), skill=name, short_abandon_s=0))
        self.put(busy("porto/cards", 20, abandoned=2), busy("porto/loans", 8))
        self.put(busy("lisbon/cards", 120, abandoned=20, waiting=4))

    def put(self, *items: Any) -> None:
        for item in items:
            self.board.take(item, 0)
        self.board.settle(0)

    def staff(self, site: str, number: int, *names: str, start: int = 0, **more: Any) -> None:
        queues = tuple(f"{site}/{name}" for name in names)
        for index in range(start, start + number):
            self.put(agent(f"{site}-{index:02}", site=site, team=f"{site}/a", queues=queues, **more))

    @property
    def now(self) -> Situation:
        return situation(self.board)

    def suggestions(self, *, stay_min: float = 30, minimum: int = 2, **wanted: Any) -> list[Suggestion]:
        return list(suggest(self.now, Wanted(**wanted), Terms(round(stay_min * MINUTE), minimum)).suggestions)


@pytest.fixture
def floor() -> TwoCentres:
    two = TwoCentres()
    two.staff("porto", 10, "cards")
    two.staff("lisbon", 6, "cards")
    return two


# -- live numbers


def test_what_comes_and_who_is_there(floor: TwoCentres):
    queue = floor.now.queues["lisbon/cards"]
    assert queue.load == Load(120, 180, 120)
    assert (queue.arrivals.contacts, queue.aht.contacts, queue.patience.contacts) == (60, 40, 20)
    floor.put(agent("lisbon-00", site="lisbon", queues=("lisbon/cards",), state="not_ready"))
    floor.put(agent("lisbon-01", site="lisbon", queues=("lisbon/cards",), state="available"))
    floor.put(agent("lisbon-02", site="lisbon", queues=("lisbon/cards",), state="offline"))
    staff = floor.now.staff_of("lisbon/cards")
    assert staff is not None
    assert (staff.signed_in, staff.ready, staff.on_contact, staff.away, staff.effective) == (5, 1, 3, 1, 4)


def test_a_silent_feed_tells_nothing_and_lends_nobody(floor: TwoCentres):
    floor.board.settle(10_000)  # nothing was heard for hours
    queue = floor.now.queues["lisbon/cards"]
    assert (queue.load, queue.why) == (None, "the feed of its site is silent")
    assert floor.suggestions() == []


def test_a_queue_to_which_nobody_comes_and_that_nobody_serves_spoils_nothing(floor: TwoCentres):
    floor.put(busy("porto/loans", 0))
    assert [one.id for one in floor.suggestions()] == ["porto|lisbon/cards"]
    balance = suggest(floor.now, Wanted(), Terms()).balance
    loans = next(one for one in balance if one.queue == "porto/loans")
    assert (loans.needed, loans.surplus, loans.expected_service_level) == (0, 0, None)


def test_agents_that_no_feed_tells_of_are_not_taken_for_none(floor: TwoCentres):
    floor.put(Site(id="bank", name=text("Bank"), region="north"), clock(site="bank"))
    floor.put(Queue(id="bank/cards", name=text("cards"), skill="cards", short_abandon_s=0))
    floor.put(busy("bank/cards", 120, abandoned=20, waiting=4))
    answered = suggest(floor.now, Wanted(), Terms())
    bank = next(one for one in answered.balance if one.queue == "bank/cards")
    assert (bank.agents, bank.surplus, bank.expected_service_level) == (None, None, None)
    assert bank.needed is not None
    assert bank.why == "no feed tells of its agents"
    assert {one.queue for one in answered.suggestions} == {"lisbon/cards"}
    assert floor.suggestions(queue="bank/cards") == []
    assert what_if(floor, "bank/cards").agents_from == "implied"
    floor.put(agent("bank-0", site="bank", queues=(), state="available"))  # now it is told that nobody serves it
    assert next(one for one in suggest(floor.now, Wanted(), Terms()).balance if one.queue == "bank/cards").agents == 0
    assert what_if(floor, "bank/cards").agents_from == "none"


# -- what-if


def what_if(floor: TwoCentres, queue: str = "lisbon/cards", **given: Any):
    now = floor.now
    return answer(live(now.queues[queue], now.staff_of(queue), 0.25), Given(**given))


def test_agents_for_the_target_and_what_a_few_more_would_do(floor: TwoCentres):
    found = what_if(floor)
    assert (found.model, found.agents, found.agents_from, found.erlangs) == ("erlang_a", 6, "live", 6)
    patient, endless = found.needed
    assert (patient.model, endless.model) == ("erlang_a", "erlang_c")
    assert patient.agents is not None
    assert endless.agents is not None
    assert 6 < patient.agents <= endless.agents
    assert patient.service_level is not None
    assert patient.service_level >= 0.8
    assert patient.rostered == -(-patient.agents * 4 // 3)
    more = {one.by: one.expected.service_level for one in found.variations if one.change == "agents"}
    assert list(more) == [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]
    assert list(more.values()) == sorted(more.values(), key=lambda level: level or 0)
    assert more[2] == expected(Load(120, 180, 120), 8, Promise()).service_level
    levels = {(one.change, one.by): one.expected.service_level or 0 for one in found.variations}
    now = (found.now and found.now.service_level) or 0
    assert levels["aht", 0.1] < now < levels["aht", -0.1] < levels["arrivals", -0.2]
    assert [one.arrivals_per_hour for one in found.variations if one.change == "arrivals"] == [96, 144]


def test_given_numbers_stand_in_for_counted_ones(floor: TwoCentres):
    found = what_if(
        floor, arrivals_per_hour=500, aht_s=210, agents=34, target_percent=90, target_s=20, occupancy_cap=1, shrinkage=0
    )
    assert [one.agents for one in found.needed][1] == 36  # Erlang C: the printed table
    assert (found.arrivals_per_hour.source, found.agents_from, found.shrinkage_from) == ("given",) * 3
    assert found.patience_s.source == "rolling"
    assert len([one for one in what_if(floor, agents=2).variations if one.change == "agents"]) == 7  # none under 0


def test_too_little_is_known_and_said_so(floor: TwoCentres):
    floor.put(tile("porto/loans", at_20=Counts(offered=3, answered=3), offset=2))
    found = answer(
        live(floor.now.queues["porto/loans"], floor.now.staff_of("porto/loans"), None), Given()
    )  # fmt: skip
    assert found.aht_s.value is None
    assert found.why.startswith("too little is known (aht: fewer than 5 contacts have ended)")
    assert (found.now, found.needed, found.variations) == (None, (), ())
    without = what_if(floor, "porto/loans", aht_s=100)
    assert without.why == "nobody told how many agents there are; give it: agents"
    assert without.needed[0].agents is not None


def test_a_past_half_hour_is_read_backwards():
    """What seven agents do with 120 calls an hour of 3 minutes and patience 2: the model finds them again."""
    promise = Promise()
    level = expected(Load(120, 180, 120), 7, promise).service_level
    assert level is not None
    within = round(60 * level)
    counts = came(120, abandoned=10).model_copy(update={"answered_within": within})
    half = half_hour("lisbon/cards", at_20=counts).model_copy(update={"waiting_ms": 10 * 120_000})
    found = answer(past(half, Sample(counts, half.waiting_ms), promise), Given())
    assert (found.date, found.start, found.as_of) == (half.date, "09:00", NINE + HALF_HOUR)
    assert found.agents_from == "implied"
    assert found.agents == pytest.approx(7, abs=0.1)
    assert found.arrivals_per_hour.value == 120


# -- suggestions


def test_who_can_give_whom_and_what_it_costs(floor: TwoCentres):
    (one,) = floor.suggestions()
    assert (one.giver, one.taker, one.queue, one.skill) == ("porto", "lisbon", "lisbon/cards", "cards")
    assert one.reaches_target
    assert one.limited_by == "target"
    assert [agent.id for agent in one.proposed] == [f"porto-{n:02}" for n in range(one.agents)]
    assert [step.agents for step in one.steps] == list(range(one.agents + 1))
    taken = [step.taker.service_level_after or 0 for step in one.steps]
    assert taken == sorted(taken)
    last = one.steps[-1]
    (giver,) = last.givers
    assert giver.service_level_after is not None
    assert giver.service_level_after >= 0.8
    assert (giver.agents, giver.agents_after) == (10, 10 - one.agents)
    assert (last.taker.agents, last.taker.agents_after) == (6, 6 + one.agents)
    assert last.taker.service_level_before == expected(Load(120, 180, 120), 6, Promise()).service_level
    assert one.gain_per_hour > one.cost_per_hour >= 0


def test_the_donor_keeps_its_target(floor: TwoCentres):
    """Porto gets busy: 90 calls an hour on 10 agents; it can give a few, and no more than keep 80 %."""
    floor.put(busy("porto/cards", 90, abandoned=10, offset=2), busy("lisbon/cards", 300, abandoned=60, offset=2))
    (one,) = floor.suggestions()
    assert one.limited_by == "floor"
    (giver,) = one.steps[one.agents].givers
    assert giver.service_level_after is not None
    assert giver.service_level_after >= 0.8
    _, (one_more,) = sides(floor.now, "lisbon/cards", [f"porto-{n:02}" for n in range(one.agents + 1)])
    assert one_more.service_level_after is not None
    assert one_more.service_level_after < 0.8


def test_a_minimum_stays_however_quiet_it_is(floor: TwoCentres):
    floor.put(tile("porto/cards", offset=2), busy("lisbon/cards", 600, abandoned=100, offset=2))
    (one,) = floor.suggestions(minimum=7)
    assert (one.agents, one.limited_by) == (3, "floor")


def test_a_queue_that_is_overrun_gets_help_though_nobody_is_in_time_either_way(floor: TwoCentres):
    """30 erlangs on 6 agents: three more bring no contact in time, but save 60 an hour from giving up."""
    floor.put(tile("porto/cards", offset=2), busy("lisbon/cards", 600, abandoned=100, offset=2))
    (one,) = floor.suggestions(minimum=7)
    assert one.gain_per_hour < 1
    assert one.saved_per_hour == pytest.approx(60, abs=1)


def test_more_than_is_worth_it_is_not_suggested(floor: TwoCentres):
    """An ample queue needs nobody, whether it is asked for by name or not."""
    floor.put(busy("lisbon/cards", 20, abandoned=1, offset=2))
    assert floor.suggestions() == floor.suggestions(queue="lisbon/cards") == []


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("leaves_soon", {"next_planned": "break", "next_change_at": NINE + 29 * MINUTE}),
        ("leaves_soon", {"next_planned": None, "next_change_at": NINE + 10 * MINUTE}),
        ("leaves_soon", {"planned": "break"}),
        ("away", {"state": "not_ready", "reason": "break"}),
    ],
)
def test_who_leaves_soon_or_is_away_is_not_counted(floor: TwoCentres, why: str, change: dict[str, Any]):
    leaving = agent("porto-00", site="porto", team="porto/a", queues=("porto/cards",), offset=2)
    floor.put(leaving.model_copy(update=change))
    found = suggest(floor.now, Wanted(), Terms())
    assert "porto-00" not in [agent.id for agent in found.suggestions[0].proposed]
    assert found.suggestions[0].candidates == 9
    assert found.passed_over == {why: 1}


def test_a_change_to_other_work_or_far_away_keeps_nobody(floor: TwoCentres):
    later = {"next_planned": "break", "next_change_at": NINE + 31 * MINUTE}
    work = {"next_planned": "on_queue", "next_change_at": NINE + MINUTE}
    for number, change in enumerate((later, work)):
        one = agent(f"porto-{number:02}", site="porto", queues=("porto/cards",), offset=2)
        floor.put(one.model_copy(update=change))
    assert floor.suggestions()[0].candidates == 10


def test_who_lacks_the_skill_is_not_asked(floor: TwoCentres):
    floor.staff("porto", 5, "loans", start=20)
    assert floor.suggestions()[0].candidates == 10
    assert floor.suggestions(queue="porto/loans") == []  # Lisbon has nobody for loans


def test_who_is_on_a_move_is_not_counted_and_serves_where_they_are(floor: TwoCentres):
    move = move_view("m1", giver="porto", taker="lisbon", state="effective")
    terms = move.terms.model_copy(update={"queue": "lisbon/cards", "agents": ("porto-00", "porto-01")})
    loaned = (LoanedAgent(agent="porto-00", state="effective"), LoanedAgent(agent="porto-01"))
    floor.put(move.model_copy(update={"terms": terms, "agents": loaned}))
    found = suggest(floor.now, Wanted(), Terms())
    assert found.passed_over == {"on_a_move": 2}
    assert floor.now.shared["lisbon/cards"] == 7
    staff = floor.now.staff_of("lisbon/cards")
    assert staff is not None
    assert staff.effective == 7


def test_filters_and_order(floor: TwoCentres):
    floor.put(Site(id="faro", name=text("Faro")), clock(site="faro"), busy("faro/cards", 20))
    floor.put(Queue(id="faro/cards", name=text("cards"), skill="cards"))
    floor.staff("faro", 4, "cards")
    both = floor.suggestions()
    assert {one.giver for one in both} == {"porto", "faro"}
    net = [one.gain_per_hour - one.cost_per_hour for one in both]
    assert net == sorted(net, reverse=True)
    assert [one.giver for one in floor.suggestions(giver="faro")] == ["faro"]
    assert floor.suggestions(taker="porto") == floor.suggestions(region="north") == []
    assert floor.suggestions(skill="loans") == []
    assert len(floor.suggestions(region="south", skill="cards", taker="lisbon")) == 2


def test_only_what_may_be_seen_is_told(floor: TwoCentres):
    """Lisbon alone: its shortage is, Porto's agents and numbers are not."""
    found = suggest(floor.now, Wanted(sites=frozenset({"lisbon"})), Terms())
    assert (found.suggestions, found.passed_over, list(found.as_of)) == ((), {}, ["lisbon"])
    assert {one.site for one in found.balance} == {"lisbon"}
    nameless = suggest(floor.now, Wanted(names=False), Terms())
    assert (nameless.suggestions, len(nameless.balance)) == ((), 3)


def test_surplus_and_shortage(floor: TwoCentres):
    balance = {one.queue: one for one in suggest(floor.now, Wanted(), Terms()).balance}
    short, ample, idle = balance["lisbon/cards"], balance["porto/cards"], balance["porto/loans"]
    assert short.surplus is not None
    assert short.needed is not None
    assert short.surplus == 6 - short.needed < 0
    assert short.waiting == 4
    assert ample.surplus is not None
    assert ample.surplus > 0
    assert (idle.agents, idle.needed) == (0, None)
    assert idle.why == "fewer than 5 contacts have ended"
    only = suggest(floor.now, Wanted(giver="porto"), Terms()).balance
    assert {one.queue for one in only} == {"porto/cards", "porto/loans"}


def test_agents_of_several_queues_weaken_all_of_them(floor: TwoCentres):
    """Porto's agents serve cards and loans: who goes is missed at both, and both keep their targets."""
    for number in range(10):
        floor.put(agent(f"porto-{number:02}", site="porto", queues=("porto/cards", "porto/loans"), offset=2))
    floor.put(busy("porto/loans", 40, offset=2))
    (one,) = floor.suggestions()
    assert {side.queue for side in one.steps[-1].givers} == {"porto/cards", "porto/loans"}
    assert all((side.service_level_after or 0) >= 0.8 for side in one.steps[-1].givers)
    now = floor.now
    assert now.shared["porto/cards"] + now.shared["porto/loans"] == pytest.approx(10)


def test_who_does_not_serve_contacts_now_costs_their_home_nothing(floor: TwoCentres):
    floor.put(agent("porto-00", site="porto", queues=("porto/cards",), state="not_ready", offset=2))
    taker, others = sides(floor.now, "lisbon/cards", ["porto-00", "nobody"])
    assert (taker.agents, taker.agents_after, others) == (6, 8, [])
