"""What the routes are given: the hub and its neighbours, and the session of who asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from services.api.accounts import Accounts
from services.api.domain.access import Sight, sight_of
from services.api.domain.answers import FeedPartition, Problem, Session
from services.api.domain.audience import Seat, Wire
from services.api.domain.board import Board
from services.api.domain.letters import Letters, Wanted
from services.api.domain.traffic import Traffic
from services.api.evidence import Reading
from services.api.floor import Descriptions
from services.api.forecasts import Forecasts
from services.api.guard import SAFE, Guard
from services.api.passwords import Passwords
from services.api.pen import LogAwayError
from services.api.settings import ApiSettings
from services.api.staff_log import StaffLog
from services.api.store import Store
from services.api.throttle import Throttle
from services.contracts.backtest import BacktestOrder
from services.contracts.contingency import PlanStep
from services.contracts.desk import AnyCommand, Outcome
from services.contracts.events import ContactEvent
from services.contracts.socket import FeedView, Filters, Resume
from services.runtime.logs import get_logger


class LiveState(Protocol):
    """What the routes ask of the hub."""

    server: str
    board: Board
    filled: bool

    @property
    def unready(self) -> dict[str, str]:
        """Name of what fails → why nobody should be sent here yet; empty when ready."""

    def feeds(self) -> tuple[FeedView, ...]:
        """Feeds with their age at this moment."""

    def feed_partitions(self) -> tuple[FeedPartition, ...]:
        """The same, partition by partition."""

    async def first_filling(self) -> None:
        """Wait until there is something to show."""

    def watch(self, wire: Wire, sight: Sight, resume: Resume | None) -> Seat:
        """Answer a socket's subscription and keep it up to date until `leave`."""

    def leave(self, seat: Seat) -> None:
        """The socket is gone, or subscribes anew."""

    def has_room(self, seat: Seat) -> None:
        """A socket that was full takes messages again."""


class LogReader(Protocol):
    """What the routes ask of the log."""

    async def read(self, queue: str, first: int, last: int, feed: Callable[[int, list[ContactEvent]], None]) -> Reading:
        """Feed every record of a queue's partition from offset `first` (−1: the oldest) to `last`, both included.

        Raises:
            LogAwayError: the log can't be read now.
        """


class BacktestRunner(Protocol):
    """What the routes ask of whoever runs rules over what was recorded."""

    async def run(self, order: BacktestOrder) -> bytes:
        """A Backtest, as JSON. Cancelled, it is ended.

        Raises:
            BusyError: another one runs.
            TooLongError: it took too long, and was ended.
            BacktestFailedError: it could not be done.
        """


class LetterReader(Protocol):
    """What the routes ask of the dead-letter topic, and of what came in lately. Both raise LogAwayError."""

    async def page(self, wanted: Wanted, *, before: int | None, limit: int) -> Letters:
        """The newest letters that fit, of those before an offset."""

    async def traffic(self, minutes: int) -> Traffic:
        """Events and letters of the last minutes, by source and site."""


class PlanStepReader(Protocol):
    """What the routes ask of the journal about a plan."""

    async def steps(self, plan: str) -> tuple[list[PlanStep], bool]:
        """Its steps, oldest first, and whether those are all. Raises LogAwayError."""


class DeskDoor(Protocol):
    """What the routes ask of the way to the desk."""

    async def submit(self, command: AnyCommand) -> Outcome | None:
        """Send a command and wait for its outcome. None: the desk takes its time.

        Raises:
            LogAwayError: Kafka does not take it.
            OtherOrderError: the id was used for another command.
        """

    async def known(self, command_id: str) -> Outcome | AnyCommand | None:
        """The outcome of a command; the command itself while it has none; None where nobody knows of it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a route may use."""

    settings: ApiSettings
    store: Store
    hub: LiveState
    evidence: LogReader
    staff_log: StaffLog
    backtests: BacktestRunner
    door: DeskDoor
    guard: Guard
    accounts: Accounts
    passwords: Passwords
    throttle: Throttle
    letters: LetterReader
    plan_journal: PlanStepReader
    floor: Descriptions
    forecasts: Forecasts
    telemetry: Callable[[], bytes]

    @staticmethod
    def say(event: str, **about: str) -> None:
        """Into the process's log."""
        get_logger().info(event, **about)


class Refusal(Exception):  # noqa: N818  # an answer, not a failure
    """An answer other than 200: status and problem."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.problem = Problem(code=code, message=message)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def parts_of(connection: HTTPConnection) -> Parts:
    """The parts of the running app."""
    parts: Parts = connection.app.state.parts
    return parts


def log_away(error: LogAwayError, *, retry_after: str = "1") -> Refusal:
    """The log can't be read now."""
    return Refusal(503, "log_away", f"Kafka does not answer ({error}). Ask again.", retry_after=retry_after)


def needs_accounts(parts: Parts) -> None:
    """Raises Refusal (503) until accounts have been read."""
    if not parts.accounts.known:
        raise Refusal(503, "not_ready", "Accounts have not been read from Kafka yet. Ask again.", retry_after="1")


def slow_down(parts: Parts, what: str, *whom: str) -> None:
    """Raises Refusal (429) where something is asked too often."""
    seconds = parts.throttle.too_often(what, *whom)
    if seconds is not None:
        raise too_often(seconds)


def too_often(seconds: int) -> Refusal:
    """Somebody must wait."""
    return Refusal(429, "too_often", f"That was too often. Ask again in {seconds} s.", retry_after=str(seconds))


def _session(request: Request) -> Session:
    parts = parts_of(request)
    if not parts.guard.is_open:
        needs_accounts(parts)
    session = parts.guard.session_of(request)
    if session is None:
        message = "Sign in first: with name and password at /sign-in, or by a link. Programs send a key."
        raise Refusal(401, "not_signed_in", message)
    if not parts.guard.is_open:
        slow_down(parts, "requests", parts.guard.whom(request))
    if session.scopes is not None and "read" not in session.scopes and request.method in SAFE:
        raise Refusal(403, "not_allowed", "This key is not for looking: it lacks the scope `read`.")
    return session


def _filled(request: Request) -> Parts:
    parts = parts_of(request)
    if not parts.hub.filled:
        raise Refusal(503, "not_ready", "Nothing has been read from Redis yet. Ask again in a second.", retry_after="1")
    return parts


def _sight(session: "SignedIn") -> Sight:
    return sight_of(session, Filters())


AllParts = Annotated[Parts, Depends(parts_of)]
FilledParts = Annotated[Parts, Depends(_filled)]
SignedIn = Annotated[Session, Depends(_session)]
Seen = Annotated[Sight, Depends(_sight)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Error answers of a route, for OpenAPI."""
    return {status: {"model": Problem} for status in statuses}
