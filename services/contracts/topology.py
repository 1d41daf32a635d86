"""What the floor is made of: sites, queues, IVR flows, and the targets they are held to."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.contracts.definitions import DefinitionName

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
ScopedId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}/[^\s/|][^/|\n]{0,95}$")]
"""`site/queue` or `site/flow`."""


class Contract(BaseModel):
    """Base of all contracts: immutable, and an unknown field is an error where the object is built."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Contract):
    """A name in the languages of the pages."""

    en: str
    zh: str


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except Exception as error:
        raise ValueError(f"{name!r} is no IANA time zone, such as Asia/Jerusalem") from error
    return name


Timezone = Annotated[str, AfterValidator(_known_zone)]
Seconds = Annotated[int, Field(gt=0, le=86_400)]


class Site(Contract):
    """A centre. Its half-hours are those of its own time zone."""

    kind: Literal["site"] = "site"
    id: Id
    name: Text
    timezone: Timezone = "UTC"


class Queue(Contract):
    """A queue and its target: `target_percent` of contacts answered within `target_s`.

    `thresholds_s` are all the T that are counted (`target_s` always is); an abandon before `short_abandon_s` is short.
    """

    kind: Literal["queue"] = "queue"
    id: ScopedId
    name: Text
    target_s: Seconds = 20
    target_percent: Annotated[float, Field(gt=0, le=100)] = 80.0
    thresholds_s: tuple[Seconds, ...] = (20, 30)
    short_abandon_s: Annotated[float, Field(ge=0, le=3600)] = 5.0
    definition: DefinitionName = "offered"

    @property
    def site(self) -> str:
        """Id of the site it belongs to."""
        return self.id.partition("/")[0]

    @property
    def counted_thresholds_s(self) -> tuple[int, ...]:
        """Every T that is counted, ascending, the target's included."""
        return tuple(sorted({*self.thresholds_s, self.target_s}))


class Flow(Contract):
    """A voice menu."""

    kind: Literal["flow"] = "flow"
    id: ScopedId
    name: Text

    @property
    def site(self) -> str:
        """Id of the site it belongs to."""
        return self.id.partition("/")[0]


TopologyRecord = Annotated[Site | Queue | Flow, Field(discriminator="kind")]


class Topology(Contract):
    """A whole floor, as a YAML file gives it."""

    sites: tuple[Site, ...] = ()
    queues: tuple[Queue, ...] = ()
    flows: tuple[Flow, ...] = ()

    @property
    def records(self) -> tuple[Site | Queue | Flow, ...]:
        """Every record, sites first."""
        return (*self.sites, *self.queues, *self.flows)


def record_key(record: Site | Queue | Flow) -> str:
    """Key of a record on the topology topic and in Redis."""
    return f"{record.kind}|{record.id}"


def unknown_site(site: str) -> Site:
    """What is assumed of a site that sends events before anyone has described it."""
    return Site(id=site, name=Text(en=site, zh=site))


def unknown_queue(queue: str) -> Queue:
    """What is assumed of a queue that sends events before anyone has described it."""
    name = queue.partition("/")[2]
    return Queue(id=queue, name=Text(en=name, zh=name))
