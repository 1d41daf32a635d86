"""Reads the files of rules and of contingency plans."""

from importlib.resources import files
from pathlib import Path

from services.alerts.domain.rules import RuleFileError, parse
from services.contracts.alerts import RuleFile
from services.contracts.contingency import PlanFile
from services.contracts.plan_file import PlanFileError, parse_plans

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


def read_plans(path: Path | None) -> PlanFile:
    """The plans of a file, or none.

    Raises:
        PlanFileError: the file can't be read, or what is wrong in it, line by line.
    """
    if path is None:
        return PlanFile(plans=())
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanFileError([f"FLOORWATCH_PLANS_FILE={path}: {error}"]) from error
    return parse_plans(text, str(path))
