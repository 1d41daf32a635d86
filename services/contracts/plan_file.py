"""A file of contingency plans as text → plans, or every fault in it with the place where it stands."""

from typing import Any

import yaml
from pydantic import ValidationError

from services.contracts.contingency import PlanFile

_TAGS = {"compare", "all_of", "any_of"}
"""Kinds of condition, which pydantic puts into the place and the file does not have."""


class PlanFileError(ValueError):
    """The file can't be used. `faults` are lines for people, each with its place."""

    def __init__(self, faults: list[str]) -> None:
        """Take one line per fault."""
        super().__init__("\n".join(faults))
        self.faults = faults


def parse_plans(text: str, name: str) -> PlanFile:
    """Plans of a YAML text.

    Args:
        text: the file's content.
        name: the file's name, for messages.

    Raises:
        PlanFileError: with a line per fault, such as `plans.yaml: plans[2] (peak).levels[0].enter_for_s: …`.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PlanFileError([f"{name}: this is not YAML: {' '.join(str(error).split())}"]) from error
    try:
        return PlanFile.model_validate(content if content is not None else {"plans": []})
    except ValidationError as error:
        raise PlanFileError([f"{name}: {_place(loc, content)}{msg}" for loc, msg in _told(error)]) from error


def _told(error: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Faults, without the lists that are empty only because what stands in them is faulty."""
    faults = [(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]
    places = [loc for loc, _, _ in faults]
    return [
        (loc, msg)
        for loc, type_, msg in faults
        if type_ != "too_short" or not any(len(other) > len(loc) and other[: len(loc)] == loc for other in places)
    ]


def _place(path: tuple[int | str, ...], content: Any) -> str:
    """`plans[2] (peak).levels[0].enter: `."""
    place = ""
    for step in path:
        if step in _TAGS:
            continue
        content = _inside(content, step)
        if isinstance(step, int):
            id_ = _inside(content, "id")
            place += f"[{step}]" + (f" ({id_})" if isinstance(id_, str) else "")
        else:
            place += f".{step}" if place else step
    return f"{place}: " if place else ""


def _inside(content: Any, step: int | str) -> Any:
    try:
        return content[step]
    except (KeyError, IndexError, TypeError):
        return None
