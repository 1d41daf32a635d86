"""What the floor is made of: sites, queues, IVR flows, and the targets they are held to."""

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from services.contracts.definitions import DEFAULT_SWITCHES, DefinitionName, GenesysSwitches
from services.contracts.events import AgentState, Channel

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]
ScopedId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}/[^\s/|][^/|\n]{0,95}$")]
"""`site/queue` or `site/flow`."""


Moment = Annotated[int, Field(ge=0, le=4_103_000_000_000, description="epoch ms")]
"""No clock is before 1970 or after 2100: calendars, which local days are asked of, end somewhere."""


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
    """A centre. Its half-hours are those of its own time zone. `region` groups centres; empty: none."""

    kind: Literal["site"] = "site"
    id: Id
    name: Text
    timezone: Timezone = "UTC"
    region: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.\-]{0,63})?$")] = ""


GHOST_AFTER_S: dict[Channel, int] = {"voice": 4 * 3600, "chat": 4 * 3600, "email": 7 * 86_400, "task": 7 * 86_400}
"""A leg without an outcome and without a sign of life for so long is a ghost, where its queue says nothing else."""


class ChannelTerms(Contract):
    """What contacts of one channel are held to, in a queue that takes several."""

    target_s: Seconds
    target_percent: Annotated[float, Field(gt=0, le=100)] = 80.0
    short_abandon_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    response_objective_s: Annotated[int, Field(gt=0, le=30 * 86_400)] | None = None
    ghost_after_s: Annotated[int, Field(gt=0, le=30 * 86_400)] | None = None


class Queue(Contract):
    """A queue and its target: `target_percent` of contacts answered within `target_s`.

    `thresholds_s` are all the T that are counted (`target_s` always is); an abandon before `short_abandon_s` is short.
    `channels` has terms of their own for contacts of some channels; the others are held to the queue's.
    `response_objective_s`: a contact is to be dealt with (ended) so long after its arrival. `skill` names what an agent
    must know to serve it; empty: the queue itself.
    """

    kind: Literal["queue"] = "queue"
    id: ScopedId
    name: Text
    target_s: Seconds = 20
    target_percent: Annotated[float, Field(gt=0, le=100)] = 80.0
    thresholds_s: tuple[Seconds, ...] = (20, 30)
    short_abandon_s: Annotated[float, Field(ge=0, le=3600)] = 5.0
    definition: DefinitionName = "offered"
    genesys: GenesysSwitches = DEFAULT_SWITCHES
    response_objective_s: Annotated[int, Field(gt=0, le=30 * 86_400)] | None = None
    ghost_after_s: Annotated[int, Field(gt=0, le=30 * 86_400)] | None = None
    channels: dict[Channel, ChannelTerms] = Field(default_factory=dict)
    skill: Annotated[str, StringConstraints(max_length=96)] = ""

    @property
    def site(self) -> str:
        """Id of the site it belongs to."""
        return self.id.partition("/")[0]

    @property
    def counted_thresholds_s(self) -> tuple[int, ...]:
        """Every T that is counted, ascending, the target's included."""
        return tuple(sorted({*self.thresholds_s, self.target_s}))


AUTO = "auto"
"""Key of a choice that nobody makes: the node goes on by itself."""


class MenuChoice(Contract):
    """A key of a menu and the node that it leads to; `to` may also be a queue's id, or "end".

    Key "auto": the node goes on by itself, with no input.
    """

    key: Annotated[str, StringConstraints(min_length=1, max_length=8)]
    to: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class MenuNode(Contract):
    """A node of a voice menu. `shortcut`: only customers of segments such as VIP are led here, past the menu."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    name: Text
    choices: tuple[MenuChoice, ...] = ()
    shortcut: bool = False


class Flow(Contract):
    """A voice menu; `nodes`, its own definition where known: the first one is where callers enter."""

    kind: Literal["flow"] = "flow"
    id: ScopedId
    name: Text
    nodes: tuple[MenuNode, ...] = ()

    @property
    def site(self) -> str:
        """Id of the site it belongs to."""
        return self.id.partition("/")[0]


class Team(Contract):
    """Agents under one lead."""

    kind: Literal["team"] = "team"
    id: ScopedId
    name: Text
    lead: str = ""

    @property
    def site(self) -> str:
        """Id of the site it belongs to."""
        return self.id.partition("/")[0]


class Agent(Contract):
    """A person who serves contacts: which queues, of which team (`site/team`)."""

    kind: Literal["agent"] = "agent"
    id: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f|]+$")]
    name: str = ""
    site: Id
    team: Annotated[str, StringConstraints(max_length=160)] = ""
    queues: tuple[ScopedId, ...] = ()


ActivityKind = Literal["work", "break", "training", "meeting", "absence", "other"]
"""`work` is time for contacts; all the others are shrinkage."""
ActivityId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Activity(Contract):
    """What a schedule plans and what agents' states are mapped to. `tolerance_s`: so late or early is still in."""

    id: ActivityId
    name: Text
    counts_as: ActivityKind
    tolerance_s: Annotated[int, Field(ge=0, le=3600)] = 180
    paid: bool = True


