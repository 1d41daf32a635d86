"""What of the log is to be told, and which channels are told it."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from services.alerts.domain.notices.channels import ChannelFile, Route
from services.contracts.alerts import Alert, AlertTransition, Rule
from services.contracts.contingency import PlanLevel, PlanStep
from services.contracts.desk import Outcome, TryChannel
from services.contracts.moves import MoveStep
from services.contracts.notify import Notice, NoticeEvent, PlanCall
from services.contracts.people import SERVICE
from services.contracts.topology import Queue, Text

Told = AlertTransition | PlanStep | MoveStep | Outcome
_PLAN: dict[str, NoticeEvent] = {
    "proposed": "plan_proposed",
    "activated": "plan_activated",
    "leave_proposed": "plan_leave_proposed",
    "stood_down": "plan_stood_down",
}
_MOVE: dict[str, tuple[NoticeEvent, Text, bool]] = {
    "proposed": ("move_proposed", Text(en="Agents are asked for", zh="请求座席支援"), True),
    "accepted": ("move_accepted", Text(en="Agents will be lent", zh="座席支援请求已同意"), False),
    "declined": ("move_declined", Text(en="Agents are not lent", zh="座席支援请求被拒绝"), False),
    "cancelled": ("move_cancelled", Text(en="Agents are not needed any more", zh="座席支援请求已撤回"), True),
    "expired": ("move_expired", Text(en="No answer to a request for agents", zh="座席支援请求无人答复，已过期"), False),
}
"""Step → event, words, and whether the giving site is told (else the taking one, whose dispatcher asked)."""
_LOAN_OVER = Text(en="A loan of agents is over", zh="座席支援已到期")


class Surroundings(NamedTuple):
    """What a notice says beside the record: the site's time zone, the rule, the queue, as they are known now."""

    timezone: str = "UTC"
    rule: Rule | None = None
    queue: Queue | None = None


class Letter(NamedTuple):
    """A notice, the id that is the same after every replay, and the channel where it is fixed."""

    id: str
    notice: Notice
    channel: str = ""


def letters_of(record: Told, around: Surroundings) -> Iterator[Letter]:
    """What a record of the alerts topic or the journal is to tell."""
    match record:
        case AlertTransition() if record.tell:
            yield Letter(record.id, _of_alert(record, around))
        case PlanStep():
            if record.step in _PLAN:
                yield Letter(record.id, _of_plan(record, around))
            yield from _calls(record, around)
        case MoveStep() if record.step in _MOVE:
            yield Letter(record.id, _of_move(record, around))
        case Outcome(command=TryChannel() as command, accepted=True):
            notice = Notice(
                event="test", subject=command.id, name=Text(en="Test of a channel", zh="渠道测试"), at=record.at,
                wall_at=record.at, by=command.by.name,
            )  # fmt: skip
            yield Letter(f"test|{command.id}", notice, command.target)


def channels_for(letter: Letter, file: ChannelFile) -> tuple[str, ...]:
    """Ids of the channels that are told, each once."""
    if letter.channel:
        return (letter.channel,)
    return tuple(dict.fromkeys(route.channel for route in file.routes if fits(route, letter.notice)))


def fits(route: Route, notice: Notice) -> bool:
    """Whether a route takes a notice."""
    if notice.team and not _any(route.teams, notice.team):
        return False
    if route.teams and not notice.team:
        return False
    return (
        (not route.roles or bool(set(route.roles) & set(notice.roles)))
        and (not route.sites or _any(route.sites, notice.site or "") or _any(route.sites, notice.other_site or ""))
        and (not route.severities or notice.severity in route.severities)
        and (not route.rules or _any(route.rules, notice.rule))
        and (not route.events or notice.event in route.events)
    )


def _any(globs: Iterable[str], value: str) -> bool:
    return any(fnmatchcase(value, glob) for glob in globs)


def _of_alert(transition: AlertTransition, around: Surroundings) -> Notice:
    alert = transition.alert
    first = around.rule.compares[0] if around.rule else None
    against = first.against if first is not None and first.metric == alert.metric else "value"
    return Notice(
        event=_event_of(transition), subject=alert.id, bundle=alert.group and f"{alert.rule}|{alert.group}",
        name=alert.name, rule=alert.rule, scope=alert.scope, scope_kind=alert.scope_kind, site=alert.site,
        team=alert.team, roles=(alert.owner,), severity=alert.severity, metric=alert.metric, against=against,
        value=alert.value, threshold=alert.threshold, target=_target_of(alert, around.queue),
        since=alert.episode if alert.state == "resolved" else alert.since, at=transition.at,
        wall_at=transition.wall_at, timezone=around.timezone, runbook=alert.runbook, link=alert.link,
        by=alert.acknowledged_by,
    )  # fmt: skip


