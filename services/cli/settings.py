"""Settings of the launcher. Prefix of the variables: FLOORWATCH_."""

from typing import Annotated

from pydantic import Field, SecretStr

from services.runtime.settings import CommonSettings, Port


class LauncherSettings(CommonSettings):
    """Where an installation listens and lives. What is not given is chosen, made or started by the launcher."""

    kafka_port: Port = Field(default=19_092, description="port of the Kafka that the launcher brings along")
    kafka_controller_port: Port = Field(default=19_093, description="port of its controller")
    redis_port: Port = Field(default=16_379, description="port of the Redis server that the launcher brings along")
    api_port: Port = 8100
    ingest_port: Port = 8101
    metrics_port: Port = 8102
    alerts_port: Port = 8103
    secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    ingest_keys: SecretStr | None = None

    @property
    def reach(self) -> str:
        """Where this machine reaches the services, as part of a URL: the address that they listen on."""
        if self.host in ("0.0.0.0", "::", "localhost"):  # noqa: S104  # compared, not listened on
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def own_kafka(self) -> bool:
        """Whether Kafka is ours to start: the user named none."""
        return "kafka_bootstrap_servers" not in self.model_fields_set

    @property
    def own_redis(self) -> bool:
        """Whether Redis is ours to start: the user named none."""
        return "redis_url" not in self.model_fields_set

    @property
    def kafka_address(self) -> str:
        """Bootstrap servers for everyone."""
        return f"127.0.0.1:{self.kafka_port}" if self.own_kafka else self.kafka_bootstrap_servers

    @property
    def redis_address(self) -> str:
        """Redis URL for everyone."""
        return f"redis://127.0.0.1:{self.redis_port}/0" if self.own_redis else self.redis_url
