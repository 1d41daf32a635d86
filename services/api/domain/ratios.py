"""Ratios of counts, computed on reading and never stored (formulas: contracts.definitions)."""

from services.contracts.definitions import (
    DEFINITIONS,
    Counts,
    DefinitionName,
    abandonment_rate,
    asa_s,
)
from services.contracts.socket import Ratios


def share_by_definition(counts: Counts) -> dict[DefinitionName, float | None]:
    """Service level 0…1 by each definition of the catalogue; None without data."""
    return {name: definition.ratio(counts) for name, definition in DEFINITIONS.items()}


def ratios_of(counts: Counts) -> Ratios:
    """Everything that is computed from one set of counts."""
    return Ratios.model_construct(
        service_level=share_by_definition(counts), abandonment_rate=abandonment_rate(counts), asa_s=asa_s(counts)
    )
