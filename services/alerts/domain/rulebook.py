"""The rules in force: made and changed by people, imported from a file, each with its revision."""

from collections.abc import Iterable, Iterator

from services.alerts.domain.conditions import would_fire
from services.alerts.domain.floor import Floor
from services.alerts.domain.section import Answer, View
from services.contracts.alerts import Rule, RuleView
from services.contracts.desk import ImportRules, PutRule, RemoveRule, TryRule

KIND = "rule"


class Rulebook:
    """Rules by id. `digest`: of the file that was imported last."""

    def __init__(self, rules: Iterable[RuleView] = (), digest: str = "", gone: dict[str, int] | None = None) -> None:
        """Begin with these; `gone` has the last revision of rules that were removed."""
        self.views = {view.id: view for view in rules}
        self.digest = digest
        self.gone = gone or {}

    @property
    def rules(self) -> Iterator[Rule]:
        """Those that are switched on."""
        return (view.rule for view in self.views.values() if view.rule.enabled)

    def put(self, command: PutRule, floor: Floor) -> tuple[Answer, list[View]]:
        """Make or change a rule. The message says which alerts it begins now."""
        rule, known = command.rule, self.views.get(command.rule.id)
        if rule.id != command.target:
            return Answer("invalid", f"rule.id is {rule.id!r}, the target is {command.target!r}"), []
        if (refused := _stale(known, command.expected)) is not None:
            return refused, []
        if known is not None and known.rule == rule and known.origin == "person":
            return Answer("same", subject=f"{KIND}|{rule.id}", revision=known.revision), []
        view = self._set(rule, "person", command.by.name, command.at)
        firing = [alert.id for alert in would_fire(rule, floor)] if rule.enabled else []
        begins = f"begins now: {', '.join(firing[:20])}" + (" …" if len(firing) > 20 else "") if firing else ""
        return Answer("done", begins, f"{KIND}|{rule.id}", view.revision), [View(KIND, rule.id, view)]

    def remove(self, command: RemoveRule) -> tuple[Answer, list[View]]:
        """Take a rule away."""
        known = self.views.get(command.target)
        if known is None:
            return Answer("unknown_target", f"there is no rule {command.target!r}"), []
        if (refused := _stale(known, command.expected)) is not None:
            return refused, []
        self._drop(known.id)
        return Answer("done", subject=f"{KIND}|{known.id}"), [View(KIND, known.id, None)]

    def take_file(self, command: ImportRules) -> tuple[Answer, list[View]]:
        """The rules of a file: its own that it has no longer go, those that people have edited stay."""
        if command.by.via != "service":
            return self._take_edited(command)
        if command.digest == self.digest:
            return Answer("same", "this file was imported before"), []
        self.digest = command.digest
        named = {rule.id for rule in command.file.rules}
        views = []
        for known in list(self.views.values()):
            if known.origin == "file" and known.id not in named:
                self._drop(known.id)
                views.append(View(KIND, known.id, None))
        for rule in command.file.rules:
            held = self.views.get(rule.id)
            if held is None or (held.origin == "file" and held.rule != rule):
                views.append(View(KIND, rule.id, self._set(rule, "file", command.by.name, command.at)))
        kept = sorted(known.id for known in self.views.values() if known.origin == "person" and known.id in named)
        message = f"{len(views)} rules changed" + (f"; edited by people and kept: {', '.join(kept)}" if kept else "")
        return Answer("done", message), views

    def _take_edited(self, command: ImportRules) -> tuple[Answer, list[View]]:
        """A person's file: as if each rule of it had been put, so the installation's own file leaves them alone."""
        views = []
        for rule in command.file.rules:
            held = self.views.get(rule.id)
            if held is None or held.rule != rule or held.origin != "person":
                views.append(View(KIND, rule.id, self._set(rule, "person", command.by.name, command.at)))
        return Answer("done" if views else "same", f"{len(views)} rules changed"), views

    def try_(self, command: TryRule, floor: Floor) -> Answer:
        """Which alerts a rule would begin now; nothing changes."""
        would = tuple(alert.id for alert in would_fire(command.rule, floor))
        return Answer("done", f"{len(would)} alerts would begin now", would=would)

    def _set(self, rule: Rule, origin: str, by: str, at: int) -> RuleView:
        known = self.views.get(rule.id)
        revision = (known.revision if known else self.gone.pop(rule.id, 0)) + 1
        view = RuleView.model_validate(
            {"id": rule.id, "revision": revision, "rule": rule, "origin": origin, "changed_by": by, "changed_at": at}
        )
        self.views[rule.id] = view
        return view

    def _drop(self, id_: str) -> None:
        self.gone[id_] = self.views.pop(id_).revision


def _stale(known: RuleView | None, expected: int | None) -> Answer | None:
    now = known.revision if known else 0
    if expected is None or expected == now:
        return None
    return Answer("stale", f"it is at revision {now}, not {expected}", f"{KIND}|{known.id}" if known else "", now)
