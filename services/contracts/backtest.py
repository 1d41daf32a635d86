"""When rules would have fired, had they been on: what is asked, and the answer."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from services.contracts.alerts import RuleFile
from services.contracts.topology import Contract

BacktestSource = Literal["intervals", "tiles"]
"""Half-hours, as long as the log is; or tiles, to the moment, of the last day."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01, after which nothing is counted."""
MOST_FIRINGS = 1_000_000


class BacktestOrder(RuleFile):
    """Rules to be run over a span of recorded time, [start, end) in epoch ms by the feed's clock."""

    start: Annotated[int, Field(ge=0, le=LATEST_MS)]
    end: Annotated[int, Field(ge=0, le=LATEST_MS)]
    source: BacktestSource = "intervals"
    most_firings: Annotated[int, Field(ge=1, le=MOST_FIRINGS)] = Field(
        default=1000, description="so many of each rule are listed; all are counted"
    )

    @field_validator("end")
    @classmethod
    def _after_start(cls, value: int, others: ValidationInfo) -> int:
        if value <= others.data.get("start", -1):
            raise ValueError("must lie after start")
        return value


class Firing(Contract):
    """One time that a rule would have fired. Times are epoch ms of the scope's clock; `end` None: it still did."""

    scope: str
    start: int
    end: int | None
    value: float | None = Field(description="when it began to fire")


class RuleResult(Contract):
    """What a rule would have done. `left_out`: why it could not be tested; then nothing is known of it."""

    rule: str
    left_out: str = ""
    firings: tuple[Firing, ...] = Field(default=(), description="by start; the first `most_firings` of them")
    times: int = Field(default=0, description="how often it fired, of all scopes together")
    per_day: float = 0
    fired_s: float = Field(default=0, description="seconds of firing, of all scopes together")
    longest_s: float = 0


class Backtest(Contract):
    """Rules over a span of recorded time, [start, end) in epoch ms."""

    start: int
    end: int
    until: int = Field(description="to here anything was recorded, or to the end; what still fired is counted to here")
    source: BacktestSource
    rules: tuple[RuleResult, ...]
