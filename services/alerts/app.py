"""Puts the alerts service together and runs it."""

from functools import partial

from services.alerts import telemetry
from services.alerts.domain.engine import Engine
from services.alerts.domain.keeper import AlertKeeper
from services.alerts.settings import AlertsSettings
from services.alerts.store import Store
from services.alerts.streams import AlertsOutlet, tile_stream
from services.contracts.alerts import RuleFile
from services.runtime import redis, worker


def run(settings: AlertsSettings, rules: RuleFile) -> None:
    """Watch until SIGTERM."""
    keeper = AlertKeeper(settings.names, Engine(rules))
    outlet = AlertsOutlet(settings, keeper, Store(redis.client(settings), settings.names))
    stream = tile_stream(settings, keeper, outlet)
    outlet.still_ours = lambda: stream.serving and stream.holds(stream.assignment)
    telemetry.DEAD_LETTERS.set_function(lambda: keeper.letters)
    for state in ("pending", "firing", "resolved"):
        telemetry.ALERTS.labels(state).set_function(partial(_count, keeper, state))
    worker.run(
        settings,
        stream,
        port=settings.alerts_port,
        port_variable="FLOORWATCH_ALERTS_PORT",
        background=[outlet.keep_filled],
        checks={"redis": outlet.redis_check},
    )


def _count(keeper: AlertKeeper, state: str) -> int:
    return sum(alert.state == state for alert in keeper.engine.alerts())
