"""What a level of a plan should do: the scope's service level by Erlang A, with the agents that its actions bring."""

from collections import Counter, defaultdict

from services.alerts.domain.conditions.place import Place
from services.alerts.domain.contingency.measure import definition_of
from services.alerts.domain.floor import Floor
from services.alerts.domain.values import QueueNow, counts_of
from services.contracts import live_load
from services.contracts.definitions import COUNTERS, DEFINITIONS, Counts
from services.contracts.formulas import ON_CONTACT
from services.contracts.live_load import Sample
from services.contracts.pools import Queues, share_out
from services.contracts.staffing import Load, expected_counts

SERVING = frozenset({"available", *ON_CONTACT})


def expected_level(place: Place, gain: float) -> float | None:
    """The service level of a place in the long run if `gain` agents more serve its queues.

    Callers of all its queues are added up as the model expects them, each queue with its own T. None: there is no gain
    to judge, no agent is known, or handling is unknown of a queue to which somebody came.
    """
    queues = dict(sorted(place.queues()))
    groups = _groups(place.floor)
    serving = sum(agents for own, agents in groups.items() if set(own) & queues.keys())
    if not gain or not queues or not serving:
        return None
    loads = {id_: load for id_, queue in sorted(place.floor.queues.items()) if (load := _load(place.floor, id_, queue))}
    busy = [id_ for id_, queue in queues.items() if queue.target_counters[_OFFERED]]
    if not busy or any(id_ not in loads for id_ in busy):
        return None
    helped = tuple(sorted(queues))
    groups[helped] = groups.get(helped, 0.0) + gain
    shared = share_out(groups, {id_: load.erlangs for id_, load in loads.items()})
    sums: defaultdict[str, float] = defaultdict(float)
    for id_ in busy:
        for name, number in _counted(place, id_, queues[id_], loads[id_], shared[id_]).items():
            sums[name] += number
    name, switches = definition_of(place, list(queues.items()))
    return DEFINITIONS[name].ratio(Counts(**{field: round(sums[field]) for field in COUNTERS}), switches)


_OFFERED = COUNTERS.index("offered")


def _groups(floor: Floor) -> dict[Queues, float]:
    serving = (agent for agent in floor.agents.values() if agent.plain_state in SERVING and agent.queues)
    counted = Counter(tuple(sorted(agent.queues)) for agent in serving)
    return {queues: float(n) for queues, n in sorted(counted.items())}  # sums of fractions depend on their order


def _load(floor: Floor, id_: str, queue: QueueNow) -> Load | None:
    sample = (Sample(counts_of(queue.target_counters), queue.waiting_ms),)
    crowd = floor.staff.group("queue", id_)
    on_contact = None if crowd is None else sum(crowd.by_state[state] for state in ON_CONTACT)
    aht = live_load.handle_time(sample, on_contact).value
    arrivals = live_load.arrivals(sample[0]).value
    return None if aht is None or not arrivals else Load(arrivals, aht, live_load.patience(sample).value)


def _counted(place: Place, id_: str, queue: QueueNow, load: Load, agents: float) -> dict[str, float]:
    """Expected counters of as many callers as came, with agents between two whole numbers read in between."""
    described = place.queue(id_)
    short_s = 0.0 if described is None else described.short_abandon_s
    share = agents - int(agents)
    lower, upper = (expected_counts(load, int(agents) + more, queue.target_s, short_s) for more in (0, 1))
    scale = load.arrivals_per_hour / lower.offered * 1000
    return {
        name: scale * (getattr(lower, name) * (1 - share) + getattr(upper, name) * share) for name in COUNTERS
    }  # fmt: skip
