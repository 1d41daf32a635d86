"""Queues, flows and sites that events name before anyone has described them."""

from collections.abc import Iterable

from services.contracts import events as wire
from services.contracts.events import AnyEvent
from services.contracts.topology import Description, Flow, Queue, Site, Text, unknown_queue, unknown_site
from services.ingest.outlet import Outlet


class Discovery:
    """Describes what is new as unknown, unless somebody has described it; once per process and id."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._known: set[tuple[type, str]] = set()

    async def describe(self, events: Iterable[AnyEvent]) -> None:
        """Publish a description of what these events name for the first time; returns when Kafka has it."""
        named = {name for event in events for name in _named(event)}
        new = named - self._known
        if new:
            await self._outlet.topology([_unknown(kind, id_) for kind, id_ in sorted(new, key=str)], only_missing=True)
            self._known |= new


def _named(event: AnyEvent) -> tuple[tuple[type, str], ...]:
    if isinstance(event, wire.LegEvent):
        return (Site, event.queue.partition("/")[0]), (Queue, event.queue)
    if isinstance(event, wire.VisitEvent):
        return (Site, event.flow.partition("/")[0]), (Flow, event.flow)
    return ((Site, event.site),)


def _unknown(kind: type, id_: str) -> Description:
    if kind is Queue:
        return unknown_queue(id_)
    if kind is Flow:
        name = id_.partition("/")[2]
        return Flow(id=id_, name=Text(en=name, zh=name))
    return unknown_site(id_)
