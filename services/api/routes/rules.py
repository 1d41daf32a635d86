"""REST: alert rules. A change takes effect with the next record that the desk reads; nothing is restarted."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.api.domain.desk import place_of_scope
from services.api.domain.lists import Rules
from services.api.domain.orders import Done
from services.api.routes import orders
from services.api.routes.listing import entries_of, listed, one_of
from services.api.routes.orders import AtDesk
from services.api.routes.parts import FilledParts, Refusal, Seen, problems
from services.contracts.alerts import Rule, RuleFile, RuleView

router = APIRouter(prefix="/v1/rules", responses=problems(401), tags=["rules"])

RuleId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]


@router.get("", response_model=Rules, responses=problems(503))
async def rules(parts: FilledParts, sight: Seen) -> Response:
    """The rules in force, by id."""
    return listed(b"rules", entries_of(parts, "rule", sight))


@router.post("/import", response_model=Done, responses=orders.answers())
async def import_rules(desk: AtDesk, body: RuleFile) -> Response:
    """Make or change all rules of a file at once, as if each had been put; others stay."""
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    return await desk.do("import_rules", "rules", places=(None,), file=body, digest=digest)


@router.get("/{rule_id}", response_model=RuleView, responses=problems(404, 422, 503))
async def rule(rule_id: RuleId, parts: FilledParts, sight: Seen) -> Response:
    """One rule; its revision is its ETag."""
    return one_of(parts, "rule", rule_id, sight)


@router.put("/{rule_id}", response_model=Done, responses=orders.answers())
async def put_rule(rule_id: RuleId, desk: AtDesk, body: Rule) -> Response:
    """Make a rule, or change it (If-Match: the revision that you edited)."""
    if body.id != rule_id:
        raise Refusal(422, "invalid", f"body.id: must be {rule_id!r}, as in the address")
    place = place_of_scope(body.scope, desk.parts.hub.board.sites_of_region)
    return await desk.do("put_rule", rule_id, places=(place,), rule=body)


@router.post("/{rule_id}/dry-run", response_model=Done, responses=orders.answers())
async def try_rule(rule_id: RuleId, desk: AtDesk, body: Rule) -> Response:
    """Which alerts the rule would begin now (`outcome.would`), by the desk's own numbers. Nothing is switched on."""
    if body.id != rule_id:
        raise Refusal(422, "invalid", f"body.id: must be {rule_id!r}, as in the address")
    place = place_of_scope(body.scope, desk.parts.hub.board.sites_of_region)
    return await desk.do("try_rule", rule_id, places=(place,), rule=body)


@router.delete("/{rule_id}", response_model=Done, responses=orders.answers())
async def remove_rule(rule_id: RuleId, desk: AtDesk) -> Response:
    """Remove a rule; its alerts end."""
    return await desk.do("remove_rule", rule_id)
