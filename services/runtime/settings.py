"""Settings that every service shares, read from the environment and checked before anything starts."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.contracts.names import DEFAULT_NAMESPACE, Names

Port = Annotated[int, Field(ge=1, le=65_535)]


class CommonSettings(BaseSettings):
    """Where the log and Redis are, and how this process presents itself. Prefix of the variables: FLOORWATCH_."""

    model_config = SettingsConfigDict(env_prefix="FLOORWATCH_", extra="ignore", frozen=True)

    kafka_bootstrap_servers: str = Field(
        default="127.0.0.1:19092",
        validation_alias=AliasChoices("KAFKA_BOOTSTRAP_SERVERS", "FLOORWATCH_KAFKA_BOOTSTRAP_SERVERS"),
        description="host:port,host:port of a Kafka 3.7 or later",
    )
    redis_url: str = Field(
        default="redis://127.0.0.1:16379/0",
        validation_alias=AliasChoices("REDIS_URL", "FLOORWATCH_REDIS_URL"),
        description="redis://host:port/db",
    )
    namespace: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9\-]{0,39}$")] = DEFAULT_NAMESPACE
    partitions: Annotated[int, Field(ge=1, le=256)] = 4
    replication: Annotated[int, Field(ge=1, le=9)] = 1
    state_dir: Path = Path(".floorwatch")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    host: str = Field(default="127.0.0.1", description="address to listen on")
    parent_pid: int | None = Field(default=None, description="end when this process is gone")

    @property
    def names(self) -> Names:
        """Topics and keys of this installation."""
        return Names(self.namespace)


Settings = TypeVar("Settings", bound=BaseSettings)


def load(kind: type[Settings], **overrides: Any) -> Settings:
    """Read settings, or end the process with one line per wrong variable, its value and what is allowed.

    Raises:
        SystemExit: code 2, when a variable is wrong.
    """
    try:
        return kind(**overrides)
    except ValidationError as error:
        prefix = str(kind.model_config.get("env_prefix", ""))
        for problem in error.errors():
            name = str(problem["loc"][0])
            variable = name if name.isupper() else f"{prefix}{name.upper()}"
            print(f"{variable}={problem['input']!r}: {problem['msg']}", file=sys.stderr)  # noqa: T201  # before logging is set up
        raise SystemExit(2) from None


class StreamSettings(CommonSettings):
    """What the two Faust services share. Prefix of the variables: FLOORWATCH_."""

    session_timeout_s: Annotated[float, Field(ge=0.5, le=300)] = Field(
        default=6.0,
        description="how long Kafka waits for a silent worker before its partitions go to another; "
        "not under the broker's group.min.session.timeout.ms",
    )
    rebalance_timeout_s: Annotated[float, Field(ge=1, le=300)] = 10.0
    group_instance_id: str | None = Field(
        default=None, description="static membership: a name of this worker that survives its restart"
    )
    checkpoint_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=0.3, description="least seconds between two checkpoints"
    )
    flush_s: Annotated[float, Field(gt=0, le=10)] = Field(
        default=0.02, description="least seconds between two publications of what changed"
    )
    join_within_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60.0, description="a worker that is no member of its group by then ends"
    )
    stuck_s: Annotated[float, Field(ge=5, le=3600)] = Field(
        default=30.0, description="a worker that gets on no more for so long, though Kafka answers, ends"
    )

    @property
    def heartbeat_s(self) -> float:
        """A sixth of the session: Kafka's advice is less than a third."""
        return self.session_timeout_s / 6
