"""Settings of ingest. Prefix of the variables: FLOORWATCH_."""

from typing import Annotated

from pydantic import Field, SecretStr

from services.runtime.settings import CommonSettings, Port


class IngestSettings(CommonSettings):
    """How events come in and go out."""

    ingest_port: Port = 8101
    ingest_keys: SecretStr = Field(
        default=SecretStr(""),
        description="API keys that may POST events, comma-separated, beside those that administrators make",
    )
    ingest_max_body_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 4 * 1024 * 1024
    ingest_body_wait_s: Annotated[float, Field(gt=0, le=600)] = Field(
        default=20.0, description="how long the body of a POST may take to arrive"
    )
    ingest_rate_per_s: Annotated[float, Field(gt=0)] = Field(
        default=50_000, description="events a second that one API key may send, on the average of some seconds"
    )
    ingest_in_flight: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=64, description="POSTs that may wait for Kafka at once; further ones are answered 429"
    )
    ingest_kafka_wait_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=5.0, description="how long a POST waits for Kafka before it is answered 503"
    )
    ingest_ahead_s: Annotated[float, Field(ge=0, le=86_400)] = Field(
        default=300.0, description="an event further ahead of this machine's clock is refused"
    )
    ingest_silent_after_s: Annotated[float, Field(gt=0)] = Field(
        default=900.0, description="a feed that has not POSTed for so long gets no heartbeats: its silence must show"
    )
    ingest_heartbeat_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    ingest_linger_ms: Annotated[float, Field(ge=0, le=1000)] = 10.0
    ingest_batch_events: Annotated[int, Field(ge=1, le=5000)] = 500
    ingest_backlog_events: Annotated[int, Field(ge=1000, le=5_000_000)] = Field(
        default=40_000, description="events that wait for Kafka at most; then sources wait"
    )
    pseudonym_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="key of the hash that hides customers; without it one is made and kept in the state folder",
    )
