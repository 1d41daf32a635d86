"""Builders that speak the floor: rules, tiles and clocks, seconds instead of milliseconds."""

from collections.abc import Iterable
from typing import Any

from services.alerts.domain.alerts import Alerts
from services.alerts.domain.conditions import Reading, read
from services.alerts.domain.conditions.place import Place
from services.alerts.domain.desk import Desk
from services.alerts.domain.floor import Floor
from services.alerts.domain.section import Fact
from services.contracts.alerts import Alert, AlertTransition, Condition, Rule, RuleFile, ScopeKind
from services.contracts.definitions import Counts
from services.contracts.desk import AnyCommand, ImportRules, News, Outcome, Tick, command_adapter
from services.contracts.metrics import FeedClock, Tile
from services.contracts.names import Names
from services.contracts.people import SERVICE

NAMES = Names("floor")

NAME = {"en": "A rule", "zh": "规则"}


def rule(**wanted: Any) -> Rule:
    scope = wanted.pop("scope", "queue")
    base = {"id": "r", "name": NAME, "scope": {"kind": scope} if isinstance(scope, str) else scope}
    flat = {"metric": "queue_length", "direction": "above", "threshold": 10, "clear": 5}
    return Rule.model_validate(base | ({} if "when" in wanted else flat) | wanted)


def rules(*wanted: Rule) -> RuleFile:
    return RuleFile(rules=wanted)


def tile(queue: str, at: float, *, waiting: int = 0, oldest: float | None = None, t: int = 20, **counts: int) -> Tile:
    return Tile(
        id=queue, as_of=round(at * 1000), offset=0, target_s=t, target_percent=80, definition="offered",
        rolling={t: Counts(**counts)}, waiting=waiting,
        oldest_offered_at=None if oldest is None else round(oldest * 1000),
    )  # fmt: skip


def clock(site: str, at: float, *, partition: int = 0, source: str = "acd", topic: str = "contacts") -> FeedClock:
    return FeedClock(id=f"{source}|{site}|{topic}|{partition}", source=source, site=site, at=round(at * 1000), rate=1)


def told(transitions: list[AlertTransition]) -> list[str]:
    """`scope: previous → state at seconds (value)`."""
    return [
        f"{t.alert.scope}: {t.previous} → {t.alert.state} at {t.at / 1000:g}"
        + ("" if t.alert.value is None else f" ({t.alert.value:g})")
        for t in transitions
    ]


def tick(at: float) -> Tick:
    return Tick(at=round(at * 1000))


def import_rules(file: RuleFile, digest: str = "first", at: float = 0) -> ImportRules:
    return ImportRules(id=f"rules-{digest}", at=round(at * 1000), by=SERVICE, target="rules", file=file, digest=digest)


def look(condition: Condition, scope: str, kind: ScopeKind, floor: Floor) -> Reading:
    """A condition at a scope of a floor that was put together by hand."""
    floor.turn_days((), everywhere=True)
    return read(condition, Place(floor, kind, scope))


def turns_of(reading: Reading, after: int, before: int) -> list[int]:
    """All turns between two moments (ms)."""
    found = [after]
    while (turn := reading.turn(found[-1])) is not None and turn < before:
        found.append(turn)
    return found[1:]


def command(do: str, target: str, at: float, *, by: str = "ana", role: str = "supervisor", **more: Any) -> AnyCommand:
    id_ = more.pop("id", f"{do}-{at:g}-{by}")
    content = {"do": do, "id": id_, "at": round(at * 1000), "by": {"name": by, "role": role}}
    return command_adapter.validate_python(content | {"target": target} | more)


def transitions(facts: Iterable[Fact]) -> list[AlertTransition]:
    return [fact.value for fact in facts if isinstance(fact.value, AlertTransition)]


class Engine:
    """A desk with one section, alerts, that has been given its rules."""

    def __init__(self, file: RuleFile) -> None:
        self.alerts_section = Alerts(NAMES)
        self.desk = Desk(NAMES, [self.alerts_section])
        self.desk.restore(None)
        self.desk.take([import_rules(file)])
        self.outcomes: list[Outcome] = []

    def take(self, items: Iterable[News | AnyCommand]) -> list[AlertTransition]:
        facts = self.desk.take(items)
        self.outcomes += [fact.value for fact in facts if isinstance(fact.value, Outcome)]
        return transitions(facts)

    def obey(self, given: AnyCommand) -> Outcome:
        self.take([given])
        return self.outcomes[-1]

    def adopt(self, file: RuleFile, digest: str = "second") -> list[AlertTransition]:
        """Another rules file."""
        return self.take([import_rules(file, digest)])

    def snapshot(self) -> bytes:
        return self.desk.snapshot()

    def restore(self, snapshot: bytes) -> list[AlertTransition]:
        return transitions(self.desk.restore(snapshot))

    def alerts(self) -> list[Alert]:
        return self.alerts_section.alerts()

    def alert(self, id_: str) -> Alert:
        return next(alert for alert in self.alerts() if alert.id == id_)
