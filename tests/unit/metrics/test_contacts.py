"""The contact machine by itself: any events, contradicting ones too, in any order, however often."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from services.contracts import contacts as machine
from services.contracts.contacts import Contact, take
from services.contracts.events import (
    Abandoned,
    Answered,
    Conferenced,
    Ended,
    FlowedOut,
    Held,
    LegEvent,
    Offered,
    Ringing,
    Transferred,
    encode_batch,
)
from services.contracts.keeping import Record
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper
from tests.unit.metrics.desk import NAMES, SALES

CAME = 1_767_960_000_000
afters = st.integers(-3, 40).map(lambda s: s * 1000)
spans = st.integers(0, 9).map(lambda s: s * 1000)


def _about(after: int) -> tuple[str, str, int, str, str, int]:
    return "id", "acd", CAME + after, SALES, "ana", CAME


events: st.SearchStrategy[LegEvent] = st.one_of(
    st.builds(
        lambda channel, segment: Offered("id", "acd", CAME, SALES, "ana", channel, segment),
        st.sampled_from(["voice", "email"]), st.sampled_from(["", "VIP|gold"]),
    ),
    *(st.builds(lambda after, kind=kind: kind(*_about(after)), afters) for kind in (
        Answered, Abandoned, Ringing, Held, Conferenced,
    )),
    st.builds(lambda after, reason: FlowedOut(*_about(after), reason), afters, st.sampled_from(["overflow", "closed"])),
    st.builds(lambda after, mode: Transferred(*_about(after), mode), afters, st.sampled_from(["blind", "consulted"])),
    st.builds(lambda after, *times: Ended(*_about(after), *times), afters, spans, spans, spans),
)  # fmt: skip


def fold(some: list[LegEvent]) -> Contact:
    contact = reduce(take, some, None)
    assert contact is not None
    return contact


@given(st.lists(events, min_size=1, max_size=8), st.data())
def test_order_and_repetition_change_nothing(some, data):
    again = data.draw(st.permutations(some + data.draw(st.lists(st.sampled_from(some), max_size=4))))

    assert fold(again) == fold(some)


@given(st.lists(events, min_size=1, max_size=8))
def test_what_is_known_already_is_no_news(some):
    contact = fold(some)

    assert all(take(contact, event) is contact for event in some)


@given(st.lists(events, min_size=1, max_size=8))
def test_the_outcome_is_that_of_the_shortest_wait(some):
    told = [
        (max(event.at - CAME, 0), place, event)
        for event in some
        for place, kind in enumerate((Answered, Abandoned, FlowedOut))
        if isinstance(event, kind)
    ]
    outcome, wait_ms, *_ = fold(some)
    if told:
        first_wait, place, _ = min(told, key=lambda one: one[:2])
        assert wait_ms == first_wait
        assert (outcome >= machine.FLOWED_OUT) == (place == 2)
    else:
        answered = any(isinstance(event, Ended | Held | Transferred | Conferenced) for event in some)
        assert outcome == (machine.SERVED if answered else machine.WAITING)


@given(st.lists(events, min_size=1, max_size=8))
def test_the_service_folds_as_the_machine_does(some):
    """Its hot path is written out for speed."""
    keeper = MetricsKeeper(NAMES, Floor())
    keeper.apply(Record(NAMES.contacts.name, 0, 0, encode_batch(some)))
    (page,) = keeper._queues[0].scopes[SALES].pages.values()  # no number shows all of it

    assert page.unfolded() == {("ana", CAME): fold(some)}


def test_a_segment_cannot_break_what_a_contact_is_about():
    contact = take(None, Offered("id", "acd", CAME, SALES, "ana", "chat", "a|b", "", "+1|2"))

    assert machine.parts_of(contact[7]) == ("chat", "a/b", "+1|2")
    assert machine.channel_of(contact[7]) == "chat"
    assert machine.channel_of("") == "voice"
