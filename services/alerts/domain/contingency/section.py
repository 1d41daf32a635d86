"""Contingency plans as a section of the desk: commands in, steps and views out."""

from collections.abc import Iterable

import msgspec

from services.alerts.domain.contingency.ladder import Ladder, LadderState, site_of_plan
from services.alerts.domain.floor import Floor, site_of
from services.alerts.domain.section import Answer, Changed, Fact, View
from services.contracts.contingency import ActionState, PlanDefinition, PlanStep, PlanView
from services.contracts.desk import (
    ActivatePlan,
    AnyCommand,
    CompleteAction,
    DeclinePlan,
    PutPlan,
    RemovePlan,
    StandDown,
)
from services.contracts.names import Names

KIND = "plan"


class _Snapshot(msgspec.Struct, array_like=True):
    ladders: list[tuple[bytes, LadderState]]  # JSON of the view, and the rest
    gone: dict[str, int]


_decode = msgspec.msgpack.Decoder(_Snapshot).decode
_encode = msgspec.msgpack.Encoder().encode


class Contingency:
    """See Section. Plans are looked at in the order of their ids. Revisions go on where a plan was removed."""

    name = "contingency"

    def __init__(self, names: Names) -> None:
        """No plans yet."""
        self._journal = names.journal
        self._ladders: dict[str, Ladder] = {}
        self._gone: dict[str, int] = {}

    def look(self, floor: Floor, changed: Changed) -> list[Fact]:
        """See Section. An agent may serve queues of any site, so a changed one concerns every plan."""
        facts: list[Fact] = []
        sites = changed.sites | changed.moved | set(map(site_of, changed.queues | changed.flows))
        for ladder in self._ladders.values():
            if changed.agents or changed.described or changed.turned or sites & set(ladder.place(floor).sites):
                facts += self._told(ladder.look(floor))
        return facts

    def obey(self, command: AnyCommand, floor: Floor) -> Answer | None:
        """See Section."""
        if isinstance(command, PutPlan):
            return self._put(command, floor)
        if not isinstance(command, RemovePlan | ActivatePlan | DeclinePlan | CompleteAction | StandDown):
            return None
        ladder = self._ladders.get(command.target)
        if ladder is None:
            return Answer("unknown_target", f"there is no plan {command.target!r}")
        subject, view = f"{KIND}|{command.target}", ladder.view
        refused = self._refused(command, view.definition, view.revision, floor)
        answer = refused or self._act(command, ladder)
        return answer._replace(subject=subject, revision=answer.revision or ladder.view.revision)

    def _refused(self, command: AnyCommand, plan: PlanDefinition, revision: int, floor: Floor) -> Answer | None:
        sites = command.by.sites
        if sites is not None:
            kind = plan.scope.kind
            meant = floor.sites_of_region(plan.scope.match) if kind == "region" else {site_of_plan(plan)}
            if kind == "all" or not meant or not meant <= set(sites):
                return Answer("not_allowed", f"plan {plan.id!r} is for a site that is not yours")
        if command.expected is not None and command.expected != revision:
            return Answer("stale", f"plan {plan.id!r} is at revision {revision}, not {command.expected}")
        return None

    def _act(self, command: AnyCommand, ladder: Ladder) -> Answer:  # noqa: C901, PLR0911, PLR0912  # a case per command
        view, by = ladder.view, command.by.name
        match command:
            case RemovePlan():
                if view.level:
                    return Answer("not_now", "the plan is active: stand it down first")
                del self._ladders[view.id]
                self._gone[view.id] = view.revision + 1
                gone = Fact(None, f"{view.id}|removed|{view.revision + 1}", None, (View(KIND, view.id, None),))
                return Answer("done", revision=view.revision + 1, facts=(gone,))
            case ActivatePlan(level=level, cause=cause):
                if level > len(view.definition.levels):
                    return Answer("invalid", f"level: the plan has {len(view.definition.levels)}, not {level}")
                if level == view.level:
                    return Answer("same", f"the plan is on level {level} already")
                if level < view.level:
                    return Answer("not_now", f"the plan is on level {view.level}: stand it down to go lower")
                if not ladder.state.now:
                    return Answer("not_now", "no feed has told anything of the plan's scope yet")
                return self._done(ladder, ladder.climb(level, by, cause))
            case DeclinePlan(reason=reason):
                if view.proposed is None:
                    return Answer("not_now", "nothing is proposed")
                return self._done(ladder, (ladder.decline(by, reason),))
            case StandDown(to_level=to, reason=reason):
                if not view.level or to > view.level:
                    return Answer("not_now", f"the plan is on level {view.level}")
                if to == view.level:
                    return Answer("same", f"the plan is on level {to} already")
                return self._done(ladder, (ladder.stand_down(to, by, reason),))
            case CompleteAction():
                return self._complete(command, ladder)
        return Answer("invalid", "no command for a plan")

    def _complete(self, command: CompleteAction, ladder: Ladder) -> Answer:
        where = ladder.view.taken_back if command.undo else ladder.view.actions
        found = next((one for one in where if one.action == command.action), None)
        if found is None:
            known = any(a.id == command.action for level in ladder.definition.levels for a in level.actions)
            if known:
                why = "is not being taken back" if command.undo else "is of a level that is not active"
                return Answer("not_now", f"action {command.action!r} {why}")
            return Answer("invalid", f"action: the plan has no {command.action!r}")
        if found.state == command.result and found.note == command.note:
            return Answer("same", f"action {command.action!r} is {found.state} already")
        done = ActionState(
            action=found.action, level=found.level, state=command.result, by=command.by.name, at=command.at,
            note=command.note,
        )  # fmt: skip
        return self._done(ladder, (ladder.complete(done, undo=command.undo),))

    def _put(self, command: PutPlan, floor: Floor) -> Answer:
        plan, id_ = command.plan, command.target
        subject = f"{KIND}|{id_}"
        if plan.id != id_:
            return Answer("invalid", f"plan.id: must be {id_!r}, as the target", subject)
        ladder = self._ladders.get(id_)
        revision = ladder.view.revision if ladder else self._gone.get(id_, 0)
        if refused := self._refused(command, plan, revision, floor):
            return refused._replace(subject=subject, revision=revision)
        if ladder is None:
            view = PlanView(id=id_, revision=revision + 1, definition=plan, site=site_of_plan(plan))
            ladder = Ladder(view)
            self._ladders[id_] = ladder
            self._ladders = dict(sorted(self._ladders.items()))
            ladder.learn(floor)
            steps = list(ladder.look(floor))
        else:
            if refused := self._refused(command, ladder.definition, revision, floor):
                return refused._replace(subject=subject, revision=revision)
            if ladder.definition == plan:
                return Answer("same", "the plan is so already", subject, revision)
            if ladder.view.level > len(plan.levels) or (ladder.view.level and plan.scope != ladder.definition.scope):
                return Answer("not_now", "the plan is active: stand it down first", subject, revision)
            if plan.scope != ladder.definition.scope:
                self._ladders[id_] = ladder = Ladder(ladder.view)
            steps = list(ladder.rewrite(plan, floor))
        shown = Fact(None, f"{id_}|put|{ladder.view.revision}", None, (View(KIND, id_, ladder.view),))
        return Answer("done", "", subject, ladder.view.revision, (*self._told(steps), shown))

    def _done(self, ladder: Ladder, steps: Iterable[PlanStep]) -> Answer:
        facts = tuple(self._told(steps))
        return Answer("done", revision=ladder.view.revision, facts=facts)

    def _told(self, steps: Iterable[PlanStep]) -> list[Fact]:
        return [Fact(self._journal, step.id, step, (View(KIND, step.plan, step.view),)) for step in steps]

    def views(self) -> list[View]:
        """See Section."""
        return [View(KIND, id_, ladder.view) for id_, ladder in self._ladders.items()]

    def snapshot(self) -> bytes:
        """See Section."""
        ladders = [(one.view.model_dump_json().encode(), one.state) for one in self._ladders.values()]
        return bytes(_encode(_Snapshot(ladders, self._gone)))

    def restore(self, snapshot: bytes | None, floor: Floor) -> list[Fact]:
        """See Section. Nothing happens by it."""
        stored = _Snapshot([], {}) if snapshot is None else _decode(snapshot)
        self._gone = stored.gone
        ladders = [Ladder(PlanView.model_validate_json(view), state) for view, state in stored.ladders]
        self._ladders = {ladder.view.id: ladder for ladder in ladders}
        for ladder in ladders:
            ladder.learn(floor, noted=False)
        return []
