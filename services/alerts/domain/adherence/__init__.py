"""Adherence alerts: what an agent's own team lead is told of."""

from services.alerts.domain.adherence.section import Adherence

__all__ = ["Adherence"]
