"""Ratios of counts, computed on reading and never stored (formulas: contracts.definitions and contracts.formulas).

Views are put together as plain dicts in the shape of their contracts: this is on the way of every change, and a
validated model costs several times as much as its figures.
"""

from typing import Any

from services.contracts import formulas
from services.contracts.definitions import (
    DEFAULT_SWITCHES,
    DEFINITIONS,
    Counts,
    DefinitionName,
    GenesysSwitches,
    abandonment_rate,
    asa_s,
)
from services.contracts.socket import Ratios

Shares = dict[DefinitionName, float | None]
_PARTS = tuple((name, definition.parts) for name, definition in DEFINITIONS.items())


def share_by_definition(counts: Counts, switches: GenesysSwitches = DEFAULT_SWITCHES) -> Shares:
    """Service level 0…1 by each definition of the catalogue; None without data."""
    shares: Shares = {}
    for name, parts in _PARTS:
        numerator, denominator = parts(counts, switches)
        shares[name] = numerator / denominator if denominator > 0 else None
    return shares


def figures_of(counts: Counts, switches: GenesysSwitches = DEFAULT_SWITCHES) -> dict[str, Any]:
    """Everything that is computed from one set of counts, in the shape of `Ratios`."""
    return {
        "service_level": share_by_definition(counts, switches),
        "abandonment_rate": abandonment_rate(counts),
        "asa_s": asa_s(counts),
        "answer_rate": formulas.answer_rate(counts),
        "wait_abandoned_s": formulas.wait_abandoned_s(counts),
        "aht_s": formulas.aht_s(counts),
        "talk_s": formulas.talk_s(counts),
        "hold_s": formulas.hold_s(counts),
        "wrap_up_s": formulas.wrap_up_s(counts),
        "flow_out_rate": formulas.flow_out_rate(counts),
    }


def ratios_of(counts: Counts, switches: GenesysSwitches = DEFAULT_SWITCHES) -> Ratios:
    """The same as a model."""
    return Ratios.model_construct(**figures_of(counts, switches))


def outlook_of(  # by name, most of them
    counts: Counts,
    switches: GenesysSwitches,
    *,
    lost: int,
    to_win: int,
    counted: bool,
    now: Shares | None = None,
) -> dict[str, Any]:
    """What can still become of a service level, in the shape of `Outlook`.

    Args:
        counts: of the window.
        switches: of the queue.
        lost: waiting contacts past T.
        to_win: waiting contacts that can still be answered within T.
        counted: whether `counts` has those among its waiting.
        now: the shares of `counts`, if they are known: where nobody waits, nothing can change.
    """
    now = share_by_definition(counts, switches) if now is None else now
    best = worst = now
    if to_win:
        best = share_by_definition(formulas.best_case(counts, to_win, counted=counted), switches)
    if to_win or counts.waiting:
        worst = share_by_definition(formulas.worst_case(counts, to_win, counted=counted), switches)
    return {"already_lost": lost, "still_to_win": to_win, "best": best, "worst": worst}
