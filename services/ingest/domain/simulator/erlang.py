"""Steady state of the M/M/c queue (Erlang C) and of the M/M/c+M queue (Erlang A), to check the simulator against.

Arrivals are Poisson at rate λ, each of c agents serves at rate μ, a waiting caller's patience is exponential with
rate θ. Rates are per second. a = λ/μ is the offered load in erlangs.

Sources: G. Koole, *Call Center Optimization* (2013), chapter on the Erlang models; O. Garnett, A. Mandelbaum and
M. Reiman, "Designing a call center with impatient customers", M&SOM 4 (2002) 208-227, who print the case of 50 agents,
48 calls a minute, 1 minute of service and 2 minutes of patience that the tests use.

All sums have positive terms, each computed from the one before, so that nothing overflows and nothing cancels.
"""

import math
from dataclasses import dataclass

NEGLIGIBLE = 1e-15  # a tail term this small against the sum before it changes no printed digit


@dataclass(frozen=True, slots=True)
class SteadyState:
    """What a caller meets in the long run. Shares 0…1 of all offered; `mean_wait_s` over all offered as well."""

    waits: float
    abandons: float
    mean_wait_s: float
    answered_within: float


def erlang_b(load: float, agents: int) -> float:
    """Share of calls blocked in M/M/c/c, by B(0) = 1, B(n) = a·B(n−1) ÷ (n + a·B(n−1))."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(arrival_rate: float, service_rate: float, agents: int, within_s: float) -> SteadyState:
    """M/M/c with endless patience; waits of those who wait are exponential with rate cμ − λ.

    Raises:
        ValueError: when the load is not below the number of agents; there is no steady state then.
    """
    load = arrival_rate / service_rate
    if load >= agents:
        raise ValueError(f"{load:.3f} erlangs on {agents} agents: without abandonment the queue grows for ever")
    blocked = erlang_b(load, agents)
    waits = blocked / (1 - (load / agents) * (1 - blocked))
    drain = agents * service_rate - arrival_rate
    return SteadyState(waits, 0.0, waits / drain, 1 - waits * math.exp(-drain * within_s))


def erlang_a(
    arrival_rate: float, service_rate: float, agents: int, patience_rate: float, within_s: float
) -> SteadyState:
    """M/M/c+M, from its birth-and-death chain: death rate min(n, c)·μ + max(n − c, 0)·θ in state n.

    A caller who finds c + j in the system would, with endless patience, wait V = the sum of exponentials with rates
    cμ, cμ + θ, …, cμ + jθ. Its arrival rates are in arithmetic progression, so exp(−θV) is Beta(cμ/θ, j + 1); the
    caller outlasts V with probability exp(−θV). Hence, with b = cμ/θ and x = exp(−θT),
    P(answered within T | j) = E[B; B ≥ x] = b/(b + j + 1) · (1 − I_x(b + 1, j + 1)).
    """
    load, b = arrival_rate / service_rate, agents * service_rate / patience_rate
    x = math.exp(-patience_rate * within_s)
    # Weights are relative to the state in which all c are busy and nobody waits.
    free, weight = 0.0, 1.0
    for n in range(agents, 0, -1):
        weight *= n / load
        free += weight
    total = waiting = served_in_time = queue = 0.0
    weight, j = 1.0, 0
    beyond, term = x ** (b + 1), x ** (b + 1)  # I_x(b+1, 1), and the term that leads to I_x(b+1, j+1)
    while weight > NEGLIGIBLE * (free + waiting) or j < load:
        waiting += weight
        queue += j * weight
        served_in_time += weight * b / (b + j + 1) * (1 - beyond)
        j += 1
        term *= (b + j) / j * (1 - x)
        beyond += term
        weight *= arrival_rate / (agents * service_rate + j * patience_rate)
    total = free + waiting
    mean_wait = queue / total / arrival_rate  # Little: E[queue] = λ E[wait]
    return SteadyState(waiting / total, patience_rate * mean_wait, mean_wait, (free + served_in_time) / total)
