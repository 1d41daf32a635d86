"""What was recorded, read from the log, and the rules run over it."""

import asyncio
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from pydantic import TypeAdapter, ValidationError

from services.alerts.domain.backtest import Item, Trial, over_half_hours
from services.contracts.backtest import Backtest, BacktestOrder
from services.contracts.desk import News
from services.contracts.metrics import HALF_HOUR_MS, Interval, IvrInterval, interval_adapter
from services.contracts.names import Topic
from services.contracts.topology import Description, TopologyRecord
from services.runtime import kafka
from services.runtime.settings import CommonSettings

WEEK_AND_DAY_MS = 8 * 86_400_000
"""So much before a span is read as well: comparisons against last week look there."""
PATIENCE_S = 10.0

_HALF_HOURS = (b'"kind":"interval"', b'"kind":"ivr_interval"')
"""Repeat calls and agents' days stand on the same topic."""

_description: TypeAdapter[Description] = TypeAdapter(TopologyRecord)
_items: TypeAdapter[list[Item]] = TypeAdapter(list[News])
_raw: TypeAdapter[list[object]] = TypeAdapter(list[object])
_item: TypeAdapter[Item] = TypeAdapter(News)


class LogAwayError(Exception):
    """Kafka does not answer."""


async def recorded(settings: CommonSettings, order: BacktestOrder) -> Backtest:
    """Run an order's rules over what the log has of its span.

    Raises:
        LogAwayError: the log can't be read now.
    """
    names = settings.names
    described: dict[bytes, Description] = {}
    async for key, value in _read(settings, names.topology):
        if value is None:
            described.pop(key, None)
        else:
            described[key] = _description.validate_json(value)
    if order.source == "tiles":
        trial = Trial(order.rules, described.values(), "tiles")
        async for _, value in _read(settings, names.tiles):
            trial.take([] if value is None else _news_of(value))
        return trial.result(order.start, order.end, order.most_firings)
    halves = {
        key: value
        async for key, value in _read(settings, names.intervals)
        if value is not None and any(kind in value for kind in _HALF_HOURS) and _is_wanted(key, order)
    }
    read: list[Interval | IvrInterval] = [interval_adapter.validate_json(value) for value in halves.values()]
    return over_half_hours(order, described.values(), read)


def _is_wanted(key: bytes, order: BacktestOrder) -> bool:
    """Whether the half-hour of a key (`contracts.metrics.interval_id`) ends in the span or in its past."""
    end = int(key.rpartition(b"|")[2]) + HALF_HOUR_MS
    return order.start - WEEK_AND_DAY_MS <= end < order.end


def _news_of(value: bytes) -> list[Item]:
    """News of a record; people's commands and what can't be read are passed over, as at the desk."""
    try:
        return _items.validate_json(value)
    except ValidationError:
        found = []
        for raw in _raw.validate_json(value):
            try:
                found.append(_item.validate_python(raw, strict=False))
            except ValidationError:
                continue
        return found


async def _is_there(settings: CommonSettings, topic: Topic) -> bool:
    reader = kafka.reader(settings)
    try:
        await _started(reader)
        return topic.name in await reader.topics()
    finally:
        await reader.stop()


async def _started(reader: AIOKafkaConsumer) -> None:
    try:
        await asyncio.wait_for(reader.start(), PATIENCE_S)
    except (KafkaError, OSError, TimeoutError) as error:
        raise LogAwayError(str(error) or type(error).__name__) from error


async def _read(settings: CommonSettings, topic: Topic) -> AsyncIterator[tuple[bytes, bytes | None]]:
    """(key, value) of what is on a topic now, each partition in its order.

    Raises:
        LogAwayError: it can't be read now.
    """
    if not await _is_there(settings, topic):
        return  # nothing was ever recorded; a reader would wait for it
    reader = kafka.reader(settings, topic.name)
    try:
        await _started(reader)
        places = sorted(reader.assignment())
        ends = await reader.end_offsets(places)
        first = await reader.beginning_offsets(places)
        await reader.seek_to_beginning(*places)
        left = {place for place in places if ends[place] > first[place]}
        while left:
            for records in (await reader.getmany(*left, timeout_ms=500)).values():
                for record in records:
                    yield record.key or b"", record.value
            left = {place for place in left if await reader.position(place) < ends[place]}
    finally:
        await reader.stop()
