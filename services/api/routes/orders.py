"""How a route carries out a command: who, what about, whether they may, and what the desk said."""

import re
import secrets
import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from services.api.domain.access import Sight
from services.api.domain.actors import actor_of, in_scope, may
from services.api.domain.answers import Problem, Session
from services.api.domain.desk import AnyView, place_to_act
from services.api.domain.ledger import Place
from services.api.domain.orders import STATUS, SUBJECT_OF, Done, Refused, Waiting, answer_to, same_order, target_of
from services.api.door import OtherOrderError
from services.api.pen import LogAwayError
from services.api.routes.listing import no_such
from services.api.routes.parts import FilledParts, Parts, Refusal, Seen, SignedIn
from services.contracts.desk import AnyCommand, CommandId, Outcome, command_adapter
from services.contracts.people import Actor

_REVISION = re.compile(r'(?:W/)?"?(\d{1,15})"?')

KeyHeader = Annotated[
    CommandId | None,
    Header(
        alias="Idempotency-Key",
        description="Id of the command, chosen by you: the same id again is the same command and gets the same answer. "
        "Without it the API makes one.",
    ),
]
MatchHeader = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=64,
        description='Revision of the target that you saw, as in its ETag: "7". If it has another now, the answer is '
        "409 with its present state. The body's `expected` says the same.",
    ),
]


def answers() -> dict[int | str, dict[str, Any]]:
    """What a command may be answered with, for OpenAPI."""
    said = {
        202: (Waiting, "The command is on the log; the desk has not answered yet. GET /v1/commands/{id} asks later."),
        403: (Refused | Problem, "You may not do that."),
        404: (Refused | Problem, "There is no such thing, or you may not see it."),
        409: (Refused | Problem, "It has changed since, is held by another, or its state does not allow it."),
        422: (Refused | Problem, "The command makes no sense, or its id was used for another command."),
        503: (Problem, "Kafka or Redis is away: ask again with the same Idempotency-Key."),
    }
    return {status: {"model": model, "description": text} for status, (model, text) in said.items()}


