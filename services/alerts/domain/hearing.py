"""News taken in: what they change on the floor, and when that is to be looked at."""

from collections.abc import Iterable, Iterator

from services.alerts.domain.crowds import groups_of
from services.alerts.domain.floor import Floor, site_of
from services.alerts.domain.section import Changed
from services.contracts.agents import AgentTile
from services.contracts.desk import AnyCommand, Command, Described, News, Tick
from services.contracts.metrics import FeedClock, IvrInterval, Tile


def heard(floor: Floor, items: Iterable[News | AnyCommand]) -> Iterator[Changed | AnyCommand]:
    """Bring a record's items onto the floor, in their order.

    Yields:
        Changed: look at the floor now, before more of it changes.
        A command: obey it now.
    """
    changed = Changed()
    for item in items:
        if changed and (isinstance(item, Command) or _again(item, changed)):
            yield settled(floor, changed)
            changed = Changed()
        if isinstance(item, Command):
            yield item
        else:
            _hear(floor, item, changed)
    if changed:
        yield settled(floor, changed)


def settled(floor: Floor, changed: Changed) -> Changed:
    """What has changed, and by it: days begin when clocks move."""
    agents = {floor.agents[id_].site for id_ in changed.agents}
    changed.turned = floor.turn_days(changed.moved | changed.sites | agents, everywhere=bool(changed.described))
    return changed


def _hear(floor: Floor, item: News, changed: Changed) -> None:
    match item:
        case Tile():
            if floor.take_tile(item):
                changed.queues.add(item.id)
                changed.sites.add(site_of(item.id))
        case AgentTile():
            before = floor.take_agent(item)
            changed.agents.add(item.id)
            for agent in (before, floor.agents[item.id]):
                changed.crowds.update(() if agent is None else groups_of(agent))
        case FeedClock():
            _hear_clock(floor, item, changed)
        case IvrInterval():
            floor.take_flow(item)
            changed.flows.add(item.scope)
        case Tick():
            floor.tick(item.at)
            changed.wall = True
        case Described():
            changed.described |= floor.learn(item)


def _hear_clock(floor: Floor, clock: FeedClock, changed: Changed) -> None:
    was_silent = floor.is_silent(clock.site)
    if floor.hear(clock) or was_silent:
        changed.moved.add(clock.site)
    if floor.hear_of_staff(clock):
        changed.staffed.add(clock.site)


def _again(item: News, changed: Changed) -> bool:
    """Whether what came before is to be looked at first, so that alerts go the same way wherever records are cut.

    What is told twice must not hide what was between. A tick is looked at by itself, at the clocks of before it. And
    who tells says what is from its own time on, before the clock that follows it moves.
    """
    if changed.wall:
        return True
    match item:
        case Tile():
            return item.id in changed.queues or site_of(item.id) in changed.moved
        case AgentTile():
            return item.id in changed.agents or item.site in changed.staffed
        case IvrInterval():
            return item.scope in changed.flows
        case FeedClock():
            return item.site in changed.moved or item.site in changed.sites
    return True
