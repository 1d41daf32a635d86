"""Puts the metrics service together and runs it."""

from services.metrics import telemetry
from services.metrics.domain.floor import Floor
from services.metrics.domain.keeper import MetricsKeeper
from services.metrics.settings import MetricsSettings
from services.metrics.store import Store
from services.metrics.streams import MetricsOutlet, MetricsStream
from services.runtime import redis, worker
from services.runtime.topology import TopologyFeed


def run(settings: MetricsSettings) -> None:
    """Count until SIGTERM."""
    names = settings.names
    keeper = MetricsKeeper(names, Floor(), settings.horizons)
    outlet = MetricsOutlet(settings, keeper, Store(redis.client(settings), names))
    topology = TopologyFeed(settings, keeper.learn)
    stream = MetricsStream(settings, keeper, outlet, topology)
    outlet.still_ours = lambda: stream.holds(stream.assignment)
    telemetry.EVENTS.set_function(lambda: keeper.events)
    telemetry.DEAD_LETTERS.set_function(lambda: keeper.letters)
    worker.run(
        settings,
        stream,
        port=settings.metrics_port,
        port_variable="FLOORWATCH_METRICS_PORT",
        background=[outlet.keep_filled, lambda: topology.follow(outlet.show_topology)],
        checks={"redis": outlet.redis_check},
    )
