"""Settings of the metrics service. Prefix of the variables: FLOORWATCH_."""

from typing import Annotated

from pydantic import Field

from services.metrics.domain.clocks import Horizons
from services.runtime.settings import Port, StreamSettings

_HOUR_MS = 3600 * 1000


class MetricsSettings(StreamSettings):
    """See services/runtime/settings.py for what all services share."""

    metrics_port: Port = 8102
    metrics_lateness_min: Annotated[float, Field(ge=0, le=24 * 60)] = Field(
        default=10, description="minutes of feed time after its end until a half-hour is final"
    )
    metrics_horizon_h: Annotated[float, Field(ge=26, le=24 * 31)] = Field(
        default=26,
        description="hours of feed time in which a late event still corrects its half-hour; at least the longest "
        "threshold (24 h) and the rolling half-hour after it",
    )

    metrics_silent_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=30,
        description="a feed without a heartbeat for so long is silent: what its agents do is unknown from then on",
    )

    metrics_repeat_days: Annotated[
        tuple[Annotated[int, Field(ge=1, le=31)], ...], Field(min_length=1, max_length=5)
    ] = Field(
        default=(1, 7),
        description="a customer's next contact of a queue within so many days is a repeat; JSON, such as [1, 7]",
    )

    @property
    def horizons(self) -> Horizons:
        """The same for the domain."""
        return Horizons(
            lateness_ms=round(self.metrics_lateness_min * 60_000),
            horizon_ms=round(self.metrics_horizon_h * _HOUR_MS),
            silent_ms=round(self.metrics_silent_s * 1000),
            repeat_days=self.metrics_repeat_days,
        )
