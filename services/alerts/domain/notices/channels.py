"""The file of channels and routes. Secrets are named (an environment variable or a file), never written in it."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from services.contracts.alerts import Clock, Severity, Weekday
from services.contracts.notify import ChannelView, Language, NoticeEvent
from services.contracts.people import Role
from services.contracts.topology import Contract, Id, Timezone
from services.contracts.yaml_file import parse_yaml

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Path = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=160)]
Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]
_INLINE = ("password", "secret", "token")


class QuietHours(Contract):
    """When a channel is not to be disturbed. `end` before `start` runs over midnight, and belongs to the day it began.

    What comes in between is held until the end; an alert that is over by then is not told at all. `drop`: it is never
    told. Critical ones pass unless `critical_passes` is false.
    """

    start: Clock
    end: Clock
    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    timezone: Timezone
    critical_passes: bool = True
    then: Literal["hold", "drop"] = "hold"


class Retry(Contract):
    """After a refusal for now: `first_s` later, then twice as long each time up to `most_s`, with some chance in it."""

    first_s: Annotated[float, Field(gt=0, le=3600)] = 2
    most_s: Annotated[float, Field(gt=0, le=86_400)] = 300
    give_up_after_s: Annotated[float, Field(gt=0, le=7 * 86_400)] = 3600


class _Channel(Contract):
    """What every kind of channel has. Its reader's language and quiet hours are its own."""

    id: Id
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    language: Language = "en"
    quiet_hours: QuietHours | None = None
    retry: Retry = Retry()
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 10

    @model_validator(mode="before")
    @classmethod
    def _no_secret_in_the_file(cls, content: Any) -> Any:
        for field in _INLINE:
            if isinstance(content, dict) and field in content:
                raise ValueError(
                    f"{field}: a secret is not written here: name where it stands with {field}_env or {field}_file"
                )
        return content

    @property
    def secret_fields(self) -> tuple[str, ...]:
        """Names of the secrets that it needs, without `_env` and `_file`."""
        return tuple(
            name
            for name in ("url", "secret", "password")
            if getattr(self, f"{name}_env", None) or getattr(self, f"{name}_file", None)
        )


class Webhook(_Channel):
    """POST of JSON, signed with `secret`. The address is written as `url`, or named if it is a secret itself."""

    kind: Literal["webhook"]
    url: Annotated[str, StringConstraints(max_length=2000)] = ""
    url_env: Variable | None = None
    url_file: Path | None = None
    secret_env: Variable | None = None
    secret_file: Path | None = None

    @model_validator(mode="after")
    def _one_address_one_secret(self) -> Self:
        _one_of(self, "url", "url_env", "url_file")
        _one_of(self, "secret_env", "secret_file")
        if self.url and (fault := web_fault(self.url)):
            raise ValueError(f"url: {fault}")
        return self


class Email(_Channel):
    """E-mail over one SMTP server."""

    kind: Literal["email"]
    server: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Annotated[str, StringConstraints(max_length=254)] = ""
    password_env: Variable | None = None
    password_file: Path | None = None
    sender: Address
    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _password_goes_with_a_name(self) -> Self:
        if self.username:
            _one_of(self, "password_env", "password_file")
            if self.security == "none" and self.server not in {"127.0.0.1", "::1", "localhost"}:
                raise ValueError("security: a password is not sent in the clear: starttls or tls")
        elif self.password_env or self.password_file:
            raise ValueError("username: needed beside the password")
        return self


class Chat(_Channel):
    """A chat room, through Apprise: WeCom, DingTalk, Feishu, Slack, Teams and others. Its address holds the token."""

    kind: Literal["chat"]
    url_env: Variable | None = None
    url_file: Path | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        _one_of(self, "url_env", "url_file")
        return self


ChannelSettings = Annotated[Webhook | Email | Chat, Field(discriminator="kind")]


class Route(Contract):
    """What a channel is told: all that is named must fit; what is not named fits everything.

    An adherence alert is for its team's lead alone: it goes only where `teams` names the team.
    """

    channel: Id
    roles: tuple[Role, ...] = ()
    sites: tuple[Glob, ...] = ()
    teams: tuple[Glob, ...] = ()
    severities: tuple[Severity, ...] = ()
    rules: tuple[Glob, ...] = ()
    events: tuple[NoticeEvent, ...] = ()


class ChannelFile(Contract):
    """Channels and routes of an installation. `public_url`: what links in messages begin with."""

    public_url: Annotated[str, StringConstraints(max_length=500)] = ""
    group_wait_s: Annotated[float, Field(ge=0, le=60)] = 3
    channels: Annotated[tuple[ChannelSettings, ...], Field(max_length=200)] = ()
    routes: Annotated[tuple[Route, ...], Field(max_length=1000)] = ()

    @model_validator(mode="after")
    def _routes_lead_somewhere(self) -> Self:
        ids = [channel.id for channel in self.channels]
        if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
            raise ValueError(f"channels: id {twice[0]!r} is given twice")
        for number, route in enumerate(self.routes):
            if route.channel not in ids:
                raise ValueError(f"routes[{number}].channel: there is no channel {route.channel!r}")
        if self.public_url and (fault := web_fault(self.public_url)):
            raise ValueError(f"public_url: {fault}")
        return self

    def channel(self, id_: str) -> Webhook | Email | Chat | None:
        """The channel of an id."""
        return next((channel for channel in self.channels if channel.id == id_), None)


def parse_channels(text: str, name: str) -> ChannelFile:
    """Channels of a YAML text.

    Raises:
        FileFaultsError: with a line per fault, such as `channels.yaml: channels[0] (pbx).url: …`.
    """
    return parse_yaml(text, name, ChannelFile, empty={})


def web_fault(url: str) -> str | None:
    """Why something is no address of a web server; it is not repeated, as it may hold a secret."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "this is no web address"
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return "this is no web address: http://… or https://…"
    return "no name and password in the address" if parts.username or parts.password else None


def view_of(channel: Webhook | Email | Chat, address: str, routes: tuple[Route, ...]) -> ChannelView:
    """What may be seen of a channel."""
    quiet = channel.quiet_hours
    hours = "" if quiet is None else f"{quiet.start}–{quiet.end} {quiet.timezone}"
    told = tuple(_in_words(route) for route in routes if route.channel == channel.id)
    return ChannelView(
        id=channel.id, of=channel.kind, name=channel.name, language=channel.language, address=address, quiet=hours,
        routes=told,
    )  # fmt: skip


def _in_words(route: Route) -> str:
    named = {name: getattr(route, name) for name in ("roles", "sites", "teams", "severities", "rules", "events")}
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in named.items() if values) or "*"


def _one_of(channel: _Channel, *fields: str) -> None:
    given = [field for field in fields if getattr(channel, field)]
    if len(given) != 1:
        raise ValueError(f"{fields[0]}: give exactly one of {', '.join(fields)}")
