"""Moves between centres: agents of one site are lent to a queue of another, and come back."""

from services.alerts.domain.moves.section import Moves

__all__ = ["Moves"]
