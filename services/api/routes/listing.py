"""Lists of the board's items, as they are already encoded."""

from collections.abc import Iterable

from fastapi import Response

from services.api.domain.access import Sight
from services.api.domain.ledger import Entry
from services.api.routes.parts import Parts, Refusal


def json_answer(body: bytes) -> Response:
    """An answer of JSON that is already encoded."""
    return Response(body, media_type="application/json")


def listed(name: bytes, entries: Iterable[Entry]) -> Response:
    """`{"NAME": [items]}`."""
    return json_answer(b'{"%b":[%b]}' % (name, b",".join(entry.body for entry in entries if entry.body is not None)))


def entries_of(parts: Parts, kind: str, sight: Sight) -> list[Entry]:
    """Items of a kind that may be seen, by id."""
    ledger = parts.hub.board.ledger
    return sorted(
        (entry for entry in ledger.present((kind,)) if sight.sees_site(entry.site)),
        key=lambda entry: entry.id,
    )


def one_of(parts: Parts, kind: str, id_: str, sight: Sight) -> Response:
    """One view of the desk; its revision is its ETag.

    Raises:
        Refusal: 404, it is not there or not for these eyes.
    """
    view = parts.hub.board.desk.get(kind, id_)
    if view is None or not sight.sees_site(parts.hub.board.desk.place(view)):
        raise no_such(kind, id_)
    answer = json_answer(view.model_dump_json().encode())
    answer.headers["etag"] = f'"{view.revision}"'
    return answer


def no_such(kind: str, id_: str) -> Refusal:
    """There is nothing of that name, or not for these eyes."""
    return Refusal(404, "unknown_target", f"There is no {kind} {id_!r}. GET /v1/{kind}s lists those there are.")
