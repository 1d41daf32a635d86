"""Process metrics of ingest, shown at /telemetry."""

from prometheus_client import Counter, Gauge

EVENTS = Counter("floorwatch_ingest_events", "Events acknowledged by Kafka", ["feed", "kind"])
RECORDS = Counter("floorwatch_ingest_records", "Records acknowledged by Kafka", ["feed", "topic"])
REJECTED = Counter("floorwatch_ingest_rejected", "Inputs that went to dead letters", ["feed"])
BACKLOG = Gauge("floorwatch_ingest_backlog_events", "Events that wait for Kafka", ["feed"])
BROKER_AWAY = Gauge("floorwatch_ingest_broker_away", "1 while Kafka can't be reached", ["feed"])
RESENT = Counter("floorwatch_ingest_resent_records", "Records sent again after a failure", ["feed"])
POSTS = Counter("floorwatch_ingest_posts", "Answers to POST /v1/events", ["status"])
