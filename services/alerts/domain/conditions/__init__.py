"""Conditions of rules and plans, held against the floor."""

from services.alerts.domain.conditions.reading import Reading, Verdict, read, read_rule

__all__ = ["Reading", "Verdict", "read", "read_rule"]
