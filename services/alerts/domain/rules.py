"""A rules file as text → rules, or every fault in it with the place where it stands."""

from typing import Any

import yaml
from pydantic import ValidationError

from services.contracts.alerts import CONDITION_TAGS, RuleFile


class RuleFileError(ValueError):
    """The file can't be used. `faults` are lines for people, each with its place."""

    def __init__(self, faults: list[str]) -> None:
        """Take one line per fault."""
        super().__init__("\n".join(faults))
        self.faults = faults


def parse(text: str, name: str) -> RuleFile:
    """Rules of a YAML text.

    Args:
        text: the file's content.
        name: the file's name, for messages.

    Raises:
        RuleFileError: with a line per fault, such as `rules.yaml: rules[2].clear: …`.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleFileError([f"{name}: this is not YAML: {' '.join(str(error).split())}"]) from error
    try:
        return RuleFile.model_validate(content if content is not None else {"rules": []})
    except ValidationError as error:
        raise RuleFileError(
            [
                f"{name}: {_where(fault['loc'], content)}{fault['msg']}"
                for fault in error.errors()
                if not (fault["type"] == "too_short" and fault["input"])  # its items are at fault, and are named
            ]
        ) from error


def _where(path: tuple[int | str, ...], content: Any) -> str:
    """`rules[2] (low-service-level).clear: `."""
    place = ""
    for step in path:
        if step in CONDITION_TAGS or (step == "when" and _inside(content, "when") is None):
            continue  # a rule may be written flat
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
