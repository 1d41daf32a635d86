"""Builders that speak the floor: rules, tiles and clocks, seconds instead of milliseconds."""

from typing import Any

from services.contracts.alerts import AlertTransition, Rule, RuleFile
from services.contracts.definitions import Counts
from services.contracts.metrics import FeedClock, Tile

NAME = {"en": "A rule", "zh": "规则"}


def rule(**wanted: Any) -> Rule:
    scope = wanted.pop("scope", "queue")
    base = {
        "id": "r", "name": NAME, "metric": "queue_length", "direction": "above", "threshold": 10, "clear": 5,
        "scope": {"kind": scope} if isinstance(scope, str) else scope,
    }  # fmt: skip
    return Rule.model_validate(base | wanted)


def rules(*wanted: Rule) -> RuleFile:
    return RuleFile(rules=wanted)


def tile(queue: str, at: float, *, waiting: int = 0, oldest: float | None = None, t: int = 20, **counts: int) -> Tile:
    return Tile(
        id=queue, as_of=round(at * 1000), offset=0, target_s=t, target_percent=80, definition="offered",
        rolling={t: Counts(**counts)}, waiting=waiting,
        oldest_offered_at=None if oldest is None else round(oldest * 1000),
    )  # fmt: skip


def clock(site: str, at: float, *, partition: int = 0, source: str = "acd", topic: str = "contacts") -> FeedClock:
    return FeedClock(id=f"{source}|{site}|{topic}|{partition}", source=source, site=site, at=round(at * 1000), rate=1)


def told(transitions: list[AlertTransition]) -> list[str]:
    """`scope: previous → state at seconds (value)`."""
    return [
        f"{t.alert.scope}: {t.previous} → {t.alert.state} at {t.at / 1000:g}"
        + ("" if t.alert.value is None else f" ({t.alert.value:g})")
        for t in transitions
    ]
