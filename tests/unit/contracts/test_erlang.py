"""The Erlang formulas against printed values, and against slow sums and draws that share nothing with them."""

import math
from fractions import Fraction
from random import Random

import pytest

from services.contracts.erlang import erlang_a, erlang_b, erlang_c


def test_erlang_b_of_ten_erlangs_on_ten_trunks_is_the_tables_0_2146() -> None:
    assert erlang_b(10, 10) == pytest.approx(0.2146, abs=5e-5)


def test_the_usual_worked_example_of_erlang_c() -> None:
    """200 calls an hour of 3 minutes on 14 agents: 17.4 % wait, 88.8 % within 20 s, ASA 7.8 s."""
    found = erlang_c(200 / 3600, 1 / 180, 14, within_s=20)
    assert found.waits == pytest.approx(0.174, abs=5e-4)
    assert found.answered_within == pytest.approx(0.888, abs=5e-4)
    assert found.mean_wait_s == pytest.approx(7.8, abs=0.05)


def test_the_table_of_garnett_mandelbaum_and_reiman() -> None:
    """50 agents, 48 calls a minute of 1 minute, patience 2 minutes: 3.1 % abandon and wait 3.7 s, not 20.8 s."""
    assert erlang_c(48 / 60, 1 / 60, 50, within_s=20).mean_wait_s == pytest.approx(20.8, abs=0.05)
    found = erlang_a(48 / 60, 1 / 60, 50, 1 / 120, within_s=20)
    assert found.abandons == pytest.approx(0.031, abs=5e-4)
    assert found.mean_wait_s == pytest.approx(3.7, abs=0.05)


@pytest.mark.parametrize(("load", "agents"), [(1, 2), (17, 20), (95, 100)])
def test_erlang_c_equals_its_textbook_sum(load: int, agents: int) -> None:
    """C = A^c/c! · c/(c−A) ÷ (Σ A^n/n! + the same), in exact fractions."""
    a = Fraction(load)
    top = a**agents / math.factorial(agents) * agents / (agents - a)
    exact = top / (sum(a**n / math.factorial(n) for n in range(agents)) + top)
    assert erlang_c(load, 1, agents, within_s=0).waits == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize(
    ("arrivals", "service", "agents", "patience"),
    [(1.0, 0.5, 3, 0.25), (5.0, 1.0, 4, 0.1), (0.4, 0.1, 6, 2.0), (20.0, 1.0, 18, 0.5)],
)
def test_erlang_a_equals_its_chain_in_exact_fractions(
    arrivals: float, service: float, agents: int, patience: float
) -> None:
    lam, mu, theta = Fraction(arrivals), Fraction(service), Fraction(patience)
    weights = [Fraction(1)]
    for n in range(1, agents + 400):
        weights.append(weights[-1] * lam / (min(n, agents) * mu + max(n - agents, 0) * theta))
    total = sum(weights)
    queue = sum((n - agents) * w for n, w in enumerate(weights) if n > agents) / total
    found = erlang_a(arrivals, service, agents, patience, within_s=10)
    assert found.waits == pytest.approx(float(sum(weights[agents:]) / total), rel=1e-12)
    assert found.abandons == pytest.approx(float(queue * theta / lam), rel=1e-12)
    assert found.mean_wait_s == pytest.approx(float(queue / lam), rel=1e-12)


def test_erlang_a_service_level_equals_draws_of_the_wait() -> None:
    """A caller who finds c + j outlasts j + 1 exponential steps or not; 200,000 of them, four deviations allowed."""
    arrivals, service, agents, patience, within = 0.8, 1 / 60, 45, 1 / 120, 20.0
    weights = [1.0]
    for n in range(1, agents + 200):
        weights.append(weights[-1] * arrivals / (min(n, agents) * service + max(n - agents, 0) * patience))
    chance, draws = Random(5), 200_000
    hits = 0
    for found in chance.choices(range(len(weights)), weights, k=draws):
        wait = sum(chance.expovariate(agents * service + i * patience) for i in range(found - agents + 1))
        hits += wait <= within and wait < chance.expovariate(patience)
    expected = erlang_a(arrivals, service, agents, patience, within_s=within).answered_within
    assert hits / draws == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / draws))


@pytest.mark.parametrize("agents", [1, 5, 40, 300])
def test_with_endless_time_all_who_do_not_abandon_are_answered(agents: int) -> None:
    found = erlang_a(agents * 1.05, 1.0, agents, 0.5, within_s=1e6)
    assert found.answered_within == pytest.approx(1 - found.abandons, rel=1e-9)


def test_very_patient_callers_are_those_of_erlang_c() -> None:
    patient, endless = erlang_a(8, 1, 10, 1e-7, within_s=0.3), erlang_c(8, 1, 10, within_s=0.3)
    assert patient.waits == pytest.approx(endless.waits, rel=1e-4)
    assert patient.mean_wait_s == pytest.approx(endless.mean_wait_s, rel=1e-4)
    assert patient.answered_within == pytest.approx(endless.answered_within, rel=1e-4)


