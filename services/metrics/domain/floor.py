"""What the topology says of each site and queue, with sensible assumptions for those that nobody has described."""

from pydantic import TypeAdapter, ValidationError

from services.contracts.topology import (
    DEFAULT_ACTIVITIES,
    Activities,
    Agent,
    Description,
    Queue,
    ScopedId,
    Site,
    TopologyRecord,
    record_key,
    unknown_queue,
    unknown_site,
)

_adapter: TypeAdapter[Description] = TypeAdapter(TopologyRecord)
_scoped_id: TypeAdapter[str] = TypeAdapter(ScopedId)


class Floor:
    """Sites, queues and flows by their newest description."""

    def __init__(self) -> None:
        """A floor that nobody has described."""
        self._records: dict[str, Description] = {}

    @property
    def records(self) -> dict[str, str]:
        """All descriptions as JSON by their topology key."""
        return {key: record.model_dump_json() for key, record in self._records.items()}

    def check(self, key: str, value: bytes | None) -> Description | None:
        """Read a record of the topology topic; None takes a description back.

        Raises:
            ValueError: it can't be read, or its key is another's.
        """
        if value is None:
            return None
        record = _adapter.validate_json(value)
        if record_key(record) != key:
            raise ValueError(f"the record with key {key!r} describes {record_key(record)!r}")
        return record

    def learn(self, key: str, value: bytes | None) -> bool:
        """Take in a record of the topology topic. True if that changed anything.

        Raises:
            ValueError: see `check`; what was known stays.
        """
        record = self.check(key, value)
        if record is None:
            return self._records.pop(key, None) is not None
        changed = self._records.get(key) != record
        self._records[key] = record
        return changed

    def queue(self, queue: str) -> Queue:
        """The queue's description."""
        found = self._records.get(f"queue|{queue}")
        return found if isinstance(found, Queue) else unknown_queue(queue)

    def agent(self, agent: str) -> Agent | None:
        """The agent's description, if there is one."""
        found = self._records.get(f"agent|{agent}")
        return found if isinstance(found, Agent) else None

    @property
    def activities(self) -> Activities:
        """What agents do, and which state means which."""
        found = self._records.get("activities|activities")
        return found if isinstance(found, Activities) else DEFAULT_ACTIVITIES

    def timezone(self, site: str) -> str:
        """IANA name of a site's zone."""
        found = self._records.get(f"site|{site}")
        return found.timezone if isinstance(found, Site) else unknown_site(site).timezone


def is_scoped_id(name: str) -> bool:
    """Whether it has the form site/queue or site/flow."""
    try:
        _scoped_id.validate_python(name)
    except ValidationError:
        return False
    return True


def is_site_id(name: str) -> bool:
    """Whether it has the form of a site's id."""
    return is_scoped_id(f"{name}/x")
