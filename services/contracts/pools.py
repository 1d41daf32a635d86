"""How agents with several queues divide their time: shares that even out how busy the queues are.

An agent who serves three queues is not three agents. Routing sends them where contacts wait, which evens out the
pressure of the queues that they serve; so the time of every group of agents with the same queues is divided in such a
way that its queues are equally busy, as far as the groups allow. The sum over the queues is the number of agents.
"""

from collections.abc import Iterable, Mapping

Queues = tuple[str, ...]
ROUNDS = 40
_AGREED = 1e-6


def share_out(groups: Mapping[Queues, float], erlangs: Mapping[str, float]) -> dict[str, float]:
    """Agents of each queue, fractions included.

    Args:
        groups: queues that are served together → agents who do.
        erlangs: offered load of each queue; one that is missing has none.

    Returns:
        Queue → agents, of every queue of a group. Queues without load divide equally what nobody else needs.
    """
    weight = {queue: max(erlangs.get(queue, 0.0), 1e-9) for queues in groups for queue in queues}
    given = _given(groups, weight)
    for _ in range(ROUNDS):
        moved = 0.0
        for queue, agents in given.items():
            load = max(erlangs.get(queue, 0.0), 1e-9)
            if agents > 0:
                # Half a step in the exponent: a full one swings to and fro where groups overlap.
                weight[queue] *= (load / agents) ** 0.5
        before, given = given, _given(groups, weight)
        moved = max((abs(given[queue] - before[queue]) for queue in given), default=0.0)
        if moved < _AGREED:
            break
    return given


def _given(groups: Mapping[Queues, float], weight: Mapping[str, float]) -> dict[str, float]:
    given = dict.fromkeys(weight, 0.0)
    for queues, agents in groups.items():
        total = sum(weight[queue] for queue in queues)
        for queue in queues:
            given[queue] += agents * (weight[queue] / total if total > 0 else 1 / len(queues))
    return given


def pool_of(queues: Iterable[str], groups: Iterable[Queues]) -> frozenset[str]:
    """The queues that are bound to some queues by agents in common, however far: nobody else is touched."""
    pool, rest = set(queues), list(groups)
    while near := [group for group in rest if pool.intersection(group)]:
        rest = [group for group in rest if not pool.intersection(group)]
        pool.update(*near)
    return frozenset(pool)
