"""What the topology says of sites, queues, menus, teams and agents, and what is assumed of those it does not know."""

from collections.abc import Iterable

from services.contracts.definitions import GenesysSwitches
from services.contracts.topology import (
    DEFAULT_ACTIVITIES,
    Activities,
    ActivityKind,
    Agent,
    Description,
    Flow,
    Queue,
    Site,
    Team,
    Text,
    Topology,
    record_key,
    unknown_queue,
    unknown_site,
)
from services.contracts.workforce.activities import ActivityTable


class Directory:
    """Records of the topology by `kind|id`."""

    def __init__(self) -> None:
        self.records: dict[str, Description] = {}
        self._activities = DEFAULT_ACTIVITIES, ActivityTable(DEFAULT_ACTIVITIES)

    def describe(self, records: Iterable[Description], *, complete: bool) -> list[str]:
        """Take in descriptions; `complete`: there are no others. Keys of those that changed."""
        before, told = self.records, {record_key(record): record for record in records}
        self.records = told if complete else before | told
        return [key for key in before.keys() | told.keys() if before.get(key) != self.records.get(key)]

    def __contains__(self, key: str) -> bool:
        """Whether `kind|id` is described."""
        return key in self.records

    def site(self, id_: str) -> Site:
        """A site."""
        record = self.records.get(f"site|{id_}")
        return record if isinstance(record, Site) else unknown_site(id_)

    def queue(self, id_: str) -> Queue:
        """A queue."""
        record = self.records.get(f"queue|{id_}")
        return record if isinstance(record, Queue) else unknown_queue(id_)

    def queue_name(self, id_: str) -> Text:
        """Name of what a menu calls a queue, whether or not its id can be one."""
        record = self.records.get(f"queue|{id_}")
        name = id_.partition("/")[2] or id_
        return record.name if isinstance(record, Queue) else Text(en=name, zh=name)

    def flow(self, id_: str) -> Flow:
        """A voice menu."""
        record = self.records.get(f"flow|{id_}")
        name = id_.partition("/")[2]
        return record if isinstance(record, Flow) else Flow(id=id_, name=Text(en=name, zh=name))

    def team_name(self, id_: str) -> Text:
        """Name of a team."""
        record = self.records.get(f"team|{id_}")
        name = id_.partition("/")[2] or id_
        return record.name if isinstance(record, Team) else Text(en=name, zh=name)

    def switches(self, queue: str) -> GenesysSwitches:
        """Genesys switches of a queue."""
        return self.queue(queue).genesys

    def activities_as(self, kind: ActivityKind) -> frozenset[str]:
        """Activities that count as one kind: as work, or as an absence."""
        return frozenset(activity.id for activity in self.activities.activities if activity.counts_as == kind)

    @property
    def activities(self) -> Activities:
        """What agents' states mean."""
        record = self.records.get("activities|activities")
        return record if isinstance(record, Activities) else DEFAULT_ACTIVITIES

    @property
    def activity_table(self) -> ActivityTable:
        """Which activity a state means, and what it counts as: the same object until the activities change."""
        activities = self.activities
        if activities is not self._activities[0]:
            self._activities = activities, ActivityTable(activities)
        return self._activities[1]

    def ids(self, kind: type[Site] | type[Queue] | type[Flow] | type[Team]) -> set[str]:
        """Ids of everything of a kind that is described."""
        return {record.id for record in self.records.values() if isinstance(record, kind)}

    @property
    def topology(self) -> Topology:
        """All that is described."""
        records = self.records.values()
        return Topology(
            sites=tuple(r for r in records if isinstance(r, Site)),
            queues=tuple(r for r in records if isinstance(r, Queue)),
            flows=tuple(r for r in records if isinstance(r, Flow)),
            teams=tuple(r for r in records if isinstance(r, Team)),
            agents=tuple(r for r in records if isinstance(r, Agent)),
            activities=next((r for r in records if isinstance(r, Activities)), None),
        )