def _event_of(transition: AlertTransition) -> NoticeEvent:
    if transition.why == "escalated":
        return "escalated"
    return "resolved" if transition.alert.state == "resolved" else "firing"


def _target_of(alert: Alert, queue: Queue | None) -> Text | None:
    if queue is None or not alert.metric.startswith("service_level"):
        return None
    percent, seconds = f"{queue.target_percent:g} %", queue.target_s
    return Text(en=f"{percent} in {seconds} s", zh=f"{seconds} 秒内 {percent}")


def _level_of(step: PlanStep) -> PlanLevel | None:
    levels = step.view.definition.levels
    return levels[step.level - 1] if 0 < step.level <= len(levels) else None


def _of_plan(step: PlanStep, around: Surroundings) -> Notice:
    plan, level = step.view.definition, _level_of(step)
    details = [] if level is None else [Text(en=f"{step.level}: {level.name.en}", zh=f"{step.level}：{level.name.zh}")]
    if level is not None and step.step in {"proposed", "activated"}:
        details += [action.name for action in level.actions]
    return Notice(
        event=_PLAN[step.step], subject=f"plan|{plan.id}", name=plan.name, rule=plan.id, scope=plan.scope.match,
        scope_kind=plan.scope.kind, site=step.view.site, roles=("supervisor", "dispatcher"),
        severity="critical" if step.step == "proposed" else "warning", since=step.view.proposed_since, at=step.at,
        wall_at=step.wall_at, timezone=around.timezone, details=tuple(details), by=step.by, link="/plans",
    )  # fmt: skip


def _calls(step: PlanStep, around: Surroundings) -> Iterator[Letter]:
    actions = {
        action.id: (number, action)
        for number, level in enumerate(step.view.definition.levels, 1)
        for action in level.actions
    }
    for call in step.calls:
        number, action = actions.get(call.action, (step.level, None))
        name = action.name if action is not None else Text(en=call.action, zh=call.action)
        notice = Notice(
            event="call", subject=f"call|{step.plan}|{call.action}", name=step.view.definition.name, rule=step.plan,
            scope=step.view.definition.scope.match, scope_kind=step.view.definition.scope.kind, site=step.view.site,
            severity="critical", at=step.at, wall_at=step.wall_at, timezone=around.timezone, by=step.by,
            call=PlanCall(plan=step.plan, action=call.action, name=name, level=number, event=call.event, by=step.by),
        )  # fmt: skip
        yield Letter(f"{step.id}|{call.action}", notice, call.channel)


def _of_move(step: MoveStep, around: Surroundings) -> Notice:
    move = step.view
    terms = move.terms
    event, name, giver, taker = _whom(step)
    count = len(terms.agents)
    asked = Text(
        en=f"{count} agents of {terms.giver} for {terms.queue}",
        zh=f"从 {terms.giver} 调 {count} 名座席支援 {terms.queue}",
    )
    reason = (Text(en=step.reason, zh=step.reason),) if step.reason and step.by != SERVICE.name else ()
    both = giver and taker
    return Notice(
        event=event, subject=f"move|{move.id}", name=name, rule="move", scope=terms.queue, scope_kind="queue",
        site=terms.giver if giver else terms.taker, other_site=terms.taker if both else None,
        roles=(*(("supervisor",) if giver else ()), *(("dispatcher",) if taker else ())),
        severity="warning" if event in {"move_proposed", "move_declined"} or move.decided_at is None else "info",
        since=move.proposed_at, at=step.at, wall_at=step.at, timezone=around.timezone, details=(asked, *reason),
        by=step.by, link="/moves",
    )  # fmt: skip


def _whom(step: MoveStep) -> tuple[NoticeEvent, Text, bool, bool]:
    """Event and words of a move's step, and whether it concerns the giving site, and who asked."""
    if step.step == "expired" and step.view.decided_at is not None:
        return "move_expired", _LOAN_OVER, True, True
    event, name, giver = _MOVE[step.step]
    return event, name, giver, not giver
