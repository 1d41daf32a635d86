"""A floor made to measure: so many queues, so many events a second, the same all day. For benches and load trials."""

import math

from services.contracts.topology import Text
from services.ingest.domain.simulator.description import Arrivals, Duration, Shift
from services.ingest.domain.simulator.floor import Floor, Group, SimulatedQueue, SimulatedSite, Team

QUEUES_OF_A_SITE = 20
EVENTS_OF_A_CONTACT = 4.9  # offered, answered, ended, its agent talking and mostly available again; some abandon
SERVICE_S = 30.0
DAY_S = 86_400.0


def load_floor(queues: int, events_per_s: float) -> Floor:
    """`queues` voice queues, twenty a site, with agents enough for most contacts to be answered at once.

    Raises:
        ValueError: fewer than one queue, or a rate that is not above 0.
    """
    if queues < 1 or not events_per_s > 0:
        raise ValueError(f"{queues} queues and {events_per_s} events a second: both must be above 0")
    per_queue = events_per_s / EVENTS_OF_A_CONTACT / queues
    erlangs = per_queue * SERVICE_S
    agents = math.ceil(erlangs + math.sqrt(erlangs)) + 1  # square-root staffing
    sizes = [min(QUEUES_OF_A_SITE, queues - first) for first in range(0, queues, QUEUES_OF_A_SITE)]
    return Floor(sites=tuple(_site(number, size, per_queue, agents) for number, size in enumerate(sizes, start=1)))


def _site(number: int, queues: int, per_queue: float, agents: int) -> SimulatedSite:
    names = [f"q{index:02d}" for index in range(1, queues + 1)]
    return SimulatedSite(
        id=f"load-{number:03d}",
        name=Text(en=f"Load {number}", zh=f"压测 {number}"),
        timezone="UTC",
        queues=tuple(_queue(name, per_queue) for name in names),
        shifts={"always": Shift.model_validate({"start": "00:00", "end": "00:00"})},
        teams=tuple(
            Team(
                id=name,
                name=Text(en=f"Team {name}", zh=f"{name} 班组"),
                groups=(Group(agents=agents, skills=(name,), shift="always"),),
            )
            for name in names
        ),
    )


def _queue(name: str, per_second: float) -> SimulatedQueue:
    return SimulatedQueue(
        id=name,
        name=Text(en=f"Queue {name}", zh=f"队列 {name}"),
        service=Duration(mean_s=SERVICE_S, cv=0.9),
        patience_s=90,
        arrivals=Arrivals(per_day=per_second * DAY_S, profile="flat"),
    )
