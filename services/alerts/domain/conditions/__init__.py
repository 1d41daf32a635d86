"""Conditions of rules and plans, held against the floor."""

from services.alerts.domain.conditions.dry_run import scopes_of, site_of_scope, would_fire
from services.alerts.domain.conditions.reading import Reading, Verdict, read, read_rule

__all__ = ["Reading", "Verdict", "read", "read_rule", "scopes_of", "site_of_scope", "would_fire"]
