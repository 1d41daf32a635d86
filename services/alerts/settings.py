"""Settings of the alerts service. Prefix of the variables: FLOORWATCH_."""

from pathlib import Path

from pydantic import Field

from services.runtime.settings import Port, StreamSettings


class AlertsSettings(StreamSettings):
    """See services/runtime/settings.py for what all services share."""

    alerts_port: Port = 8103
    rules_file: Path | None = Field(default=None, description="YAML file of rules; without it the shipped ones")
    plans_file: Path | None = Field(
        default=None,
        description="YAML file of contingency plans; those that were never there are put at the start",
    )
    channels_file: Path | None = Field(
        default=None, description="YAML file of notification channels and routes; without it nobody is told"
    )
