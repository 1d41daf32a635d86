"""The channels file as it is read at the start, with the secrets that it names; and how they are kept out of texts."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import apprise

from services.alerts.domain.notices.channels import (
    ChannelFile,
    Chat,
    Email,
    Webhook,
    parse_channels,
    view_of,
    web_fault,
)
from services.contracts.notify import ChannelView
from services.contracts.yaml_file import FileFaultsError

_BETWEEN = re.compile(r"[/?&=:@#]")
LEAST_HIDDEN = 4
"""Shorter parts of an address are words such as "v1": hiding them would hide everything."""
HIDDEN = "***"


class Channels(NamedTuple):
    """Channels, and what their secrets are: (channel, "url" | "secret" | "password") → value."""

    file: ChannelFile
    secrets: Mapping[tuple[str, str], str]

    def secret(self, channel: str, name: str) -> str:
        """One secret; empty: the channel has none of that name."""
        return self.secrets.get((channel, name), "")

    def scrub(self, text: str) -> str:
        """A text without any secret in it, whoever quoted it."""
        for part in sorted(self._parts(), key=len, reverse=True):
            text = text.replace(part, HIDDEN)
        return text

    def _parts(self) -> set[str]:
        found = set()
        for (_, name), value in self.secrets.items():
            found.add(value)
            if name == "url":
                host = (urlsplit(value).hostname or "").lower()
                parts = _BETWEEN.split(value.partition("://")[2])
                # Chat services are often named alone: then the token stands where other addresses have their host.
                found |= {part for part in parts if not (part.lower() == host and "." in host)}
        found |= {unquote(part) for part in found}
        return {part for part in found if len(part) >= LEAST_HIDDEN}

    def views(self) -> list[ChannelView]:
        """What may be seen of the channels."""
        return [view_of(channel, self._address(channel), self.file.routes) for channel in self.file.channels]

    def _address(self, channel: Webhook | Email | Chat) -> str:
        match channel:
            case Email():
                return f"{channel.server}:{channel.port} → {', '.join(channel.to)}"
            case Webhook():
                parts = urlsplit(channel.url or self.secret(channel.id, "url"))
                port = f":{parts.port}" if parts.port else ""
                return f"{parts.scheme}://{parts.hostname}{port}"
            case Chat():
                return service_of(self.secret(channel.id, "url")) or "?"


def read_channels(path: Path | None, environment: Mapping[str, str]) -> Channels:
    """The channels of a file with their secrets, or none.

    Raises:
        FileFaultsError: the file can't be read, or what is wrong in it, line by line. It never shows a secret.
    """
    if path is None:
        return Channels(ChannelFile(), {})
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileFaultsError([f"FLOORWATCH_CHANNELS_FILE={path}: {_why(error)}"]) from None
    file = parse_channels(text, str(path))
    secrets: dict[tuple[str, str], str] = {}
    faults: list[str] = []
    for number, channel in enumerate(file.channels):
        place = f"{path}: channels[{number}] ({channel.id})"
        for name in channel.secret_fields:
            value, fault = _look_up(channel, name, path.parent, environment)
            if fault is None and name == "url":
                fault = _address_fault(channel, value)
            if fault is not None:
                faults.append(f"{place}.{fault}")
            secrets[channel.id, name] = value
    if faults:
        raise FileFaultsError(faults)
    return Channels(file, secrets)


def service_of(url: str) -> str | None:
    """Name of the chat service that an Apprise address is for; None: there is none, or it names several rooms."""
    found = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    return str(found.service_name) if isinstance(found, apprise.NotifyBase) and len(found) == 1 else None


def _look_up(
    channel: Webhook | Email | Chat, name: str, folder: Path, environment: Mapping[str, str]
) -> tuple[str, str | None]:
    variable: str | None = getattr(channel, f"{name}_env")
    if variable is not None:
        value = environment.get(variable, "").strip()
        return value, None if value else f"{name}_env: the environment has no {variable}"
    path = folder / str(getattr(channel, f"{name}_file"))
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        return "", f"{name}_file: {_why(error)}"
    return value, None if value else f"{name}_file: {path} is empty"


def _address_fault(channel: Webhook | Email | Chat, url: str) -> str | None:
    where = "url_env" if getattr(channel, "url_env", None) else "url_file"
    if isinstance(channel, Webhook):
        fault = web_fault(url)
        return None if fault is None else f"{where}: {fault}"
    if service_of(url) is None:
        return f"{where}: Apprise knows no service of this address, or it names several rooms: a channel is one"
    return None


def _why(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return f"{error.strerror or 'it can not be read'}: {error.filename}"