@dataclass(frozen=True, slots=True)
class Desk:
    """One person in front of the desk, with one thing to say.

    Attributes:
        id: of the command.
        expected: revision that the person saw, from the If-Match header.
    """

    parts: Parts
    sight: Sight
    who: Session
    by: Actor
    id: str
    expected: int | None

    async def do(
        self, do: str, target: str, *, expected: int | None = None, places: tuple[Place, ...] | None = None, **what: Any
    ) -> Response:
        """Give a command and answer with what became of it.

        Args:
            do: which one, as in contracts.desk.
            target: id of what it is about.
            expected: revision named in the body.
            places: where that belongs if it need not exist yet; None: it must exist.
            what: the command's other fields.
        """
        command = self._command(do, target, expected, what)
        known = await self._known(command)
        if known is None:
            try:
                self._permit(do, await self._places(do, target, places))
            except Refusal:  # Redis may have been filled meanwhile: who asks again is told what became of the first
                known = await self._known(command)
                if known is None:
                    raise
        outcome = known or await self._submit(command)
        if outcome is None:
            return waiting(command.id)
        return await self.tell(outcome)

    async def tell(self, outcome: Outcome) -> Response:
        """The answer to a command that has its outcome."""
        kind, _, id_ = target_of(outcome).partition("|")
        view = await self.parts.store.view(kind, id_)
        if view is not None and not self._sees(view):
            view = None
        headers = {} if view is None else {"etag": f'"{view.revision}"'}
        return _response(STATUS[outcome.code], answer_to(outcome, view), **headers)

    def _command(self, do: str, target: str, expected: int | None, what: dict[str, Any]) -> AnyCommand:
        if expected is not None and self.expected not in {None, expected}:
            raise Refusal(422, "invalid", "If-Match and the body's `expected` name different revisions.")
        seen = self.expected if expected is None else expected
        said = {"do": do, "id": self.id, "at": round(time.time() * 1000), "by": self.by, "target": target} | what
        return command_adapter.validate_python(said | {"expected": seen})

    async def _known(self, command: AnyCommand) -> Outcome | None:
        """Its outcome if it has been answered before, whatever has become of its target since."""
        outcome = await self.parts.store.outcome(command.id)
        if outcome is not None and not same_order(outcome.command, command):
            raise _other_order(command.id)
        return outcome

    async def _places(self, do: str, target: str, places: tuple[Place, ...] | None) -> tuple[Place, ...]:
        """Where the command's effects are: of what it makes, and of what stands there now."""
        kind = SUBJECT_OF[do]
        view = self.parts.hub.board.desk.get(kind, target) or await self.parts.store.view(kind, target)
        if view is None and places is None:
            view = await self._look_again(kind, target)
        if view is None:
            assert places is not None, "else it must exist"
            return places
        if not self._sees(view):
            raise no_such(kind, target)
        return (*(places or ()), place_to_act(do, view, self.parts.hub.board.sites_of_region))

    async def _look_again(self, kind: str, target: str) -> AnyView:
        """Something that must exist and is not in Redis: of an emptied Redis nobody knows what there is."""
        if not await self.parts.store.desk_is_filled():
            message = "What stands at the desk has not been read. Ask again, with the same Idempotency-Key."
            raise Refusal(503, "not_ready", message, retry_after="1")
        view = await self.parts.store.view(kind, target)  # it may have been filled a moment ago
        if view is None:
            raise no_such(kind, target)
        return view

    def _permit(self, do: str, places: tuple[Place, ...]) -> None:
        if not in_scope(self.who, do) or not all(may(self.by, do, place) for place in places):
            message = f"A {self.by.role.replace('_', ' ')} may not do that here. An administrator can say who may."
            raise Refusal(403, "not_allowed", message)

    def _sees(self, view: AnyView) -> bool:
        # Everybody may read the limits of adherence, so who may not change them is told so.
        return view.kind == "limits" or self.sight.sees_site(self.parts.hub.board.desk.place(view))

    async def _submit(self, command: AnyCommand) -> Outcome | None:
        try:
            return await self.parts.door.submit(command)
        except OtherOrderError:
            raise _other_order(command.id) from None
        except LogAwayError as error:
            message = (
                f"Kafka does not take commands now ({error}). Ask again with the header Idempotency-Key: {command.id} "
                "(it is done once at most)."
            )
            raise Refusal(503, "log_away", message, retry_after="2", idempotency_key=command.id) from None


def waiting(id_: str) -> Response:
    """The answer to a command that has no outcome yet."""
    message = f"The command is on its way. GET /v1/commands/{id_} tells what became of it."
    return _response(202, Waiting(id=id_, message=message), location=f"/v1/commands/{id_}")


def _other_order(id_: str) -> Refusal:
    return Refusal(422, "key_used", f"Idempotency-Key {id_} was used for another command: choose a new one.")


def _response(status: int, content: Done | Refused | Waiting, **headers: str) -> Response:
    return Response(
        content.model_dump_json(), status_code=status, media_type="application/json", headers=headers
    )  # fmt: skip


def revision_of(match: str | None) -> int | None:
    """The revision that an If-Match header names; None: any.

    Raises:
        Refusal: 422, it names none.
    """
    if match is None or match.strip() == "*":
        return None
    found = _REVISION.fullmatch(match.strip())
    if found is None:
        raise Refusal(422, "invalid", 'If-Match is a revision such as "7".')
    return int(found[1])


def _desk(
    parts: FilledParts, who: SignedIn, sight: Seen, key: KeyHeader = None, if_match: MatchHeader = None
) -> Desk:  # fmt: skip
    return Desk(parts, sight, who, actor_of(who), key or f"api-{secrets.token_hex(12)}", revision_of(if_match))


AtDesk = Annotated[Desk, Depends(_desk)]
