"""The body of a POST → events, and what is wrong with the rest, item by item."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

import pydantic_core
from pydantic import Field, TypeAdapter, ValidationError

from services.contracts.edge import EdgeEvent, epoch_ms
from services.contracts.topology import Contract


class EventBatch(Contract):
    """Many events at once."""

    events: list[EdgeEvent]


class Problem(Contract):
    """What is wrong with one item of a POST."""

    index: int | None = Field(description="which item, from 0; null: the body as a whole")
    path: str = Field(description="the field, such as 'occurred_at'; empty: the item as a whole")
    message: str


@dataclass(slots=True)
class Reading:
    """What a body holds.

    Attributes:
        events: the valid ones, in order.
        problems: what is wrong with the others.
        refused: (index, the item as it came) of each other one.
    """

    events: list[EdgeEvent] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: list[tuple[int, Any]] = field(default_factory=list)


PostBody: TypeAdapter[Any] = TypeAdapter(EdgeEvent | list[EdgeEvent] | EventBatch)
"""For the schema: one event, a JSON array of events, or {"events": […]}."""

_one: TypeAdapter[EdgeEvent] = TypeAdapter(EdgeEvent)
_array: TypeAdapter[list[EdgeEvent]] = TypeAdapter(list[EdgeEvent])
_batch: TypeAdapter[EventBatch] = TypeAdapter(EventBatch)
_IS_ARRAY = re.compile(rb"\s*\[")
_IS_BATCH = re.compile(rb'\s*\{\s*"events"\s*:')
_TAGS = {get_args(member.model_fields["type"].annotation)[0] for member in get_args(get_args(EdgeEvent)[0])}


def read(body: bytes, *, newest_ms: int) -> Reading:
    """Read one event, an array of events, or {"events": […]}.

    Args:
        body: JSON.
        newest_ms: events after this time (epoch ms) are refused: they would run the windows ahead of the world.
    """
    try:
        return _judged(list(enumerate(_read_all(body))), newest_ms, Reading())
    except ValidationError:
        return _read_each(body, newest_ms)


def _read_all(body: bytes) -> list[EdgeEvent]:
    """The quick way, for a body without a mistake."""
    if _IS_ARRAY.match(body):
        return _array.validate_json(body)
    if _IS_BATCH.match(body):
        return _batch.validate_json(body).events
    return [_one.validate_json(body)]


def _read_each(body: bytes, newest_ms: int) -> Reading:
    """The slow way, which tells what is wrong where."""
    reading = Reading()
    try:
        found = pydantic_core.from_json(body)
    except ValueError as error:
        reading.problems.append(Problem(index=None, path="", message=f"the body is no JSON: {error}"))
        return reading
    items = _items(found, reading)
    valid: list[tuple[int, EdgeEvent]] = []
    for index, item in enumerate(items):
        try:
            valid.append((index, _one.validate_json(pydantic_core.to_json(item))))
        except ValidationError as error:
            reading.problems += _problems(index, error)
            reading.refused.append((index, item))
    return _judged(valid, newest_ms, reading)


def _items(found: Any, reading: Reading) -> list[Any]:
    if isinstance(found, list):
        return found
    if isinstance(found, dict) and "events" in found:
        for key in found.keys() - {"events"}:
            reading.problems.append(Problem(index=None, path=str(key), message="unknown field beside events"))
        if reading.problems:
            return []
        if isinstance(found["events"], list):
            return found["events"]
        reading.problems.append(Problem(index=None, path="events", message="must be an array"))
        return []
    return [found]


def _problems(index: int, error: ValidationError) -> Iterator[Problem]:
    for detail in error.errors(include_url=False, include_input=False):
        # The union puts the event's type in front of the path, where no such field is.
        path = [str(part) for part in detail["loc"]]
        if path and path[0] in _TAGS:
            path = path[1:]
        yield Problem(index=index, path=".".join(path), message=detail["msg"])


def _judged(valid: list[tuple[int, EdgeEvent]], newest_ms: int, reading: Reading) -> Reading:
    """Let pass what lies in the time that can be: after 1970, and not ahead of the clock."""
    for index, event in valid:
        problem = _of_another_time(event, newest_ms)
        if problem is None:
            reading.events.append(event)
            continue
        path, message = problem
        reading.problems.append(Problem(index=index, path=path, message=message))
        reading.refused.append((index, event.model_dump(mode="json")))
    return reading


def _of_another_time(event: EdgeEvent, newest_ms: int) -> tuple[str, str] | None:
    """(field, what is wrong with it), or None. No leg and no visit begins after its events: that is checked before."""
    if epoch_ms(event.occurred_at) > newest_ms:
        return "occurred_at", f"lies ahead of this server's clock: {event.occurred_at}"
    for field_name in ("offered_at", "entered_at", "occurred_at"):
        moment = getattr(event, field_name, None)
        if moment is not None and epoch_ms(moment) < 0:
            return field_name, f"lies before 1970: {moment}"
    return None
