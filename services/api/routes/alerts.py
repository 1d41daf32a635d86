"""REST: alerts, their history, and what people do about them.

An alert's id is `rule|scope`, and a scope may hold a slash. It stands in the path as it is or percent-encoded
(`low%7Cbank%2FPS`): both name the same alert.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.api.domain import answers
from services.api.domain.orders import (
    AssignOrder,
    Done,
    ExcuseOrder,
    NoteOrder,
    Order,
    ReasonOrder,
    SnoozeOrder,
    TextOrder,
)
from services.api.routes import orders
from services.api.routes.listing import entries_of, listed, one_of
from services.api.routes.orders import AtDesk
from services.api.routes.parts import AllParts, FilledParts, Refusal, Seen, problems
from services.contracts.alerts import Alert

router = APIRouter(prefix="/v1/alerts", responses=problems(401), tags=["alerts"])

AlertId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=400,
        description="`rule|scope`; the slash of a scope may be written as it is or as %2F",
        examples=["low-service-level|bank/PS"],
    ),
]


@router.get("", response_model=answers.Alerts, responses=problems(503))
async def alerts(
    parts: FilledParts,
    sight: Seen,
    team: Annotated[
        str | None, Query(max_length=160, description="only what is for this team's lead (site/team), costliest first")
    ] = None,
) -> Response:
    """Every alert that is not inactive, and the last resolved ones."""
    found = entries_of(parts, "alert", sight)
    if team is not None:
        held = parts.hub.board.desk
        costs = {
            e.id: a.cost or 0.0 for e in found if isinstance(a := held.get("alert", e.id), Alert) and a.team == team
        }
        found = sorted((entry for entry in found if entry.id in costs), key=lambda entry: -costs[entry.id])
    return listed(b"alerts", found)


@router.get("/history", responses=problems(422, 503))
async def history(
    parts: AllParts, sight: Seen, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> answers.AlertHistory:
    """The last transitions, newest first."""
    found = await parts.store.history(limit)
    place = parts.hub.board.desk.place
    return answers.AlertHistory(transitions=tuple(step for step in found if sight.sees_site(place(step.alert))))


@router.get("/{alert_id:path}", response_model=Alert, responses=problems(404, 422, 503))
async def alert(alert_id: AlertId, parts: FilledParts, sight: Seen) -> Response:
    """One alert; its revision is its ETag."""
    return one_of(parts, "alert", alert_id, sight)


@router.post("/{alert_id:path}/acknowledge", response_model=Done, responses=orders.answers())
async def acknowledge(alert_id: AlertId, desk: AtDesk, body: NoteOrder | None = None) -> Response:
    """I have seen it and look after it. It stays visible, and nothing is silenced."""
    body = body or NoteOrder()
    return await desk.do("acknowledge", alert_id, expected=body.expected, note=body.note)


@router.post("/{alert_id:path}/unacknowledge", response_model=Done, responses=orders.answers())
async def unacknowledge(alert_id: AlertId, desk: AtDesk, body: Order | None = None) -> Response:
    """Take an acknowledgement back."""
    return await desk.do("unacknowledge", alert_id, expected=None if body is None else body.expected)


@router.post("/{alert_id:path}/assign", response_model=Done, responses=orders.answers())
async def assign(alert_id: AlertId, desk: AtDesk, body: AssignOrder) -> Response:
    """Somebody else looks after it."""
    return await desk.do("assign", alert_id, expected=body.expected, to=body.to)


@router.post("/{alert_id:path}/notes", response_model=Done, responses=orders.answers())
async def note(alert_id: AlertId, desk: AtDesk, body: TextOrder) -> Response:
    """Write something on it."""
    return await desk.do("note", alert_id, expected=body.expected, text=body.text)


@router.post("/{alert_id:path}/snooze", response_model=Done, responses=orders.answers())
async def snooze(alert_id: AlertId, desk: AtDesk, body: SnoozeOrder) -> Response:
    """Do not tell of it until then, or until it is over. It ends by itself."""
    return await desk.do("snooze", alert_id, expected=body.expected, until=body.until)


@router.post("/{alert_id:path}/coach", response_model=Done, responses=orders.answers())
async def coach(alert_id: AlertId, desk: AtDesk, body: NoteOrder | None = None) -> Response:
    """Of an adherence alert: the lead has spoken with the agent."""
    body = body or NoteOrder()
    return await desk.do("coach", alert_id, expected=body.expected, note=body.note)


@router.post("/{alert_id:path}/excuse", response_model=Done, responses=orders.answers())
async def excuse(alert_id: AlertId, desk: AtDesk, body: ExcuseOrder) -> Response:
    """Of an adherence alert: it becomes an exception to the agent's plan."""
    if body.end <= body.start:
        raise Refusal(422, "invalid", "body.end: must be later than start")
    return await desk.do(
        "excuse", alert_id, expected=body.expected, start=body.start, end=body.end, reason=body.reason
    )  # fmt: skip


@router.post("/{alert_id:path}/dismiss", response_model=Done, responses=orders.answers())
async def dismiss(alert_id: AlertId, desk: AtDesk, body: ReasonOrder | None = None) -> Response:
    """Of an adherence alert: nothing needs to be done."""
    body = body or ReasonOrder()
    return await desk.do("dismiss", alert_id, expected=body.expected, reason=body.reason)
