"""Who does something: roles, and the person (or program) named in a command.

A role says what may be done, `sites` and `teams` where: None is everywhere. A team lead acts for own teams only.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.contracts.topology import Contract, Id

Role = Literal["viewer", "supervisor", "team_lead", "dispatcher", "administrator"]
Language = Literal["en", "zh"]
KeyScope = Literal["read", "act", "admin", "send"]
"""What a key is for: to look, to give commands, to change rules, plans and accounts, each as far as its role may; and
to send events and plans to ingest."""
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f|]+$")]


class Actor(Contract):
    """Who gave a command. `floorwatch` itself acts where a plan or a rule file says so (`via` service)."""

    name: PersonName
    role: Role
    via: Literal["page", "key", "service"] = "page"
    sites: tuple[Id, ...] | None = Field(default=None, description="what the person may act on; None: every site")
    teams: tuple[str, ...] | None = Field(default=None, description="of a team lead: `site/team`; None: every team")


SERVICE = Actor(name="floorwatch", role="administrator", via="service")
