"""Puts the alerts service together and runs it."""

from functools import partial

from services.alerts import telemetry
from services.alerts.domain.alerts import Alerts
from services.alerts.domain.desk import Desk
from services.alerts.domain.keeper import DeskKeeper
from services.alerts.domain.notices.around import surroundings_of
from services.alerts.domain.sections import sections_beside
from services.alerts.notify.office import PostOffice
from services.alerts.notify.secrets import Channels
from services.alerts.notify.shelf import Shelf
from services.alerts.settings import AlertsSettings
from services.alerts.store import Store
from services.alerts.streams import AlertsOutlet, inbox_stream
from services.alerts.usher import Files, Usher
from services.contracts.alerts import Alert, RuleFile
from services.contracts.contingency import PlanFile
from services.runtime import kafka, redis, worker


def run(settings: AlertsSettings, rules: RuleFile, plans: PlanFile, channels: Channels) -> None:
    """Watch until SIGTERM."""
    names = settings.names
    alerts = Alerts(names)
    sections = sections_beside(alerts, names, lambda agent: kafka.partition_of(agent, settings.partitions))
    desk = Desk(names, sections)
    keeper = DeskKeeper(names, desk)
    outlet = AlertsOutlet(settings, keeper, Store(redis.client(settings), names))
    stream = inbox_stream(settings, keeper, outlet)
    outlet.still_ours = lambda: stream.serving and stream.holds(stream.assignment)

    def serving() -> bool:
        return bool(stream.partitions) and outlet.still_ours()

    usher = Usher(settings, desk, alerts, Files(rules, plans), serving)
    office = PostOffice(
        settings, channels, Shelf(redis.client(settings), names),
        lambda record: surroundings_of(record, desk.floor, alerts.book), serving,
    )  # fmt: skip
    telemetry.DEAD_LETTERS.set_function(lambda: keeper.letters)
    for state in ("pending", "firing", "resolved", "no_data", "stale"):
        telemetry.ALERTS.labels(state).set_function(partial(_count, desk, state))
    worker.run(
        settings,
        stream,
        port=settings.alerts_port,
        port_variable="FLOORWATCH_ALERTS_PORT",
        background=[outlet.keep_filled, usher.run, office.run],
        checks={"redis": outlet.redis_check},
    )


def _count(desk: Desk, state: str) -> int:
    return sum(isinstance(view.value, Alert) and view.value.state == state for view in desk.views())
