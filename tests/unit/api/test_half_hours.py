"""Half-hours of a day, added up."""

from services.api.domain.half_hours import half_hours, ivr_half_hours
from tests.unit.api.floor import HALF_HOUR, MINUTE, NINE, counts, half_hour, ivr_half_hour

TARGETS = {"bank/PS": 20, "bank/IN": 30, "lisbon/sales": 20}
NINE_IN_LISBON = NINE + 120 * MINUTE


def test_a_queue_has_its_half_hours_in_order_at_its_own_target():
    later = half_hour("bank/IN", start=NINE + HALF_HOUR, label="09:30", at_20=counts(1))
    nine, half_past = half_hours(
        [later, half_hour("bank/IN", at_20=counts(4, 4, 1), at_30=counts(4, 4, 3), status="final")], TARGETS.__getitem__
    )
    assert (nine.label, half_past.label, nine.end) == ("09:00", "09:30", NINE + HALF_HOUR)
    assert (nine.status, half_past.status) == ("final", "provisional")
    assert nine.target_counts.answered_within == 3
    assert nine.target_ratios.service_level["offered"] == 0.75
    assert nine.ratios[20].service_level["offered"] == 0.25
    assert half_hours([], TARGETS.__getitem__) == ()


def test_a_site_adds_counters_and_keeps_the_thresholds_that_all_count():
    only_20 = half_hour("bank/PS", at_20=counts(2, 2, 2))
    only_20 = only_20.model_copy(update={"by_threshold": {20: counts(2, 2, 2)}})
    (nine,) = half_hours(
        [only_20, half_hour("bank/IN", at_20=counts(3, 3, 0), at_30=counts(3, 3, 3))], TARGETS.__getitem__
    )
    assert nine.by_threshold == {20: counts(5, 5, 2)}
    assert nine.target_counts == counts(5, 5, 5)


def test_over_sites_the_same_local_time_is_one_half_hour():
    both = [half_hour("bank/PS", at_20=counts(3)), half_hour("lisbon/sales", start=NINE_IN_LISBON, at_20=counts(4))]
    (nine,) = half_hours(both, TARGETS.__getitem__, by_local_time=True)
    assert (nine.start, nine.target_counts.offered) == (NINE_IN_LISBON, 7)
    assert len(half_hours(both, TARGETS.__getitem__)) == 2


def test_over_sites_an_hour_that_comes_twice_stays_two():
    """bank's clock goes back at 09:30, so it has 09:00 twice; Lisbon has it once."""
    halves = [
        half_hour("bank/PS", at_20=counts(1)),
        half_hour("bank/PS", start=NINE + 2 * HALF_HOUR, at_20=counts(10)),
        half_hour("bank/IN", at_20=counts(100)),
        half_hour("lisbon/sales", start=NINE_IN_LISBON, at_20=counts(1000)),
    ]
    first, second = half_hours(halves, TARGETS.__getitem__, by_local_time=True)
    assert (first.target_counts.offered, second.target_counts.offered) == (1101, 10)


def test_voice_menus_add_up_as_well():
    (nine,) = ivr_half_hours([ivr_half_hour("bank/main", entered=3), ivr_half_hour("bank/night", entered=4)])
    assert (nine.counts.entered, nine.counts.inside, nine.label) == (7, 7, "09:00")
