"""Laws of repeat calls: order, repetition, batches, crashes and days gone by change none of what the oracle counts."""

from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.contracts.events import Answered, ContactEvent, Offered
from services.metrics.domain.clocks import Horizons
from tests.oracle.callers import DAY_MS, Ring, repeats
from tests.unit.metrics.desk import SALES, SERVICE, Desk, queue, site
from tests.unit.metrics.floors import HOUR, MINUTE, PLACES

untimed = partial(settings, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DAYS = (1, 3)
HORIZON = 26 * HOUR
CUSTOMERS = ["", "ana", "ben", "eva"]
places = st.sampled_from(PLACES)
gaps = st.one_of(
    st.integers(0, 2 * HOUR), st.sampled_from([0, 1, 15 * MINUTE, 30 * MINUTE, DAY_MS, DAY_MS + 1, 3 * DAY_MS, 3 * DAY_MS + 1])
)  # fmt: skip


def desk(timezone: str) -> Desk:
    return Desk(site(timezone), queue(SALES), queue(SERVICE), horizons=Horizons(horizon_ms=HORIZON, repeat_days=DAYS))


@st.composite
def rings(draw: st.DrawFn, start: int, longest_ms: int) -> list[Ring]:
    """Calls of few customers, close together or just a span apart."""
    made: list[Ring] = []
    at = start
    for number in range(draw(st.integers(1, 12))):
        at += draw(gaps)
        if at > start + longest_ms:
            break
        made.append(Ring(draw(st.sampled_from([SALES, SERVICE])), f"c{number}", at, draw(st.sampled_from(CUSTOMERS))))
    return made or [Ring(SALES, "c", start, "ana")]


def offered(ring: Ring) -> Offered:
    return Offered(f"{ring.contact}:o", "acd", ring.at, ring.queue, ring.contact, customer=ring.customer)


def assert_repeats(wall: Desk, made: list[Ring], timezone: str) -> None:
    found = wall.repeat_calls()
    shown = {name: one.model_dump(include={"date", "label", "known", "within_days"}) for name, one in found.items()}
    assert shown == repeats(made, timezone, DAYS)


@untimed(max_examples=200)
@given(st.data())
def test_order_repetition_batches_and_crashes_change_no_number(data: Any) -> None:
    """All within the horizon: everything is late, and everything is corrected."""
    place = data.draw(places)
    made = data.draw(rings(place.start, HORIZON - HOUR))
    wall, calm = desk(place.timezone), desk(place.timezone)
    again = data.draw(st.lists(st.sampled_from(made), max_size=4))
    for ring in data.draw(st.permutations(made + again)):
        # An answer may come before its offer, and knows no customer.
        first = [Answered(f"{ring.contact}:a", "acd", ring.at + 5, ring.queue, ring.contact, ring.at)]
        events: list[ContactEvent] = [*(first if data.draw(st.booleans()) else []), offered(ring)]
        wall.send(*events)
        calm.send(*events)
        match data.draw(st.sampled_from(["go on", "checkpoint", "die", "die in a checkpoint"])):
            case "checkpoint":
                wall.checkpoint()
            case "die":
                wall.kill(replay_from=data.draw(st.integers(0, wall.acknowledged)))
            case "die in a checkpoint":
                wall.checkpoint(states_kept=data.draw(st.integers(0, 6)))
                wall.kill(replay_from=data.draw(st.integers(0, wall.acknowledged)))

    assert_repeats(wall, made, place.timezone)
    assert wall.repeat_calls() == calm.repeat_calls()  # revisions, too


@untimed(max_examples=200)
@given(st.data())
def test_over_many_days_what_is_put_away_is_still_remembered(data: Any) -> None:
    """Days close behind the calls and only last arrivals are kept of them; late calls stay within the horizon."""
    place = data.draw(places)
    made = data.draw(rings(place.start, 12 * DAY_MS))
    wall = desk(place.timezone)
    late: list[Ring] = []
    for ring in made:
        if data.draw(st.booleans()):
            late.append(ring)
            continue
        in_time = [one for one in late if ring.at - one.at >= HORIZON - HOUR]
        late = [one for one in late if one not in in_time]
        wall.send(*(offered(one) for one in in_time), offered(ring))
        match data.draw(st.sampled_from(["go on", "checkpoint", "checkpoint", "die", "die in a checkpoint"])):
            case "checkpoint":
                wall.checkpoint()
            case "die":
                wall.kill(replay_from=wall.acknowledged)
            case "die in a checkpoint":
                wall.checkpoint(states_kept=data.draw(st.integers(0, 6)))
                wall.kill(replay_from=wall.acknowledged)
    for one in late:
        wall.send(offered(one))

    assert_repeats(wall, made, place.timezone)
