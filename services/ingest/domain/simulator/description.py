"""The small pieces of a floor description: durations, arrivals, voice menus, shifts, peaks.

Everything is validated; an unknown field is an error. Times of day are local to the site, `HH:MM`.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from services.contracts.topology import Contract, Id, Text

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HALF_HOURS = 48
DAY_MIN = 24 * 60

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


def _minute_of_day(text: object) -> object:
    """'07:30' → 450. YAML reads an unquoted 07:30 as a base-60 number in some versions, hence the hint."""
    if not isinstance(text, str):
        raise ValueError('write a time of day in quotes, such as "07:30"')  # noqa: TRY004  # pydantic needs it
    hour, colon, minute = text.partition(":")
    if not (colon and hour.isdigit() and minute.isdigit() and len(minute) == 2):
        raise ValueError(f'{text!r} is no time of day such as "07:30"')
    value = int(hour) * 60 + int(minute)
    if value > DAY_MIN or int(minute) > 59:
        raise ValueError(f'{text!r} is no time of day between "00:00" and "24:00"')
    return value


def _as_text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


MinuteOfDay = Annotated[int, BeforeValidator(_minute_of_day), PlainSerializer(_as_text, return_type=str)]


def sums_to_one(what: str, shares: list[float]) -> None:
    """Refuse shares that leave someone out or count someone twice.

    Raises:
        ValueError: naming `what`.
    """
    if abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"the shares of {what} add up to {sum(shares):g}, not to 1")


class Duration(Contract):
    """A random time: its mean and its coefficient of variation (standard deviation ÷ mean; lognormal only)."""

    mean_s: Annotated[float, Field(ge=0, le=86_400)]
    shape: Literal["lognormal", "exponential", "fixed"] = "lognormal"
    cv: Annotated[float, Field(gt=0, le=20)] = 1.0


NO_TIME = Duration(mean_s=0, shape="fixed")


def _forty_eight(profile: object) -> object:
    if isinstance(profile, tuple):
        if len(profile) != HALF_HOURS:
            raise ValueError(f"a profile has 48 half-hours, this one has {len(profile)}")
        if not sum(profile) > 0:
            raise ValueError("a profile needs at least one half-hour above 0")
    return profile


Profile = Annotated[
    Literal["anonymous_bank", "flat"] | tuple[Weight, ...],
    AfterValidator(_forty_eight),
    Field(description="shape of the day: a known one, or the weights of the 48 local half-hours"),
]


class Arrivals(Contract):
    """Poisson arrivals: `per_day` on a weekday of factor 1, spread over the local day by `profile`."""

    per_day: Positive
    profile: Profile = "anonymous_bank"
    weekdays: dict[Weekday, Weight] = Field(default_factory=dict, description="factors; 1 where not given")

    @model_validator(mode="after")
    def _some_day_is_open(self) -> Self:
        if not any(self.weekdays.get(day, 1.0) > 0 for day in WEEKDAYS):
            raise ValueError("weekdays: at least one day needs a factor above 0")
        return self


class MenuNode(Contract):
    """A step of a voice menu: the caller listens for `time`, then is served, hangs up, or goes on.

    A share `hang_up` leaves somewhere in it; of the others a share `self_service` has what it wanted and is contained;
    the rest goes to `queue`, or on by `choices`. While listening, a share `invalid` presses what is no choice, and a
    share `timeouts` nothing in time; they are asked again.
    """

    node: Id
    name: Text | None = None
    time: Duration
    share: Share = Field(default=1.0, description="of the callers of the node above")
    hang_up: Share = 0.0
    self_service: Share = 0.0
    invalid: Share = 0.0
    timeouts: Share = 0.0
    queue: Id | None = None
    choices: tuple["MenuNode", ...] = ()

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.queue is not None and self.choices:
            raise ValueError(f"node {self.node!r} leads to a queue and has choices: give one of them")
        if self.choices:
            sums_to_one(f"the choices of node {self.node!r}", [choice.share for choice in self.choices])
        elif self.queue is None and self.self_service < 1:
            raise ValueError(f"node {self.node!r} leads nowhere: give it a queue, choices, or self_service: 1")
        return self

    def nodes(self) -> list["MenuNode"]:
        """This node and all below it."""
        return [self, *(below for choice in self.choices for below in choice.nodes())]


class Break(Contract):
    """A planned pause. It starts when the contact in hand is finished and lasts `minutes` from then on."""

    at: MinuteOfDay
    minutes: Annotated[int, Field(gt=0, le=240)]
    reason: Id = "break"
    stagger_min: Annotated[int, Field(ge=0, le=120)] = Field(
        default=0, description="agents of a group leave one after another, over this many minutes"
    )


class Shift(Contract):
    """A working day. `start` = `end`: round the clock, nobody signs off; `end` before `start`: the next day's."""

    start: MinuteOfDay
    end: MinuteOfDay
    weekdays: tuple[Weekday, ...] = WEEKDAYS
    breaks: tuple[Break, ...] = ()
    punctuality_s: Annotated[float, Field(ge=0, le=1800)] = Field(
        default=0.0, description="standard deviation of each planned change"
    )

    @property
    def round_the_clock(self) -> bool:
        """Nobody signs off."""
        return self.start == self.end

    @property
    def length_min(self) -> int:
        """Minutes from start to end."""
        return (self.end - self.start) % DAY_MIN

    @model_validator(mode="after")
    def _breaks_lie_inside(self) -> Self:
        if not self.weekdays:
            raise ValueError("weekdays: at least one day")
        if self.round_the_clock and self.breaks:
            raise ValueError("breaks: a shift round the clock (start = end) has none")
        for index, pause in enumerate(self.breaks):
            if (pause.at - self.start) % DAY_MIN + pause.stagger_min + pause.minutes > self.length_min:
                raise ValueError(f"breaks.{index} does not lie within the shift")
        return self


class Daily(Contract):
    """From one local time to another, each day."""

    start: MinuteOfDay
    end: MinuteOfDay

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must lie after start")
        return self


class Repeating(Contract):
    """For `for_min` minutes, `after_min` after the simulation's start, and again every `every_min`."""

    after_min: Weight
    for_min: Positive
    every_min: Positive

    @model_validator(mode="after")
    def _shorter_than_its_period(self) -> Self:
        if self.for_min >= self.every_min:
            raise ValueError("for_min must be shorter than every_min")
        return self


class Peak(Contract):
    """More contacts for a while: arrivals × `multiplier`, of the whole site or of the queues and flows named."""

    multiplier: Positive
    daily: Daily | None = None
    repeating: Repeating | None = None
    only: tuple[Id, ...] = ()

    @model_validator(mode="after")
    def _one_span(self) -> Self:
        if (self.daily is None) == (self.repeating is None):
            raise ValueError("give one of daily and repeating")
        return self
