"""A file of contingency plans as text → plans, or every fault in it with the place where it stands."""

from services.contracts.contingency import PlanFile
from services.contracts.yaml_file import FileFaultsError, parse_yaml


class PlanFileError(FileFaultsError):
    """The file can't be used. `faults` are lines for people, each with its place."""


def parse_plans(text: str, name: str) -> PlanFile:
    """Plans of a YAML text.

    Args:
        text: the file's content.
        name: the file's name, for messages.

    Raises:
        PlanFileError: with a line per fault, such as `plans.yaml: plans[2] (peak).levels[0].enter_for_s: …`.
    """
    try:
        return parse_yaml(text, name, PlanFile, empty={"plans": []})
    except FileFaultsError as error:
        raise PlanFileError(error.faults) from None
