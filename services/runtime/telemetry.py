"""Process metrics that the stream services share, shown at /telemetry. A service lists its own in its `telemetry.py`.

*Telemetry* is about processes; *metrics* are the floor's.
"""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("floorwatch_stream_records", "Records applied to the state", ["topic"])
RECORD_BYTES = Counter("floorwatch_stream_record_bytes", "Bytes of the records applied")
STALE_RECORDS = Counter("floorwatch_stream_stale_records", "Records of an old assignment, dropped; they come again")
REPEATED_RECORDS = Counter("floorwatch_stream_repeated_records", "Records delivered twice in one assignment, dropped")
EARLY_RECORDS = Counter("floorwatch_stream_early_records", "Records that came before earlier ones, dropped")
GAPS = Counter("floorwatch_stream_offset_gaps", "Jumps in the offsets of a source partition (retention, transactions)")
CHECKPOINTS = Counter("floorwatch_stream_checkpoints", "Checkpoints by result", ["result"])
CHECKPOINT_SECONDS = Histogram(
    "floorwatch_stream_checkpoint_seconds",
    "Duration of a checkpoint, its waiting for Kafka included",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
STATES = Counter("floorwatch_stream_states", "States written to the changelog")
STATE_BYTES = Counter("floorwatch_stream_state_bytes", "Bytes of the states written to the changelog")
FORGOTTEN = Counter("floorwatch_stream_forgotten_states", "Keys deleted from the changelog")
REPAIRS = Counter("floorwatch_stream_repaired_states", "States written again because an older one followed them")
OUTPUTS = Counter("floorwatch_stream_outputs", "Records published", ["topic"])
FLUSHES = Counter("floorwatch_stream_flushes", "Flushes of the outlet (tiles)")
ASSIGNMENTS = Counter("floorwatch_stream_assignments", "Assignments taken over, the first included")
LAPSES = Counter("floorwatch_stream_lapses", "Times this process was stopped so long that it gave up its assignment")
RECOVERED = Gauge("floorwatch_stream_recovered_states", "States that the last assignment began with")
PARTITIONS = Gauge("floorwatch_stream_partitions", "Changelog partitions assigned")
LAG = Gauge("floorwatch_stream_lag_records", "Records of the source not applied yet", ["topic", "partition"])
READY = Gauge("floorwatch_ready", "1 while /ready answers 200")
