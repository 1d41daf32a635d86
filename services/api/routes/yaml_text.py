"""REST: what a file of rules or plans says, read as the services and the command read it. Nothing is changed."""

import asyncio
from typing import Annotated, TypeVar

import yaml
from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from services.api.routes.administration import permit
from services.api.routes.parts import Refusal, SignedIn, problems
from services.contracts.alerts import RuleFile
from services.contracts.contingency import PlanFile
from services.contracts.topology import Contract
from services.contracts.yaml_file import FileFaultsError, parse_yaml

router = APIRouter(prefix="/v1", responses=problems(401, 403))

MOST_CHARACTERS = 200_000
DEEPEST = 100
File = TypeVar("File", bound=BaseModel)


class YamlText(Contract):
    """The content of a file."""

    text: Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]


@router.post("/rules/read", responses=problems(422), tags=["rules"])
async def read_rules(who: SignedIn, body: YamlText) -> RuleFile:
    """The rules of a YAML file (`rules: […]`), or a line per fault. POST /v1/rules/import makes them so."""
    permit(who, "import_rules")
    return await _read(body.text, RuleFile, {"rules": []})


@router.post("/plans/read", responses=problems(422), tags=["plans"])
async def read_plans(who: SignedIn, body: YamlText) -> PlanFile:
    """The plans of a YAML file (`plans: […]`), or a line per fault. PUT /v1/plans/{plan_id} makes one."""
    permit(who, "put_plan")
    return await _read(body.text, PlanFile, {"plans": []})


async def _read(text: str, model: type[File], empty: object) -> File:
    try:
        return await asyncio.to_thread(_parsed, text, model, empty)
    except FileFaultsError as error:
        raise Refusal(422, "invalid", str(error)) from None


def _depth(text: str) -> int:
    """How deep brackets stand in one another: the reader's time grows with the square of it."""
    deepest = depth = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _parsed(text: str, model: type[File], empty: object) -> File:
    if _depth(text) > DEEPEST:
        raise FileFaultsError(["file: it is nested too deeply"])
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise FileFaultsError(["file: aliases (*name) are not read here: write it out"])
    except yaml.YAMLError:
        pass  # said with its line below
    try:
        return parse_yaml(text, "file", model, empty=empty)
    except RecursionError:
        raise FileFaultsError(["file: it is nested too deeply"]) from None
    except FileFaultsError:
        raise
    except (ValueError, ArithmeticError) as error:  # a date of a 13th month, say
        raise FileFaultsError([f"file: {error}"]) from None