class StateMapping(Contract):
    """A row of the table from state and reason to activity; empty reason: every reason without a row of its own."""

    state: AgentState
    reason: Annotated[str, StringConstraints(max_length=128)] = ""
    activity: ActivityId


class Activities(Contract):
    """The activities of an installation, and which state and reason means which."""

    kind: Literal["activities"] = "activities"
    id: Literal["activities"] = "activities"
    activities: tuple[Activity, ...]
    mappings: tuple[StateMapping, ...]

    @model_validator(mode="after")
    def _mapped_to_what_there_is(self) -> Self:
        known = {activity.id for activity in self.activities}
        for number, mapping in enumerate(self.mappings):
            if mapping.activity not in known:
                raise ValueError(f"mappings[{number}]: there is no activity {mapping.activity!r}")
        return self


Description = Site | Queue | Flow | Team | Agent | Activities
"""A record of the topology topic."""
TopologyRecord = Annotated[Description, Field(discriminator="kind")]
record_adapter: TypeAdapter[Description] = TypeAdapter(TopologyRecord)


class Topology(Contract):
    """A whole floor, as a YAML file gives it."""

    sites: tuple[Site, ...] = ()
    queues: tuple[Queue, ...] = ()
    flows: tuple[Flow, ...] = ()
    teams: tuple[Team, ...] = ()
    agents: tuple[Agent, ...] = ()
    activities: Activities | None = None

    @property
    def records(self) -> tuple[Description, ...]:
        """Every record, sites first."""
        activities = () if self.activities is None else (self.activities,)
        return (*self.sites, *self.queues, *self.flows, *self.teams, *self.agents, *activities)


def record_key(record: Description) -> str:
    """Key of a record on the topology topic and in Redis."""
    return f"{record.kind}|{record.id}"


def unknown_site(site: str) -> Site:
    """What is assumed of a site that sends events before anyone has described it."""
    return Site(id=site, name=Text(en=site, zh=site))


def unknown_queue(queue: str) -> Queue:
    """What is assumed of a queue that sends events before anyone has described it."""
    name = queue.partition("/")[2]
    return Queue(id=queue, name=Text(en=name, zh=name))


def _text(en: str, zh: str) -> Text:
    return Text(en=en, zh=zh)


DEFAULT_ACTIVITIES = Activities(
    activities=(
        Activity(id="on_queue", name=_text("On queue", "接听"), counts_as="work"),
        Activity(id="break", name=_text("Break", "小休"), counts_as="break"),
        Activity(id="meal", name=_text("Meal", "用餐"), counts_as="break", paid=False),
        Activity(id="training", name=_text("Training", "培训"), counts_as="training"),
        Activity(id="meeting", name=_text("Meeting", "会议"), counts_as="meeting"),
        Activity(id="off_queue", name=_text("Off-queue work", "非接听工作"), counts_as="other"),
        Activity(id="absent", name=_text("Not signed in", "未签入"), counts_as="absence", paid=False),
    ),
    mappings=(
        StateMapping(state="available", activity="on_queue"),
        StateMapping(state="ringing", activity="on_queue"),
        StateMapping(state="talking", activity="on_queue"),
        StateMapping(state="hold", activity="on_queue"),
        StateMapping(state="wrap_up", activity="on_queue"),
        StateMapping(state="not_ready", activity="off_queue"),
        StateMapping(state="not_ready", reason="break", activity="break"),
        StateMapping(state="not_ready", reason="meal", activity="meal"),
        StateMapping(state="not_ready", reason="lunch", activity="meal"),
        StateMapping(state="not_ready", reason="training", activity="training"),
        StateMapping(state="not_ready", reason="meeting", activity="meeting"),
        StateMapping(state="offline", activity="absent"),
    ),
)
"""What holds until an administrator edits it."""