def test_a_queue_without_abandonment_and_too_few_agents_has_no_steady_state() -> None:
    with pytest.raises(ValueError, match="grows for ever"):
        erlang_c(10, 1, 10, within_s=20)


CLEVELAND = [
    (30, 208.7, 24, 97), (31, 74.7, 45, 94), (32, 37.6, 61, 91), (33, 21.3, 73, 88), (34, 12.7, 82, 86),
    (35, 7.8, 88, 83), (36, 4.9, 92, 81), (37, 3.1, 95, 79), (38, 1.9, 97, 77), (39, 1.2, 98, 75),
]  # fmt: skip


@pytest.mark.parametrize(("agents", "asa_s", "percent", "occupancy"), CLEVELAND)
def test_the_staffing_table_that_every_planner_knows(agents: int, asa_s: float, percent: int, occupancy: int) -> None:
    """250 calls a half-hour, 180 s talk and 30 s wrap-up, 20 s: B. Cleveland, Call Center Management on Fast Forward."""
    found = erlang_c(500 / 3600, 1 / 210, agents, within_s=20)
    assert found.answered_wait_s == pytest.approx(asa_s, abs=0.05)
    assert round(100 * found.answered_within) == percent
    assert found.occupancy is not None
    assert round(100 * found.occupancy) == occupancy


def test_who_is_answered_waits_as_long_as_draws_say_and_some_give_up_in_time() -> None:
    arrivals, service, agents, patience, within = 0.8, 1 / 60, 45, 1 / 120, 20.0
    weights = [1.0]
    for n in range(1, agents + 200):
        weights.append(weights[-1] * arrivals / (min(n, agents) * service + max(n - agents, 0) * patience))
    chance, draws = Random(6), 200_000
    waits, lost = [], 0
    for found in chance.choices(range(len(weights)), weights, k=draws):
        wait = sum(chance.expovariate(agents * service + i * patience) for i in range(found - agents + 1))
        gives_up = chance.expovariate(patience)
        if wait < gives_up:
            waits.append(wait)
        lost += gives_up < wait and gives_up <= within
    expected = erlang_a(arrivals, service, agents, patience, within_s=within)
    mean = sum(waits) / len(waits)
    deviation = math.sqrt(sum((wait - mean) ** 2 for wait in waits)) / len(waits)
    assert expected.answered_wait_s == pytest.approx(mean, abs=4 * deviation)
    share = expected.abandoned_within
    assert lost / draws == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / draws))


def test_little_and_the_agents_time_add_up() -> None:
    """Queue = arrivals × wait, abandonments = queue × θ, and busy agents are those of the answered."""
    found = erlang_a(0.5, 1 / 200, 90, 1 / 150, within_s=20)
    assert found.mean_queue == pytest.approx(0.5 * found.mean_wait_s)
    assert 0.5 * found.abandons == pytest.approx(found.mean_queue / 150)
    assert found.occupancy == pytest.approx(0.5 * 200 * (1 - found.abandons) / 90)


def test_the_edges_have_answers() -> None:
    nobody = erlang_a(0, 1, 3, 1, within_s=20)
    assert (nobody.answered_within, nobody.abandons, nobody.occupancy, nobody.mean_queue) == (1, 0, 0, 0)
    assert erlang_c(0, 1, 3, within_s=20) == nobody
    alone = erlang_a(2, 1, 0, 0.5, within_s=2)
    assert (alone.waits, alone.abandons, alone.mean_wait_s, alone.occupancy) == (1, 1, 2, None)
    assert alone.abandoned_within == pytest.approx(1 - math.exp(-1))
    with pytest.raises(ValueError, match="endless patience"):
        erlang_a(1, 1, 1, 0, within_s=20)
    with pytest.raises(ValueError, match="above 0"):
        erlang_c(-1, 1, 1, within_s=20)


def test_huge_floors_neither_overflow_nor_lose_their_digits() -> None:
    """10,000 idle agents; 5,000 agents under 6,000 erlangs of callers who wait for minutes; one agent for thousands."""
    assert erlang_a(1, 1 / 300, 10_000, 1 / 120, within_s=20).answered_within == 1
    fluid = erlang_a(30, 1 / 200, 5000, 1 / 500, within_s=300)  # a sixth must give up: (6000 − 5000) ÷ 6000
    assert fluid.abandons == pytest.approx(1 / 6, rel=1e-9)
    assert fluid.answered_within + fluid.abandoned_within == pytest.approx(1, abs=1e-9)
    flood = erlang_a(5, 1 / 300, 1, 1 / 3600, within_s=20)
    assert flood.abandons == pytest.approx(1 - 1 / 1500, rel=1e-9)
