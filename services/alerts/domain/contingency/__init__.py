"""Contingency plans: ladders of levels, climbed when a floor is overrun."""

from services.alerts.domain.contingency.section import Contingency

__all__ = ["Contingency"]
