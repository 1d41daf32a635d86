"""What routes about accounts, keys and walls share: who may, which revision was seen, and what Kafka says."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import Depends, Response

from services.api.accounts import StaleError
from services.api.domain.actors import actor_of, in_scope, may
from services.api.domain.answers import Session
from services.api.pen import LogAwayError
from services.api.routes.orders import revision_of
from services.api.routes.parts import AllParts, Parts, Refusal, SignedIn, needs_accounts, problems
from services.contracts.people import PersonName

CHANGES = problems(403, 404, 409, 422, 503)


async def written(change: Awaitable[None]) -> None:
    """Have something written.

    Raises:
        Refusal: 409, it has changed meanwhile; 503, Kafka does not take it.
    """
    try:
        await change
    except StaleError:
        raise stale() from None
    except LogAwayError as error:
        message = f"Kafka does not take the change now ({error}). Look whether it was made, and ask again."
        raise Refusal(503, "log_away", message, retry_after="2") from None


def stale() -> Refusal:
    """Somebody else was quicker."""
    return Refusal(409, "stale", "It has changed since you saw it. Look at its present state, and ask again.")


def permit(who: Session, do: str) -> None:
    """Whether a session may do what is for the whole installation.

    Raises:
        Refusal: 403, it may not.
    """
    if not in_scope(who, do) or not may(actor_of(who), do, None):
        message = f"A {who.role.replace('_', ' ')} of these sites may not do that. An administrator can say who may."
        raise Refusal(403, "not_allowed", message)


def as_seen(revision: int, if_match: str | None) -> None:
    """Whether somebody saw what stands.

    Raises:
        Refusal: 409, they saw another revision.
    """
    seen = revision_of(if_match)
    if seen is not None and seen != revision:
        raise stale()


def tagged(response: Response, revision: int) -> None:
    """Say which revision an answer is of."""
    response.headers["etag"] = f'"{revision}"'


def _administrator(who: SignedIn, parts: AllParts) -> PersonName:
    needs_accounts(parts)
    permit(who, "accounts")
    return actor_of(who).name


def _known(parts: AllParts) -> Parts:
    needs_accounts(parts)
    return parts


Administrator = Annotated[PersonName, Depends(_administrator)]
"""Name of somebody who may change accounts and keys."""
KnownParts = Annotated[Parts, Depends(_known)]
"""The parts, once accounts have been read."""
