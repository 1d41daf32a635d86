"""The Erlang formulas against printed values, and against slow sums and draws that share nothing with them."""

import math
from fractions import Fraction
from random import Random

import pytest

from services.ingest.domain.simulator.erlang import erlang_a, erlang_b, erlang_c


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
