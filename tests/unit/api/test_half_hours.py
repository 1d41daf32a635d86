"""Half-hours of a day, added up."""

from services.api.domain.half_hours import Terms, groups, half_hours, ivr_half_hours, repeat_calls
from services.api.domain.reports import GroupBy
from services.contracts.definitions import DEFAULT_SWITCHES
from services.contracts.metrics import Details, Group, Repeats, repeats_id
from services.contracts.topology import unknown_queue
from tests.unit.api.floor import HALF_HOUR, MINUTE, NINE, TODAY, counts, half_hour, ivr_half_hour

TARGETS = {"bank/PS": 20, "bank/IN": 30, "lisbon/sales": 20}
QUEUES = {
    "bank/PS": unknown_queue("bank/PS").model_copy(update={"skill": "mortgage"}),
    "bank/IN": unknown_queue("bank/IN"),
}
TERMS = Terms(TARGETS.__getitem__, DEFAULT_SWITCHES)
NINE_IN_LISBON = NINE + 120 * MINUTE


def test_a_queue_has_its_half_hours_in_order_at_its_own_target():
    later = half_hour("bank/IN", start=NINE + HALF_HOUR, label="09:30", at_20=counts(1))
    nine, half_past = half_hours(
        [later, half_hour("bank/IN", at_20=counts(4, 4, 1), at_30=counts(4, 4, 3), status="final")], TERMS
    )
    assert (nine.label, half_past.label, nine.end) == ("09:00", "09:30", NINE + HALF_HOUR)
    assert (nine.status, half_past.status) == ("final", "provisional")
    assert nine.target_counts.answered_within == 3
    assert nine.target_ratios.service_level["offered"] == 0.75
    assert nine.ratios[20].service_level["offered"] == 0.25
    assert half_hours([], TERMS) == ()


def test_a_site_adds_counters_and_keeps_the_thresholds_that_all_count():
    only_20 = half_hour("bank/PS", at_20=counts(2, 2, 2))
    only_20 = only_20.model_copy(update={"by_threshold": {20: counts(2, 2, 2)}})
    (nine,) = half_hours([only_20, half_hour("bank/IN", at_20=counts(3, 3, 0), at_30=counts(3, 3, 3))], TERMS)
    assert nine.by_threshold == {20: counts(5, 5, 2)}
    assert nine.target_counts == counts(5, 5, 5)


def test_over_sites_the_same_local_time_is_one_half_hour():
    both = [half_hour("bank/PS", at_20=counts(3)), half_hour("lisbon/sales", start=NINE_IN_LISBON, at_20=counts(4))]
    (nine,) = half_hours(both, TERMS, by_local_time=True)
    assert (nine.start, nine.target_counts.offered) == (NINE_IN_LISBON, 7)
    assert len(half_hours(both, TERMS)) == 2


def test_over_sites_an_hour_that_comes_twice_stays_two():
    """bank's clock goes back at 09:30, so it has 09:00 twice; Lisbon has it once."""
    halves = [
        half_hour("bank/PS", at_20=counts(1)),
        half_hour("bank/PS", start=NINE + 2 * HALF_HOUR, at_20=counts(10)),
        half_hour("bank/IN", at_20=counts(100)),
        half_hour("lisbon/sales", start=NINE_IN_LISBON, at_20=counts(1000)),
    ]
    first, second = half_hours(halves, TERMS, by_local_time=True)
    assert (first.target_counts.offered, second.target_counts.offered) == (1101, 10)


def test_voice_menus_add_up_as_well():
    (nine,) = ivr_half_hours([ivr_half_hour("bank/main", entered=3), ivr_half_hour("bank/night", entered=4)])
    assert (nine.counts.entered, nine.counts.inside, nine.label) == (7, 7, "09:00")


def repeats(scope: str, start: int = NINE, *, known: int, week: int) -> Repeats:
    return Repeats(
        id=repeats_id(scope, start), scope=scope, start=start, end=start + HALF_HOUR, date=TODAY, label="09:00", revision=1,
        known=known, within_days={1: week // 2, 7: week},
    )  # fmt: skip


def test_repeat_calls_add_up_and_are_read_as_first_contact_resolution():
    halves = [half_hour("bank/PS", at_20=counts(20)), half_hour("bank/IN", at_20=counts(9))]
    told = [
        repeats("bank/PS", known=10, week=4),
        repeats("bank/IN", known=6, week=0),
        repeats("bank/XX", 0, known=1, week=1),
    ]
    (half,) = half_hours(halves, TERMS, told)
    assert half.repeats is not None
    assert (half.repeats.known, half.repeats.repeats) == (16, {1: 2, 7: 4})
    assert half.repeats.repeat_rate == {1: 0.125, 7: 0.25}
    assert half.repeats.first_contact_resolution == {1: 0.875, 7: 0.75}
    assert repeat_calls([]) is None
    assert repeat_calls([repeats("bank/PS", known=0, week=0)]) is None


def test_a_half_hour_tells_its_details():
    details = Details(held=2, objectives=4, objectives_met=3, flow_outs={"callback": 1})
    one = half_hour("bank/PS").model_copy(update={"details": details, "waiting_ms": HALF_HOUR, "revision": 7})
    two = half_hour("bank/IN").model_copy(update={"details": details, "waiting_ms": HALF_HOUR})
    (alone,), (both,) = half_hours([one], TERMS), half_hours([one, two], TERMS)
    assert (alone.revision, alone.mean_length, alone.response_rate) == (7, 1, 0.75)
    assert (both.revision, both.mean_length, both.details.held) == (None, 2, 4)
    assert both.details.flow_outs == {"callback": 2}


def test_contacts_by_channel_segment_number_and_skill():
    parts = [
        ("voice", "VIP", "800", counts(3, 3, 3)),
        ("voice", "", "800", counts(5, 4, 2)),
        ("chat", "VIP", "", counts(1)),
    ]
    halves = [
        half_hour("bank/PS", at_20=counts(9, 7, 5)).model_copy(
            update={"groups": tuple(Group(channel=c, segment=s, dialled=d, counts=n) for c, s, d, n in parts)}
        ),
        half_hour("bank/IN", at_20=counts(2)),
    ]

    def by(what: GroupBy) -> list[tuple[str, int]]:
        return [(group.key, group.counts.offered) for group in groups(halves, what, TERMS, lambda queue: QUEUES[queue])]

    assert by("channel") == [("voice", 8), ("chat", 1)]
    assert by("segment") == [("", 5), ("VIP", 4)]
    assert by("dialled") == [("800", 8), ("", 1)]
    assert by("skill") == [("mortgage", 9), ("bank/IN", 2)]
    assert groups(halves, "segment", TERMS, QUEUES.__getitem__)[0].ratios.service_level["offered"] == 0.4
