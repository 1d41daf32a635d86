"""Every name that two services must agree on: Kafka topics, Redis keys and channels.

A *namespace* prefixes them all, so that several installations, or several tests, share one broker and one Redis.
"""

from dataclasses import dataclass, field

DEFAULT_NAMESPACE = "floorwatch"


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic and how it must be created.

    Attributes:
        name: full name, namespace included.
        partitions: `None` for the installation's `partitions` setting, else a fixed count.
        compacted: kept for ever, newest record of a key; otherwise trimmed by time.
        retention_hours: for topics that are not compacted.
    """

    name: str
    partitions: int | None = None
    compacted: bool = False
    retention_hours: int = 24 * 35

    @property
    def config(self) -> dict[str, str]:
        """Broker settings of the topic."""
        common = {"max.message.bytes": str(MAX_RECORD_BYTES)}
        if self.compacted:
            # A worker that slept may write an old state after the new owner's newer one; compaction must not drop
            # the newer one before a recovery has seen both.
            return common | {"cleanup.policy": "compact", "min.compaction.lag.ms": str(6 * 3600 * 1000)}
        return common | {"cleanup.policy": "delete", "retention.ms": str(self.retention_hours * 3600 * 1000)}


MAX_RECORD_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one installation."""

    namespace: str = DEFAULT_NAMESPACE
    contacts: Topic = field(init=False)
    ivr: Topic = field(init=False)
    agents: Topic = field(init=False)
    schedules: Topic = field(init=False)
    forecasts: Topic = field(init=False)
    topology: Topic = field(init=False)
    positions: Topic = field(init=False)
    dead_letters: Topic = field(init=False)
    tiles: Topic = field(init=False)
    intervals: Topic = field(init=False)
    alerts: Topic = field(init=False)
    journal: Topic = field(init=False)
    accounts: Topic = field(init=False)
    outbox: Topic = field(init=False)

    def __post_init__(self) -> None:
        """Build every topic from the namespace."""

        def topic(field_name: str, **settings: int | bool) -> None:
            object.__setattr__(self, field_name, Topic(f"{self.namespace}.{field_name.replace('_', '-')}", **settings))  # type: ignore[arg-type]  # checked by the calls below

        # contacts: key decides the partition = queue id; a record is a batch of one partition's ContactEvents.
        topic("contacts")
        # ivr: the same with flow id; agents: the same with agent id.
        topic("ivr")
        topic("agents")
        # schedules: key = "agent|YYYY-MM-DD" or "exception|agent|id", partition = that of the agent; value = JSON of
        # contracts.schedules.
        topic("schedules", compacted=True)
        # forecasts: key = "site/queue|YYYY-MM-DD|version"; value = JSON of contracts.forecasts. Whoever follows it
        # lets older versions of a day be forgotten.
        topic("forecasts", partitions=1, compacted=True)
        # topology: key = "site|bank", "queue|bank/PS", "flow|bank/main" …; value = JSON of contracts.topology.
        topic("topology", partitions=1, compacted=True)
        # positions: key = feed id, or "feed|name" for other things that a feed keeps (the simulator's orders); value =
        # JSON, whatever the source needs to go on after a restart.
        topic("positions", partitions=1, compacted=True)
        topic("dead_letters", partitions=1)
        # tiles: one partition, because a rule may span all queues and what is decided must have one order. A record is
        # a JSON array of contracts.desk News and commands. One day: it only has to outlast a restart of alerts; what
        # people did stands in the journal.
        topic("tiles", partitions=1, retention_hours=24)
        # intervals: AgentDay and Repeats as well, by their ids; partition = that of the queue, flow or agent in its
        # source topic.
        topic("intervals", compacted=True)
        # alerts: every transition, key = transition id, kept as a history.
        topic("alerts", partitions=1, retention_hours=24 * 400)
        # journal: every Outcome (with its command), PlanStep, MoveStep, and what was done to accounts; key = its id.
        topic("journal", partitions=1, retention_hours=24 * 400)
        # accounts: key = "account|name", "key|id", "device|id" or "session|id"; value = JSON of contracts.accounts.
        topic("accounts", partitions=1, compacted=True)
        # outbox: key = "transition|channel"; value = JSON Delivery; and "position|topic": how far a topic is told.
        # In which order they count stands in contracts.notify.
        topic("outbox", partitions=1, compacted=True)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """All topics, in the order in which they are created."""
        return (
            self.contacts, self.ivr, self.agents, self.schedules, self.forecasts, self.topology, self.positions,
            self.dead_letters, self.tiles, self.intervals, self.alerts, self.journal, self.accounts, self.outbox,
        )  # fmt: skip

    # Redis. Everything here can be thrown away: metrics and alerts fill it again from their state and the log.

    @property
    def tiles_key(self) -> str:
        """Hash: queue id → Tile JSON."""
        return f"{self.namespace}:tiles"

    @property
    def feeds_key(self) -> str:
        """Hash: FeedClock id → FeedClock JSON."""
        return f"{self.namespace}:feeds"

    @property
    def agents_key(self) -> str:
        """Hash: agent id → AgentTile JSON."""
        return f"{self.namespace}:agents"

    def agent_days_key(self, date: str) -> str:
        """Hash of one local day: agent id → AgentDay JSON."""
        return f"{self.namespace}:agent-days:{date}"

    def repeats_key(self, scope: str, date: str) -> str:
        """Hash of one queue's local day: interval start (epoch ms) → Repeats JSON."""
        return f"{self.namespace}:repeats:{date}:{scope}"

    @property
    def topology_key(self) -> str:
        """Hash: topology record key → JSON."""
        return f"{self.namespace}:topology"

    @property
    def progress_key(self) -> str:
        """Hash: `topic|partition` → offset of the newest record whose effects are all published (see Progress)."""
        return f"{self.namespace}:progress"

    @property
    def alerts_key(self) -> str:
        """Hash: alert id → Alert JSON (each rule and scope that is not inactive, and the last resolved ones)."""
        return f"{self.namespace}:alerts"

    @property
    def transitions_key(self) -> str:
        """List: newest first, AlertTransition JSON, trimmed to the last 1,000."""
        return f"{self.namespace}:transitions"

    def desk_key(self, kind: str) -> str:
        """Hash of one kind of view of the desk (rule, silence, plan, move, limits …): id → JSON."""
        return f"{self.namespace}:desk:{kind}"

    @property
    def deliveries_key(self) -> str:
        """Hash: delivery id → Delivery JSON, of the last 1,000."""
        return f"{self.namespace}:deliveries"

    @property
    def channels_key(self) -> str:
        """Hash: channel id → ChannelView JSON, of the worker that sends."""
        return f"{self.namespace}:channels"

    @property
    def journal_key(self) -> str:
        """List: newest first, JSON of what stands in the journal, trimmed to the last 1,000."""
        return f"{self.namespace}:journal"

    def outcome_key(self, command: str) -> str:
        """Outcome JSON of one command; kept for a day, so that the same command again gets the same answer."""
        return f"{self.namespace}:outcome:{command}"

    def day_key(self, scope: str, date: str) -> str:
        """Hash of one queue's or flow's local day: interval start (epoch ms) → Interval or IvrInterval JSON."""
        return f"{self.namespace}:day:{date}:{scope}"

    def filled_key(self, service: str, partition: int) -> str:
        """Marker: present while this Redis holds all that `service` knows of `partition`; gone after FLUSHALL."""
        return f"{self.namespace}:filled:{service}:{partition}"

    def sign_in_key(self, token: str) -> str:
        """One-time sign-in link: the value is a role, or `account|NAME`; GETDEL makes it single-use."""
        return f"{self.namespace}:sign-in:{token}"

    def wall_code_key(self, code: str) -> str:
        """Code that a wall shows while it waits to be let in: JSON with the hash of its secret, then its device."""
        return f"{self.namespace}:wall-code:{code}"

    @property
    def changes_channel(self) -> str:
        """Pub/sub: each message is a JSON array of changed objects, told apart by `kind`.

        Tile, AgentTile, AgentDay, Interval, IvrInterval, Repeats, FeedClock, Alert, RuleView, Silence, PlanView,
        MoveView, AdherenceLimitsView, Outcome, and Gone for a view of the desk that is no more.
        """
        return f"{self.namespace}:changes"
