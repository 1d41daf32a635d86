"""Settings of the API service, read from the environment."""

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from services.runtime.settings import CommonSettings, Port


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address to listen on."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class ApiSettings(CommonSettings):
    """Port, sign-in, pages and patience of the API. Prefix of the variables: FLOORWATCH_."""

    model_config = SettingsConfigDict(env_prefix="FLOORWATCH_", extra="ignore", frozen=True)

    api_port: Port = 8100
    ingest_port: Port = Field(default=8101, description="of the ingest service, which the first steps tell")
    ingest_address: str = Field(
        default="", description="where programs send events, if not to this host and FLOORWATCH_INGEST_PORT"
    )
    pages_dir: Path = Field(default=Path("dashboard/dist"), description="the built pages")
    secret: Annotated[str, Field(min_length=16)] | None = Field(
        default=None,
        description="signs the session cookies; without it nobody signs in, and only this machine can look",
    )
    session_hours: Annotated[float, Field(gt=0, le=24 * 90)] = 24.0 * 30
    allowed_hosts: str = Field(default="", description="more names under which browsers reach the API, by comma")
    stale_after_s: Annotated[float, Field(gt=0)] = 3.0
    no_feed_after_s: Annotated[float, Field(gt=0, validate_default=True)] = 30.0
    flush_ms: Annotated[int, Field(ge=1, le=1000)] = Field(default=25, description="shortest time between two updates")
    slow_socket_s: Annotated[float, Field(gt=0)] = Field(
        default=15.0, description="a socket that takes nothing for so long although there is something is dropped"
    )
    subscribe_within_s: Annotated[float, Field(gt=0)] = 30.0
    check_every_s: Annotated[float, Field(gt=0)] = Field(
        default=5.0, description="how often topology, trimmed alerts and the fill marks of Redis are looked at"
    )

    answer_within_s: Annotated[float, Field(gt=0, le=60)] = Field(
        default=5.0, description="how long a command waits for the desk before it is answered with 202"
    )
    evidence_mb: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=100, description="so much of the log is read at most to prove one number"
    )

    metrics_silent_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=30,
        description="as metrics takes it: what agents of a feed without a heartbeat for so long do is unknown",
    )
    backtest_within_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60.0, description="so long rules are run over what was recorded, at most"
    )

    requests_per_minute: Annotated[int, Field(ge=1)] = Field(default=1200, description="of one session or key")
    attempts_per_minute: Annotated[int, Field(ge=1)] = Field(
        default=5, description="to sign in with one name; four times as many may fail from one address"
    )

    @field_validator("no_feed_after_s")
    @classmethod
    def _stale_comes_first(cls, value: float, others: ValidationInfo) -> float:
        if value < others.data.get("stale_after_s", 0):
            raise ValueError("must not be less than FLOORWATCH_STALE_AFTER_S")
        return value

    @field_validator("secret")
    @classmethod
    def _open_only_on_this_machine(cls, value: str | None, others: ValidationInfo) -> str | None:
        host = others.data.get("host", "")
        if value is None and not is_loopback(host):
            raise ValueError(
                f"FLOORWATCH_HOST={host} can be reached from other machines, so people have to sign in: "
                "set FLOORWATCH_SECRET to 16 or more random characters, or FLOORWATCH_HOST to 127.0.0.1"
            )
        return value

    @property
    def host_names(self) -> frozenset[str] | None:
        """Host names that a request may carry; None: any (listening beyond loopback without a list)."""
        named = {name.strip().lower() for name in self.allowed_hosts.split(",") if name.strip()}
        if not named and not is_loopback(self.host):
            return None
        return frozenset({"localhost", "127.0.0.1", "::1", self.host.strip("[]").lower()} | named)
