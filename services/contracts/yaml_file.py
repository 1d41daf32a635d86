"""A YAML file as text → a contract, or every fault in it with the place where it stands.

What stands in the file is never repeated in a fault: it may be a secret.
"""

from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)

_TAGS = {"compare", "all_of", "any_of"}
"""Kinds of condition, which pydantic puts into the place and the file does not have."""


class FileFaultsError(ValueError):
    """The file can't be used. `faults` are lines for people, each with its place."""

    def __init__(self, faults: list[str]) -> None:
        """Take one line per fault."""
        super().__init__("\n".join(faults))
        self.faults = faults


def parse_yaml(text: str, name: str, model: type[Model], *, empty: Any) -> Model:
    """The content of a YAML text.

    Args:
        text: the file's content.
        name: the file's name, for messages.
        model: what it must be.
        empty: what a file without content says.

    Raises:
        FileFaultsError: with a line per fault, such as `plans.yaml: plans[2] (peak).levels[0].enter_for_s: …`.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FileFaultsError([f"{name}: this is not YAML: {_told_of(error)}"]) from None
    try:
        return model.model_validate(content if content is not None else empty)
    except ValidationError as error:
        # `from None`: what pydantic says of its own shows the input.
        raise FileFaultsError([f"{name}: {_place(loc, content)}{msg}" for loc, msg in _told(error)]) from None


def _told_of(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    mark = error.problem_mark
    return f"{error.problem} at line {mark.line + 1}, column {mark.column + 1}"


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
        inner = _inside(content, step)
        if isinstance(step, str) and inner is None and isinstance(content, dict) and content.get("kind") == step:
            continue  # the kind that tells a union's members apart
        content = inner
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
