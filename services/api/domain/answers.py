"""Bodies of the REST answers that are not already contracts: half-hours of a day, catalogue, session, problems."""

from typing import Literal

from pydantic import Field

from services.api.domain.reports import FlowFigures
from services.contracts.alerts import Alert, AlertTransition
from services.contracts.definitions import Counts, DefinitionName
from services.contracts.metrics import Details, IvrCounts, Status
from services.contracts.people import KeyScope, Language, Role
from services.contracts.socket import FeedView, Freshness, Ratios, TileView
from services.contracts.topology import Contract

DayLevel = Literal["queue", "site", "region", "all", "flow"]


class RepeatCalls(Contract):
    """Contacts whose customer had called the same queue in the N days before. Keys are N."""

    known: int = Field(description="contacts whose customer is known")
    repeats: dict[int, int]
    repeat_rate: dict[int, float | None]
    first_contact_resolution: dict[int, float | None]


class HalfHour(Contract):
    """One clock half-hour of a scope. `by_threshold` has the T (seconds) that all its queues count.

    `target_counts` adds each queue's counts at its own target T. Times are epoch ms; for `all` the half-hours of each
    site's own day are added by their local time, and `start` and `end` are those of the newest one.
    """

    start: int
    end: int
    label: str = Field(description="local time of start, HH:MM")
    status: Status
    target_counts: Counts
    target_ratios: Ratios
    by_threshold: dict[int, Counts]
    ratios: dict[int, Ratios]
    revision: int | None = Field(default=None, description="of a queue: the newest log record in it")
    details: Details = Details()
    mean_length: float | None = Field(default=None, description="time-weighted mean queue length")
    response_rate: float | None = Field(default=None, description="dealt with within the response-time objective")
    repeats: RepeatCalls | None = Field(default=None, description="None: no customer is known")


class IvrHalfHour(Contract):
    """One clock half-hour of a voice menu, or of several added up. Times are epoch ms."""

    start: int
    end: int
    label: str = Field(description="local time of start, HH:MM")
    status: Status
    counts: IvrCounts
    figures: FlowFigures


class HalfHourExpected(Contract):
    """What is expected of one local half-hour of a scope.

    Of several queues contacts and agents are added up, and AHT is weighted by contacts; both are None where nobody said
    so of a queue that is expected to have contacts.
    """

    start: int
    label: str = Field(description="local time of start, HH:MM")
    contacts: float = Field(description="contacts offered")
    aht_s: float | None
    required: float | None = Field(description="agents required")


class Forecast(Contract):
    """The forecast of one local day of a queue or of several, as far as there is one."""

    scope: str
    date: str
    version: int | None = Field(description="of a queue; None: there is no forecast, or it is of several")
    half_hours: tuple[HalfHourExpected, ...]
    missing: tuple[str, ...] = Field(description="queues of it that have no forecast for this day")


class Day(Contract):
    """The half-hours of one local day of a queue, site, flow, or of all, as far as they have contacts."""

    scope: str
    level: DayLevel
    date: str
    definition: DefinitionName = Field(default="offered", description="that all its queues use, else the default")
    intervals: tuple[HalfHour, ...]
    repeats: RepeatCalls | None = Field(default=None, description="of the whole day")
    forecast: Forecast | None = Field(default=None, description="None: forecasts have not been read from Kafka yet")
    ivr: tuple[IvrHalfHour, ...]


class DefinitionView(Contract):
    """One way to compute a service level, for people."""

    name: DefinitionName
    formula: str
    formula_zh: str
    source: str


SignedInBy = Literal["open", "link", "password", "device", "key"]


class Session(Contract):
    """Who is looking. `open`: no sign-in is configured, and only this machine can look.

    Teams alone limit the sites as well, to those of the teams.
    """

    mode: Literal["open", "signed_in"]
    role: Role
    sites: tuple[str, ...] | None = Field(description="None: all sites")
    teams: tuple[str, ...] | None = Field(default=None, description="site/team; None: all teams")
    name: str = Field(default="", description="whom the journal names")
    by: SignedInBy = Field(default="link", description="how they came in; a device is a wall")
    account: bool = Field(default=False, description="a person with an account, who may have a password")
    fresh: bool = Field(default=False, description="came by a link of the account: may set a password without the old")
    language: Language | None = Field(default=None, description="the account's; None: the browser's")
    scopes: tuple[KeyScope, ...] | None = Field(default=None, description="of a key; None: all that the role may do")


class Build(Contract):
    """Which build of the pages is served: a page of another one loads itself anew when nobody works on it."""

    build: str = Field(description="empty: the pages are not built, or by something that does not say")


class Tiles(Contract):
    """Tiles as of board position `seq` of this server's `epoch`."""

    epoch: str
    seq: int
    tiles: tuple[TileView, ...]


class Alerts(Contract):
    """Alerts that are not inactive, and the last resolved ones."""

    alerts: tuple[Alert, ...]


class AlertHistory(Contract):
    """Transitions, newest first."""

    transitions: tuple[AlertTransition, ...]


class FeedPartition(Contract):
    """A feed's clock on one partition of one topic: the watermark of what is counted there."""

    source: str
    site: str
    topic: str
    partition: int
    at: int
    freshness: Freshness
    age_s: float


class Feeds(Contract):
    """Feed clocks and their freshness. A feed is as far and as fresh as the slowest of its partitions."""

    feeds: tuple[FeedView, ...]
    partitions: tuple[FeedPartition, ...] = ()


class Definitions(Contract):
    """The catalogue."""

    definitions: tuple[DefinitionView, ...]


class Problem(Contract):
    """Why there is no answer: `code` for programs, `message` for people; it says what to do."""

    code: str
    message: str


class Alive(Contract):
    """The process answers."""

    live: Literal[True] = True


class Health(Contract):
    """Whether the service is ready, and if not, why: name of each check that fails → reason, for people."""

    ready: bool
    reasons: dict[str, str]
