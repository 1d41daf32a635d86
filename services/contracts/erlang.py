"""Steady state of the M/M/c queue (Erlang C) and of the M/M/c+M queue (Erlang A): what callers meet in the long run.

Arrivals are Poisson at rate λ, each of c agents serves at rate μ, a waiting caller's patience is exponential with
rate θ. Rates are per second. a = λ/μ is the offered load in erlangs.

Sources: G. Koole, *Call Center Optimization* (2013), chapter on the Erlang models; O. Garnett, A. Mandelbaum and
M. Reiman, "Designing a call center with impatient customers", M&SOM 4 (2002) 208-227, who print the case of 50 agents,
48 calls a minute, 1 minute of service and 2 minutes of patience that the tests use.

All sums have positive terms, each computed from the one before, and are scaled down before they overflow; nothing
cancels.
"""

import math
from dataclasses import dataclass

NEGLIGIBLE = 1e-15  # a tail term this small against the sum before it changes no printed digit
_LARGE = 1e200


@dataclass(frozen=True, slots=True)
class SteadyState:
    """What a caller meets in the long run. Shares 0…1 of all offered; `mean_wait_s` over all offered as well.

    Attributes:
        abandoned_within: share that gives up within the given time.
        answered_wait_s: mean wait of the answered (ASA); None: nobody is answered.
        occupancy: share of the agents' time that is for contacts; None: there are no agents.
        mean_queue: contacts that wait, on average over time.
    """

    waits: float
    abandons: float
    mean_wait_s: float
    answered_within: float
    abandoned_within: float
    answered_wait_s: float | None
    occupancy: float | None
    mean_queue: float


def _nobody_comes(agents: int) -> SteadyState:
    """The limit of rare callers: who comes is answered at once."""
    return SteadyState(0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0 if agents else None, 0.0)


def _check(arrival_rate: float, service_rate: float, agents: int) -> None:
    if not (arrival_rate >= 0 and service_rate > 0 and agents >= 0):
        raise ValueError(f"arrivals {arrival_rate}/s, service {service_rate}/s, {agents} agents: rates must be above 0")


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
    _check(arrival_rate, service_rate, agents)
    if agents and not arrival_rate:
        return _nobody_comes(agents)
    load = arrival_rate / service_rate
    if load >= agents:
        raise ValueError(f"{load:.3f} erlangs on {agents} agents: without abandonment the queue grows for ever")
    blocked = erlang_b(load, agents)
    waits = blocked / (1 - (load / agents) * (1 - blocked))
    drain = agents * service_rate - arrival_rate
    wait = waits / drain
    in_time = 1 - waits * math.exp(-drain * within_s)
    return SteadyState(waits, 0.0, wait, in_time, 0.0, wait, load / agents, arrival_rate * wait)


def erlang_a(
    arrival_rate: float, service_rate: float, agents: int, patience_rate: float, within_s: float
) -> SteadyState:
    """M/M/c+M, from its birth-and-death chain: death rate min(n, c)·μ + max(n − c, 0)·θ in state n.

    A caller who finds c + j in the system would, with endless patience, wait V = the sum of exponentials with rates
    cμ, cμ + θ, …, cμ + jθ. Its arrival rates are in arithmetic progression, so B = exp(−θV) is Beta(cμ/θ, j + 1); the
    caller outlasts V with probability B. Hence, with b = cμ/θ and x = exp(−θT),

        P(answered within T | j) = E[B; B ≥ x] = b/(b + j + 1) · (1 − I_x(b + 1, j + 1)),
        P(waits longer than T | j) = x · P(B < x) = x · I_x(b, j + 1),
        E[V; answered | j] = −E[B ln B] ÷ θ = b/(b + j + 1) · (1/(b + 1) + … + 1/(b + 1 + j)) ÷ θ.
    """
    _check(arrival_rate, service_rate, agents)
    if not patience_rate > 0:
        raise ValueError(f"patience {patience_rate}/s: must be above 0; endless patience is Erlang C")
    if not arrival_rate:
        return _nobody_comes(agents)
    if not agents:
        gone = -math.expm1(-patience_rate * within_s)
        return SteadyState(1.0, 1.0, 1 / patience_rate, 0.0, gone, None, None, arrival_rate / patience_rate)
    load, b = arrival_rate / service_rate, agents * service_rate / patience_rate
    x = math.exp(-patience_rate * within_s)
    thin = math.log(-math.expm1(-patience_rate * within_s)) if within_s > 0 else -math.inf  # ln(1 − x)
    # Erlang B is the share of "all c busy, nobody waits" among the states without a queue: its weight, beside 1 − B.
    blocked = erlang_b(load, agents)
    free, weight = 1 - blocked, blocked
    waiting = served = served_in_time = served_wait = longer = queue = 0.0
    steps, j = 1 / (b + 1), 0
    # I_x(b, j+1) and I_x(b+1, j+1), term by term; by logarithms, for x^b may be smaller than any number.
    log_term = -b * patience_rate * within_s
    beyond = math.exp(log_term)
    beyond_answered = beyond * x
    while weight > NEGLIGIBLE * (free + waiting):
        answered = weight * b / (b + j + 1)
        waiting += weight
        queue += j * weight
        served += answered
        served_in_time += answered * max(0.0, 1 - beyond_answered)
        served_wait += answered * steps
        longer += weight * x * min(1.0, beyond)
        j += 1
        steps += 1 / (b + 1 + j)
        log_term += math.log((b + j - 1) / j) + thin
        term = math.exp(log_term)
        beyond += term
        beyond_answered += term * x * (b + j) / b
        weight *= arrival_rate / (agents * service_rate + j * patience_rate)
        if weight > _LARGE:
            free, weight, waiting, queue = free / _LARGE, weight / _LARGE, waiting / _LARGE, queue / _LARGE
            served, served_in_time = served / _LARGE, served_in_time / _LARGE
            served_wait, longer = served_wait / _LARGE, longer / _LARGE
    total = free + waiting
    mean_queue = queue / total
    mean_wait = mean_queue / arrival_rate  # Little: E[queue] = λ E[wait]
    abandons = patience_rate * mean_wait
    in_time = (free + served_in_time) / total
    return SteadyState(
        waits=waiting / total,
        abandons=abandons,
        mean_wait_s=mean_wait,
        answered_within=in_time,
        abandoned_within=max(0.0, 1 - in_time - longer / total),
        answered_wait_s=served_wait / (free + served) / patience_rate,
        occupancy=min(1.0, load * (1 - abandons) / agents),
        mean_queue=mean_queue,
    )
