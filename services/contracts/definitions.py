"""What "service level" means: one catalogue of definitions, read by rules, API and pages.

Counts are stored, ratios are computed on reading. No data is `None`, never 0 % and never 100 %.
`Counts` describes a set of contacts against one threshold T; which set it is, the window says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

DefinitionName = Literal[
    "offered", "genesys_cloud", "cisco_ignore", "cisco_negative", "cisco_positive",
    "talkdesk", "answered_only", "xcally", "asterisk_perf2",
]  # fmt: skip
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


class GenesysSwitches(BaseModel):
    """What the denominator of `genesys_cloud` holds beside the answered. Defaults as Genesys Cloud ships them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    include_abandons: bool = True
    include_short_abandons: bool = False
    include_flow_outs: bool = False


DEFAULT_SWITCHES = GenesysSwitches()


@dataclass(frozen=True, slots=True)
class Definition:
    """One way to compute a service level.

    Attributes:
        name: how rules, API and addresses call it.
        formula: for people, in English.
        formula_zh: for people, in Chinese.
        source: who defines it so.
        parts: (counts, the queue's Genesys switches, which only one definition reads) → (numerator, denominator).
    """

    name: DefinitionName
    formula: str
    formula_zh: str
    source: str
    parts: Callable[[Counts, GenesysSwitches], tuple[int, int]]

    def ratio(self, counts: Counts, switches: GenesysSwitches = DEFAULT_SWITCHES) -> float | None:
        """Service level as a share, 0…1, or None where there is nothing to divide by."""
        return ratio(*self.parts(counts, switches))


def ratio(numerator: int, denominator: int) -> float | None:
    """Share, or None where there is nothing to divide by."""
    return numerator / denominator if denominator > 0 else None


def _cisco_abandoned_within(c: Counts) -> int:
    return c.abandoned_within - c.short_abandoned_within


def _genesys_denominator(c: Counts, switches: GenesysSwitches) -> int:
    """Without abandons there are no short ones left to leave out: nothing is taken away twice."""
    abandoned = c.abandoned if switches.include_short_abandons else c.abandoned - c.short_abandoned
    flowed_out = c.flowed_out if switches.include_flow_outs else 0
    return c.answered + (abandoned if switches.include_abandons else 0) + flowed_out


_CISCO = "Cisco Unified CCE, service level types; short abandons never count"

DEFINITIONS: dict[DefinitionName, Definition] = {
    d.name: d
    for d in (
        Definition(
            "offered",
            "answered ≤ T ÷ (offered − short abandons)",
            "T 秒内接起量 ÷（呼入量 − 短时放弃量）",
            "Floorwatch's default",
            lambda c, _: (c.answered_within, c.offered - c.short_abandoned),
        ),
        Definition(
            "genesys_cloud",
            "answered ≤ T ÷ (answered + abandoned [+ flow-outs] [− short abandons] [− abandons])",
            "T 秒内接起量 ÷（接起量 + 放弃量 [+ 溢出量] [− 短时放弃量] [− 放弃量]）",
            "Genesys Cloud, configure the service level calculation; its switches are the queue's",
            lambda c, switches: (c.answered_within, _genesys_denominator(c, switches)),
        ),
        Definition(
            "cisco_ignore",
            "answered ≤ T ÷ (offered − abandoned ≤ T)",
            "T 秒内接起量 ÷（呼入量 − T 秒内放弃量）",
            _CISCO,
            lambda c, _: (c.answered_within, c.offered - c.short_abandoned - _cisco_abandoned_within(c)),
        ),
        Definition(
            "cisco_negative",
            "answered ≤ T ÷ offered",
            "T 秒内接起量 ÷ 呼入量",
            _CISCO,
            lambda c, _: (c.answered_within, c.offered - c.short_abandoned),
        ),
        Definition(
            "cisco_positive",
            "(answered ≤ T + abandoned ≤ T) ÷ offered",
            "（T 秒内接起量 + T 秒内放弃量）÷ 呼入量",
            _CISCO,
            lambda c, _: (c.answered_within + _cisco_abandoned_within(c), c.offered - c.short_abandoned),
        ),
        Definition(
            "talkdesk",
            "answered ≤ T ÷ (inbound − short abandons)",
            "T 秒内接起量 ÷（呼入量 − 短时放弃量）",
            "Talkdesk, service level",
            lambda c, _: (c.answered_within, c.offered - c.short_abandoned),
        ),
        Definition(
            "answered_only",
            "answered ≤ T ÷ answered",
            "T 秒内接起量 ÷ 接起量",
            "Many wallboards; blind to abandoned contacts",
            lambda c, _: (c.answered_within, c.answered),
        ),
        Definition(
            "xcally",
            "answered ≤ T ÷ (answered + abandoned > T)",
            "T 秒内接起量 ÷（接起量 + T 秒后放弃量）",
            "XCALLY Motion, SLA",
            lambda c, _: (c.answered_within, c.answered + c.abandoned - c.abandoned_within),
        ),
        Definition(
            "asterisk_perf2",
            "(answered + abandoned) ≤ T ÷ (answered + abandoned)",
            "T 秒内（接起量 + 放弃量）÷（接起量 + 放弃量）",
            "Asterisk app_queue, service level performance 2",
            lambda c, _: (c.answered_within + c.abandoned_within, c.answered + c.abandoned),
        ),
    )
}


def service_level(
    definition: DefinitionName, counts: Counts, switches: GenesysSwitches = DEFAULT_SWITCHES
) -> float | None:
    """Service level 0…1 by `definition`, or None without data."""
    return DEFINITIONS[definition].ratio(counts, switches)


def abandonment_rate(counts: Counts) -> float | None:
    """(abandoned − short) ÷ (offered − short), 0…1, or None without data."""
    return ratio(counts.abandoned - counts.short_abandoned, counts.offered - counts.short_abandoned)


def asa_s(counts: Counts) -> float | None:
    """Average speed of answer: mean wait of the answered, in seconds, or None without data."""
    return counts.wait_answered_ms / counts.answered / 1000 if counts.answered else None
