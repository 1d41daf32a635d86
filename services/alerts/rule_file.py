"""Reads the rules file."""

from importlib.resources import files
from pathlib import Path

from services.alerts.domain.rules import RuleFileError, parse
from services.contracts.alerts import RuleFile

SHIPPED = files("services.alerts") / "data" / "rules.yaml"


def read_rules(path: Path | None) -> RuleFile:
    """The rules of a file, or the shipped ones.

    Raises:
        RuleFileError: the file can't be read, or what is wrong in it, line by line.
    """
    if path is None:
        return parse(SHIPPED.read_text(encoding="utf-8"), "rules.yaml")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError([f"FLOORWATCH_RULES_FILE={path}: {error}"]) from error
    return parse(text, str(path))
