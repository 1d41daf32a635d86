"""Process metrics of the API, in Prometheus text. This list is all of them."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.api.feed import Changes
from services.api.hub import Hub
from services.api.store import Store


class _ApiCollector(Collector):
    def __init__(self, hub: Hub, store: Store, changes: Changes) -> None:
        self._hub, self._store, self._changes = hub, store, changes

    def collect(self) -> Iterator[Metric]:
        hub, tally = self._hub, self._hub.audience.tally
        for name, text, value in (
            ("floorwatch_ready", "1 while /ready answers 200", not hub.unready),
            ("floorwatch_api_redis_connected", "1 while Redis is followed", hub.connected),
            ("floorwatch_api_sockets", "open subscribed sockets", len(hub.audience)),
            ("floorwatch_api_sockets_behind", "sockets that wait for room", len(hub.audience.behind)),
            ("floorwatch_api_seq", "changes of the board so far", hub.board.ledger.seq),
        ):
            yield GaugeMetricFamily(name, text, value=float(value))
        for name, text, value in (
            ("floorwatch_api_announced_items", "items announced by metrics and alerts", hub.announced),
            ("floorwatch_api_messages_encoded", "socket messages put together", tally.encoded),
            ("floorwatch_api_messages_written", "socket messages written, one per socket", tally.written),
            ("floorwatch_api_snapshots", "subscriptions and slow sockets that got a snapshot", tally.snapshots),
            ("floorwatch_api_resumed", "subscriptions that went on where they were", tally.resumed),
            ("floorwatch_api_conflated_changes", "changes not sent, a newer one came first", tally.conflated),
            ("floorwatch_api_sockets_dropped", "sockets dropped because they read nothing", tally.dropped),
            (
                "floorwatch_api_unreadable_items",
                "stored or announced items that are not what their contract says",
                self._store.unreadable + self._changes.unreadable,
            ),
        ):
            yield CounterMetricFamily(name, text, value=float(value))


class Telemetry:
    """What `/telemetry` shows."""

    def __init__(self, hub: Hub, store: Store, changes: Changes) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_ApiCollector(hub, store, changes))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def text(self) -> bytes:
        """All of it, now."""
        return generate_latest(self._registry)
