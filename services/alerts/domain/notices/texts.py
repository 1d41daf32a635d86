"""The words of messages, in both languages: a title of one line, and lines below it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.contracts.catalogue import Metric
from services.contracts.comparing import OWN_LEVEL, metric_of
from services.contracts.notify import Language, Notice, NoticeEvent
from services.contracts.topology import Text

MOST_LISTED = 20
"""Alerts of a message that are listed; of more the number is told."""


class Message(NamedTuple):
    """What a reader gets."""

    title: str
    lines: tuple[str, ...]

    @property
    def body(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


def _text(en: str, zh: str) -> Text:
    return Text(en=en, zh=zh)


TITLES: dict[NoticeEvent, Text] = {
    "firing": _text("[{severity}] {name}: {where}", "【{severity}】{name}：{where}"),
    "resolved": _text("Resolved: {name}: {where}", "已恢复：{name}：{where}"),
    "escalated": _text(
        "[{severity}] Nobody has taken this up: {name}: {where}", "【{severity}】尚无人处理，已升级：{name}：{where}"
    ),
    "plan_proposed": _text("Contingency plan proposed: {name}: {where}", "建议启动应急预案：{name}：{where}"),
    "plan_activated": _text("Contingency plan active: {name}: {where}", "应急预案已启动：{name}：{where}"),
    "plan_leave_proposed": _text("Contingency plan: stand down? {name}: {where}", "建议解除应急预案：{name}：{where}"),
    "plan_stood_down": _text("Contingency plan stood down: {name}: {where}", "应急预案已解除：{name}：{where}"),
    "move_proposed": _text("{name}: {where}", "{name}：{where}"),
    "move_accepted": _text("{name}: {where}", "{name}：{where}"),
    "move_declined": _text("{name}: {where}", "{name}：{where}"),
    "move_cancelled": _text("{name}: {where}", "{name}：{where}"),
    "move_expired": _text("{name}: {where}", "{name}：{where}"),
    "call": _text("Action of a contingency plan: {name}: {where}", "应急预案动作：{name}：{where}"),
    "test": _text("Floorwatch: test of this channel", "Floorwatch：渠道测试"),
}
SEVERITIES: dict[str, Text] = {
    "info": _text("info", "提示"),
    "warning": _text("warning", "警告"),
    "critical": _text("critical", "严重"),
}
WORDS: dict[str, Text] = {
    "several": _text("{count} places", "{count} 处"),
    "all": _text("whole floor", "全部中心"),
    "now": _text("{metric}: {value}", "{metric}：{value}"),
    "limit": _text(" (limit {limit})", "（阈值 {limit}）"),
    "no_value": _text("no value", "无数值"),
    "target": _text("Target: {target}", "目标：{target}"),
    "since": _text("Since: {time}", "开始时间：{time}"),
    "lasted": _text("From {start} to {end}", "自 {start} 至 {end}"),
    "by": _text("By: {name}", "操作人：{name}"),
    "todo": _text("What to do: {text}", "处理方法：{text}"),
    "open": _text("Open: {link}", "查看：{link}"),
    "more": _text("… and {count} more", "……另有 {count} 处"),
    "against_target": _text(" points from the target", " 个百分点（与目标相比）"),
    "against_last_week": _text(" % of last week", " %（与上周同时段相比）"),
    "against_change": _text(" of change", "（变化量）"),
    "test": _text(
        "This channel works. {name} has asked for this message; nothing is wrong.",
        "该渠道可用。此消息由 {name} 发起，并无异常。",
    ),
    "call_activated": _text("{action} (level {level}): carry out", "{action}（第 {level} 级）：执行"),
    "call_stood_down": _text("{action} (level {level}): take back", "{action}（第 {level} 级）：撤销"),
}
UNITS: dict[str, Text] = {
    "share": _text(" %", " %"),
    "seconds": _text(" s", " 秒"),
    "time": _text(" s", " 秒"),
    "points": _text(" points", " 个百分点"),
}
_FEED = _text("Feed", "数据源")
_LEVEL = _text("Service level", "服务水平")  # by the scope's own definition, whichever that is


def message_of(notices: Sequence[Notice], language: Language, public_url: str = "") -> Message:
    """The message that tells one notice, or several of one bundle and event."""
    first = notices[0]
    severity = _in(SEVERITIES[first.severity], language)
    where = _where(first, language) if len(notices) == 1 else _say("several", language, count=len(notices))
    title = _in(TITLES[first.event], language).format(
        name=_in(first.name, language), where=where, severity=severity
    )  # fmt: skip
    lines = _of_one(first, language) if len(notices) == 1 else _of_many(notices, language)
    if first.runbook is not None and first.event in {"firing", "escalated"}:
        lines.append(_say("todo", language, text=_in(first.runbook, language).strip()))
    if public_url:
        link = f"{public_url.rstrip('/')}/{(first.link or '').lstrip('/')}"
        lines.append(_say("open", language, link=link))
    return Message(" ".join(title.split()), tuple(lines))


def _of_one(notice: Notice, language: Language) -> list[str]:
    match notice.event:
        case "test":
            return [_say("test", language, name=notice.by)]
        case "call":
            return _of_call(notice, language)
        case event if event.startswith(("plan_", "move_")):
            by = [] if notice.by in {"", "floorwatch"} else [_say("by", language, name=notice.by)]
            since = [] if notice.since is None else [_since(notice, language)]
            return [*(_in(line, language) for line in notice.details), *since, *by]
    target = [] if notice.target is None else [_say("target", language, target=_in(notice.target, language))]
    return [_number(notice, language), *target, _time(notice, language)]


def _of_many(notices: Sequence[Notice], language: Language) -> list[str]:
    colon = ": " if language == "en" else "："
    lines = [
        f"{_where(notice, language)}{colon}{_number(notice, language)}; {_time(notice, language)}"
        for notice in notices[:MOST_LISTED]
    ]
    if len(notices) > MOST_LISTED:
        lines.append(_say("more", language, count=len(notices) - MOST_LISTED))
    return lines


def _of_call(notice: Notice, language: Language) -> list[str]:
    call = notice.call
    assert call is not None, "a call's notice says which"
    return [_say(f"call_{call.event}", language, action=_in(call.name, language), level=call.level)]


def _where(notice: Notice, language: Language) -> str:
    return _in(WORDS["all"], language) if notice.scope in {"all", "*"} else notice.scope


def _number(notice: Notice, language: Language) -> str:
    if notice.metric == "feed":
        return _in(_FEED, language)
    metric = metric_of(notice.metric)
    name = notice.metric if metric is None else _in(metric.name, language)
    if notice.metric == OWN_LEVEL:
        name = _in(_LEVEL, language)
    said = _say("now", language, metric=name, value=_amount(notice.value, notice, metric, language))
    if notice.threshold is not None and notice.event != "resolved":
        said += _say("limit", language, limit=_amount(notice.threshold, notice, metric, language))
    return said


def _amount(value: float | None, notice: Notice, metric: Metric | None, language: Language) -> str:
    if value is None:
        return _in(WORDS["no_value"], language)
    digits = f"{round(value, 1):g}" if abs(value) < 1e6 else f"{value:.0f}"
    if notice.against == "value":
        unit = "" if metric is None else _in(UNITS.get(metric.unit, Text(en="", zh="")), language)
    else:
        unit = _in(WORDS[f"against_{notice.against}"], language)
    return digits + unit


def _time(notice: Notice, language: Language) -> str:
    if notice.event != "resolved":
        return _since(notice, language)
    start, end = _clock(notice.since or notice.at, notice.timezone), _clock(notice.at, notice.timezone)
    return _say("lasted", language, start=start, end=end)


def _since(notice: Notice, language: Language) -> str:
    return _say("since", language, time=_clock(notice.since or notice.at, notice.timezone))


def _clock(at: int, timezone: str) -> str:
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(timezone))
    return f"{local:%Y-%m-%d %H:%M} {timezone}"


def _say(word: str, language: Language, /, **values: object) -> str:
    return _in(WORDS[word], language).format(**values)


def _in(text: Text, language: Language) -> str:
    return text.zh if language == "zh" else text.en
