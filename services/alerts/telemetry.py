"""Process metrics of alerts, shown at /telemetry beside those of services/runtime/telemetry.py."""

from prometheus_client import Counter, Gauge

TRANSITIONS = Counter("floorwatch_alerts_transitions", "Transitions published", ["to"])
ALERTS = Gauge("floorwatch_alerts_active", "Alerts by state", ["state"])
DEAD_LETTERS = Gauge("floorwatch_alerts_dead_letters", "Tile records since the start that could not be read")
REDIS_AWAY = Gauge("floorwatch_alerts_redis_away", "1 while Redis can't be written")
REFILLS = Counter("floorwatch_alerts_refills", "Times Redis was filled from the state and the log")
COMMANDS = Counter("floorwatch_alerts_commands", "Commands answered", ["do", "code"])
DELIVERIES = Counter("floorwatch_alerts_deliveries", "Attempts at telling, by what came of them", ["channel", "state"])
DELIVERIES_OPEN = Gauge("floorwatch_alerts_deliveries_open", "Deliveries that wait or are being sent")
UNTOLD = Counter("floorwatch_alerts_untold", "Deliveries that ended undelivered", ["state"])
OUTBOX_REPAIRS = Counter("floorwatch_alerts_outbox_repairs", "Deliveries written again because a wrong record followed")
