"""Process metrics of the metrics service, shown at /telemetry beside those of the runtime."""

from prometheus_client import Counter, Gauge

EVENTS = Gauge("floorwatch_metrics_events", "Events counted since the start, repeats and heartbeats included")
DEAD_LETTERS = Gauge("floorwatch_metrics_dead_letters", "Events and records that could not be used since the start")
UNRESOLVED = Gauge("floorwatch_metrics_unresolved", "Contacts whose page was closed before anyone told their outcome")
VIOLATIONS = Gauge(
    "floorwatch_metrics_invariant_violations",
    "Tiles and half-hours that did not add up (offered = answered + abandoned + flowed out + waiting); always 0",
)
TILES = Counter("floorwatch_metrics_tiles", "Tiles published")
AGENT_TILES = Counter("floorwatch_metrics_agent_tiles", "Tiles of agents published")
WRONG_AGENT_TOTALS = Gauge(
    "floorwatch_metrics_wrong_agent_totals",
    "Totals of agents published whose states or activities do not add up to the time signed in, or whose time in, out, "
    "ignored and unknown does not to the scheduled time; always 0",
)
HALF_HOURS = Counter("floorwatch_metrics_half_hours", "Half-hours published, revisions included")
REDIS_AWAY = Gauge("floorwatch_metrics_redis_away", "1 while Redis can't be written")
REFILLS = Counter("floorwatch_metrics_refills", "Partitions written to Redis again, from the log")
