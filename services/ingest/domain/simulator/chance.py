"""Random durations, in whole milliseconds. Chance is always a `random.Random` that the caller hands in."""

import math
from collections.abc import Callable
from random import Random

from services.ingest.domain.simulator.description import Duration

Sampler = Callable[[Random], int]


def sampler(duration: Duration) -> Sampler:
    """A function that draws from `duration`.

    Lognormal with mean m and coefficient of variation c: σ² = ln(1 + c²), μ = ln m − σ²/2.
    """
    mean_ms = duration.mean_s * 1000
    if duration.shape == "fixed" or mean_ms == 0:
        fixed = round(mean_ms)
        return lambda _: fixed
    if duration.shape == "exponential":
        return exponential(mean_ms)
    sigma = math.sqrt(math.log1p(duration.cv**2))
    mu = math.log(mean_ms) - sigma**2 / 2
    return lambda chance: round(chance.lognormvariate(mu, sigma))


def exponential(mean_ms: float) -> Sampler:
    """Exponential times of that mean."""
    rate = 1 / mean_ms
    return lambda chance: round(chance.expovariate(rate))
