"""`python -m services.alerts backtest RULES.yaml --from … --to … [--source tiles] [--json]`, and `backtest --order`.

With `--order` another program asks: a BacktestOrder as one line of JSON on stdin, a Backtest as JSON on stdout. Stdin
stays open for as long as somebody waits for the answer: when it ends, so does this process, whatever it is doing.
"""

import argparse
import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from services.alerts.domain.rules import RuleFileError
from services.alerts.recording import LogAwayError, recorded
from services.alerts.rule_file import read_rules
from services.contracts.backtest import MOST_FIRINGS, Backtest, BacktestOrder
from services.runtime.settings import CommonSettings, load

WRONG, FAILED = 2, 1
NICER = 10
"""Whoever asks from a page does not slow down what counts calls."""


def backtest(arguments: Sequence[str]) -> int:
    """Run it; the exit code: 2 where the rules can't be used, 1 where the log can't be read."""
    if list(arguments) == ["--order"]:
        return _ordered()
    options = _parser().parse_args(arguments)
    try:
        rules = read_rules(options.rules).rules
    except RuleFileError as error:
        return _complain(error, WRONG)
    if options.start >= options.end:
        return _complain("--from must lie before --to", WRONG)
    try:
        order = BacktestOrder(
            rules=rules, start=options.start, end=options.end, source=options.source, most_firings=MOST_FIRINGS
        )
    except ValidationError as error:
        return _complain(error, WRONG)
    return _answer(order, as_json=options.json)


def _ordered() -> int:
    if hasattr(os, "nice"):
        os.nice(NICER)
    try:
        order = BacktestOrder.model_validate_json(sys.stdin.buffer.readline())
    except ValidationError as error:
        return _complain(error, WRONG)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    return _answer(order, as_json=True)


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not through the buffer, whose lock would stand in the way of an end
        pass
    os._exit(FAILED)


def _answer(order: BacktestOrder, *, as_json: bool) -> int:
    try:
        found = asyncio.run(recorded(load(CommonSettings), order))
    except LogAwayError as error:
        return _complain(f"Kafka does not answer: {error}", FAILED)
    print(found.model_dump_json(indent=1) if as_json else in_words(found), flush=True)  # noqa: T201  # the answer
    return 0


def _complain(why: object, code: int) -> int:
    print(why, file=sys.stderr)  # noqa: T201  # a command's answer
    return code


def in_words(found: Backtest) -> str:
    """A table for people: a line per rule, and below each when it would have fired (UTC)."""
    lines = []
    for rule in found.rules:
        if rule.left_out:
            lines.append(f"{rule.rule}: not tested: {rule.left_out}")
            continue
        times = "once" if rule.times == 1 else f"{rule.times} times"
        lines.append(
            f"{rule.rule}: {times}, {rule.per_day:.2f} a day,"
            f" {rule.fired_s / 60:.0f} min in all, longest {rule.longest_s / 60:.0f} min"
        )
        for one in rule.firings:
            value = "" if one.value is None else f"  ({one.value:.1f})"
            lines.append(f"    {_clock(one.start)} – {_clock(one.end)}  {one.scope}{value}")
    return "\n".join(lines)


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
