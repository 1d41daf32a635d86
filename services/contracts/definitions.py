"""What "service level" means: one catalogue of definitions, read by rules, API and pages.

Counts are stored, ratios are computed on reading. No data is `None`, never 0 % and never 100 %.
`Counts` describes a set of contacts against one threshold T; which set it is, the window says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

DefinitionName = Literal["offered", "cisco_ignore", "cisco_negative", "cisco_positive"]
DEFINITION_NAMES: tuple[DefinitionName, ...] = get_args(DefinitionName)


class Counts(BaseModel):
    """Additive counters of one set of contacts for one threshold T; times are sums in ms.

    offered = answered + abandoned + flowed_out + waiting, always. `abandoned` includes `short_abandoned`.
    `*_within` are the contacts whose wait was at most T: `abandoned_within` includes `short_abandoned_within`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    flowed_out: int = 0
    waiting: int = 0
    short_abandoned: int = 0
    answered_within: int = 0
    abandoned_within: int = 0
    short_abandoned_within: int = 0
    flowed_out_within: int = 0
    wait_answered_ms: int = 0
    wait_abandoned_ms: int = 0
    handled: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Roll up: counters add, ratios never do."""
        return Counts.model_construct(**{name: getattr(self, name) + getattr(other, name) for name in COUNTERS})


COUNTERS: tuple[str, ...] = tuple(Counts.model_fields)


@dataclass(frozen=True, slots=True)
class Definition:
    """One way to compute a service level.

    Attributes:
        name: how rules, API and addresses call it.
        formula: for people, in English.
        formula_zh: for people, in Chinese.
        source: who defines it so.
        parts: counts → (numerator, denominator).
    """

    name: DefinitionName
    formula: str
    formula_zh: str
    source: str
    parts: Callable[[Counts], tuple[int, int]]

    def ratio(self, counts: Counts) -> float | None:
        """Service level as a share, 0…1, or None where there is nothing to divide by."""
        return ratio(*self.parts(counts))


def ratio(numerator: int, denominator: int) -> float | None:
    """Share, or None where there is nothing to divide by."""
    return numerator / denominator if denominator > 0 else None


def _cisco_abandoned_within(c: Counts) -> int:
    return c.abandoned_within - c.short_abandoned_within


_CISCO = "Cisco Unified CCE, service level types; short abandons never count"

DEFINITIONS: dict[DefinitionName, Definition] = {
    d.name: d
    for d in (
        Definition(
            "offered",
            "answered ≤ T ÷ (offered − short abandons)",
            "T 秒内接起量 ÷（呼入量 − 短时放弃量）",
            "Floorwatch's default",
            lambda c: (c.answered_within, c.offered - c.short_abandoned),
        ),
        Definition(
            "cisco_ignore",
            "answered ≤ T ÷ (offered − abandoned ≤ T)",
            "T 秒内接起量 ÷（呼入量 − T 秒内放弃量）",
            _CISCO,
            lambda c: (c.answered_within, c.offered - c.short_abandoned - _cisco_abandoned_within(c)),
        ),
        Definition(
            "cisco_negative",
            "answered ≤ T ÷ offered",
            "T 秒内接起量 ÷ 呼入量",
            _CISCO,
            lambda c: (c.answered_within, c.offered - c.short_abandoned),
        ),
        Definition(
            "cisco_positive",
            "(answered ≤ T + abandoned ≤ T) ÷ offered",
            "（T 秒内接起量 + T 秒内放弃量）÷ 呼入量",
            _CISCO,
            lambda c: (c.answered_within + _cisco_abandoned_within(c), c.offered - c.short_abandoned),
        ),
    )
}


def service_level(definition: DefinitionName, counts: Counts) -> float | None:
    """Service level 0…1 by `definition`, or None without data."""
    return DEFINITIONS[definition].ratio(counts)


def abandonment_rate(counts: Counts) -> float | None:
    """(abandoned − short) ÷ (offered − short), 0…1, or None without data."""
    return ratio(counts.abandoned - counts.short_abandoned, counts.offered - counts.short_abandoned)


def asa_s(counts: Counts) -> float | None:
    """Average speed of answer: mean wait of the answered, in seconds, or None without data."""
    return counts.wait_answered_ms / counts.answered / 1000 if counts.answered else None
