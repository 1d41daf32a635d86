"""`python -m services.alerts backtest RULES.yaml --from … --to … [--source tiles] [--json]`."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from services.alerts.domain.backtest import Backtest, Item, Trial, over_half_hours
from services.alerts.domain.rules import RuleFileError
from services.alerts.rule_file import read_rules
from services.alerts.settings import AlertsSettings
from services.contracts.alerts import Rule
from services.contracts.desk import News
from services.contracts.metrics import Interval, IvrInterval, interval_adapter
from services.contracts.names import Topic
from services.contracts.topology import Description, TopologyRecord
from services.runtime import kafka
from services.runtime.settings import load

WEEK_AND_DAY_MS = 8 * 86_400_000
"""So much before a span is read as well: comparisons against last week look there."""

_HALF_HOURS = (b'"kind":"interval"', b'"kind":"ivr_interval"')
"""Repeat calls and agents' days stand on the same topic."""

_description: TypeAdapter[Description] = TypeAdapter(TopologyRecord)
_items: TypeAdapter[list[Item]] = TypeAdapter(list[News])
_raw: TypeAdapter[list[object]] = TypeAdapter(list[object])
_item: TypeAdapter[Item] = TypeAdapter(News)


def backtest(arguments: Sequence[str]) -> int:
    """Run it; the exit code: 2 where the rules can't be used."""
    options = _parser().parse_args(arguments)
    try:
        rules = read_rules(options.rules).rules
    except RuleFileError as error:
        print(error, file=sys.stderr)  # noqa: T201  # a command's answer
        return 2
    if options.start >= options.end:
        print("--from must lie before --to", file=sys.stderr)  # noqa: T201
        return 2
    settings = load(AlertsSettings)
    found = asyncio.run(_run(settings, rules, (options.start, options.end), options.source))
    print(found.model_dump_json(indent=1) if options.json else in_words(found))  # noqa: T201
    return 0


def in_words(found: Backtest) -> str:
    """A table for people: a line per rule, and below each when it would have fired (UTC)."""
    lines = []
    for rule in found.rules:
        if rule.left_out:
            lines.append(f"{rule.rule}: not tested: {rule.left_out}")
            continue
        lines.append(
            f"{rule.rule}: {len(rule.firings)} times, {rule.per_day:.2f} a day,"
            f" {rule.fired_s / 60:.0f} min in all, longest {rule.longest_s / 60:.0f} min"
        )
        for one in rule.firings:
            value = "" if one.value is None else f"  ({one.value:.1f})"
            lines.append(f"    {_clock(one.start)} – {_clock(one.end)}  {one.scope}{value}")
    return "\n".join(lines)


async def _run(settings: AlertsSettings, rules: Sequence[Rule], span: tuple[int, int], source: str) -> Backtest:
    names = settings.names
    described: dict[bytes, Description] = {}
    async for key, value in _read(settings, names.topology):
        if value is None:
            described.pop(key, None)
        else:
            described[key] = _description.validate_json(value)
    if source == "tiles":
        trial = Trial(rules, described.values(), "tiles")
        async for _, value in _read(settings, names.tiles):
            trial.take([] if value is None else _news_of(value))
        return trial.result(*span)
    halves = {
        key: value
        async for key, value in _read(settings, names.intervals)
        if value is not None and any(kind in value for kind in _HALF_HOURS)
    }
    read: list[Interval | IvrInterval] = [interval_adapter.validate_json(value) for value in halves.values()]
    past = span[0] - WEEK_AND_DAY_MS
    return over_half_hours(rules, described.values(), (half for half in read if half.end >= past), span)


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


async def _read(settings: AlertsSettings, topic: Topic) -> AsyncIterator[tuple[bytes, bytes | None]]:
    """(key, value) of what is on a topic now, each partition in its order."""
    reader = kafka.reader(settings, topic.name)
    await reader.start()
    try:
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="floorwatch backtest",
        description="When would these rules have fired? Runs them over what was recorded, and switches nothing on.",
    )
    parser.add_argument("rules", type=Path, metavar="RULES.yaml", nargs="?", help="without it the shipped rules")
    parser.add_argument("--from", dest="start", type=_moment, required=True, metavar="TIME", help="by the feed's clock")
    parser.add_argument("--to", dest="end", type=_moment, required=True, metavar="TIME")
    parser.add_argument(
        "--source",
        choices=("intervals", "tiles"),
        default="intervals",
        help="half-hours (as long as the log is), or tiles (to the moment, of the last day)",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        example = "1999-06-01 (UTC) or 1999-06-01T10:00+03:00"
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as {example}") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _clock(at: int | None) -> str:
    return "…" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
