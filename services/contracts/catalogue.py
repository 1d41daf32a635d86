"""The catalogue: every figure that Floorwatch shows, once. API, pages and docs/metrics.md read it.

    python -m services.contracts.catalogue > docs/metrics.md

`compute` is the function that the services use, so a formula here and the number on a page can't disagree; figures
without one are counters, or times, that metrics publishes as they are.
"""

# ruff: noqa: E501  # rows of a table, and Chinese counts double
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from services.contracts import definitions as d
from services.contracts import formulas as f
from services.contracts.topology import Text

Unit = Literal["contacts", "agents", "calls", "share", "seconds", "time", "points", "choices", "levels"]
Direction = Literal["higher", "lower", "neither"]
Scope = Literal["queue", "channel", "group", "site", "region", "all", "agent", "team", "flow", "node"]
Theme = Literal["service", "now", "volume", "handling", "agents", "adherence", "ivr", "repeats"]

THEMES: dict[Theme, tuple[str, str]] = {
    "service": ("Service level", "服务水平"),
    "now": ("The queue now", "当前排队"),
    "volume": ("Contacts", "话务量"),
    "handling": ("Times", "时长"),
    "repeats": ("Repeat calls", "重复来电"),
    "agents": ("Agents", "座席"),
    "adherence": ("Adherence", "排班遵守"),
    "ivr": ("Voice menu", "语音导航"),
}

FLOOR: tuple[Scope, ...] = ("queue", "site", "region", "all")
FINE: tuple[Scope, ...] = ("queue", "channel", "group", "site", "region", "all")
STAFF: tuple[Scope, ...] = ("agent", "team", "queue", "site", "region", "all")
CROWD: tuple[Scope, ...] = ("team", "queue", "site", "region", "all")
FLOW: tuple[Scope, ...] = ("flow", "site", "all")

LEG = ("offered", "answered", "abandoned", "flowed_out", "ended")
OUTCOME = ("offered", "answered", "abandoned", "flowed_out", "heartbeat")
STATE = ("agent_logged_in", "agent_state_changed", "agent_logged_out")
PLAN = (*STATE, "schedule", "exception", "heartbeat")
VISIT = ("ivr_entered", "ivr_node_visited", "ivr_exited")

TRADE = "the trade's usual definition"


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure.

    Attributes:
        id: its name in answers of the API.
        theme: where docs and pages show it.
        unit: what the number is; shares are 0…1 in the API and shown in percent.
        source: who defines it so.
        direction: which way is good.
        events: events that move it; `heartbeat` is time passing.
        scopes: what it is known of. Roll-ups add counters and compute the figure from the sums.
        compute: counters → figure.
    """

    id: str
    theme: Theme
    name: Text
    unit: Unit
    formula: Text
    source: str
    direction: Direction
    events: tuple[str, ...]
    scopes: tuple[Scope, ...]
    compute: Callable[..., float | None] | None = None


def _metric(  # noqa: PLR0917  # a row of the table: read beside the others
    theme: Theme,
    id_: str,
    names: tuple[str, str],
    unit: Unit,
    formula: tuple[str, str],
    direction: Direction,
    events: tuple[str, ...],
    scopes: tuple[Scope, ...],
    compute: Callable[..., float | None] | None = None,
    source: str = TRADE,
) -> Metric:
    name, text = Text(en=names[0], zh=names[1]), Text(en=formula[0], zh=formula[1])
    return Metric(id_, theme, name, unit, text, source, direction, events, scopes, compute)


def _service_level(definition: d.Definition) -> Metric:
    return Metric(
        f"service_level.{definition.name}",
        "service",
        Text(en=f"Service level ({definition.name})", zh=f"服务水平（{definition.name}）"),
        "share",
        Text(en=definition.formula, zh=definition.formula_zh),
        definition.source,
        "higher",
        OUTCOME,
        FINE,
        definition.ratio,
    )


_SERVICE = (
    *(_service_level(definition) for definition in d.DEFINITIONS.values()),
    _metric("service", "outlook.best", ("Best service level still possible", "可达最佳服务水平"), "share",
        ("service level if all who can still be answered within T are, and nobody else is answered",
         "所有尚可在 T 秒内接起者均按时接起、其余无人接起时的服务水平"), "higher", OUTCOME, FLOOR),
    _metric("service", "outlook.worst", ("Worst service level still possible", "可能最差服务水平"), "share",
        ("service level if all who wait are answered after T", "所有排队者均在 T 秒后才接起时的服务水平"),
        "higher", OUTCOME, FLOOR),
    _metric("service", "response_rate", ("Response-time objective met", "响应周期达成率"), "share",
        ("ended within the objective ÷ contacts held to one", "在响应周期内处理完成量 ÷ 有响应周期目标的量"),
        "higher", ("offered", "ended"), FLOOR, f.response_rate),
)  # fmt: skip

_NOW = (
    _metric("now", "waiting", ("Queue length", "排队数"), "contacts",
        ("contacts that wait now, ghosts left out", "当前排队的联系数，不含失联记录"), "lower", OUTCOME, FINE),
    _metric("now", "oldest_offered_at", ("Longest wait", "最长等待时间"), "time",
        ("now − arrival of the contact that has waited longest", "现在 − 等待最久者的到达时刻"), "lower",
        OUTCOME, FINE),
    _metric("now", "mean_length", ("Mean queue length", "平均排队数"), "contacts",
        ("time that contacts spent waiting within the window ÷ the window", "窗口内等待总时长 ÷ 窗口时长"),
        "lower", OUTCOME, FLOOR, f.mean_length, "time-weighted mean (Little)"),
    _metric("now", "estimated_wait_s", ("Estimated wait", "预计等待时间"), "seconds",
        ("waiting ÷ (answered + abandoned + flowed out of the rolling half-hour) × 30 min",
         "排队数 ÷（最近半小时接起量 + 放弃量 + 溢出量）× 30 分钟"), "lower", OUTCOME, FLOOR, f.estimated_wait_s,
        "pace of the last half-hour; 0 when nobody waits"),
    _metric("now", "outlook.already_lost", ("Already lost", "已失守"), "contacts",
        ("waiting contacts whose T has passed", "等待已超过 T 秒的排队数"), "lower", OUTCOME, FLOOR),
    _metric("now", "outlook.still_to_win", ("Still to win", "尚可挽回"), "contacts",
        ("waiting contacts whose T has not passed", "等待未超过 T 秒的排队数"), "neither", OUTCOME, FLOOR),
    _metric("now", "ghosts", ("Ghosts", "失联记录"), "contacts",
        ("legs without an outcome or sign of life for longer than their queue allows",
         "超过队列时限既无结果也无活动的记录"), "lower", (*LEG, "heartbeat"), FLOOR),
)  # fmt: skip

_VOLUME = (
    _metric("volume", "offered", ("Offered", "呼入量（话务量）"), "contacts",
        ("answered + abandoned + flowed out + waiting", "接起量 + 放弃量 + 溢出量 + 排队数"), "neither", OUTCOME, FINE),
    _metric("volume", "running.earlier_offered", ("Offered in earlier weeks", "往周同时段呼入量"), "contacts",
        ("mean of offered in the same local half-hour of the last 4 weeks that have data",
         "最近 4 周同一时段呼入量的平均值（仅计有数据的周）"), "neither", ("offered",), FLOOR),
    _metric("volume", "answered", ("Answered", "接起量"), "contacts",
        ("contacts that an agent took", "座席接起的量"), "higher", ("answered", "ended"), FINE),
    _metric("volume", "answer_rate", ("Answer rate", "接通率"), "share",
        ("answered ÷ (offered − short abandons)", "接起量 ÷（呼入量 − 短时放弃量）"), "higher", LEG, FINE, f.answer_rate),
    _metric("volume", "abandoned", ("Abandoned", "放弃量"), "contacts",
        ("customers who gave up while they waited, short ones included", "排队中放弃的量，含短时放弃"), "lower",
        ("abandoned",), FINE),
    _metric("volume", "short_abandoned", ("Short abandons", "短时放弃量"), "contacts",
        ("abandoned before the queue's short-abandon limit", "在短时放弃时限内放弃的量"), "neither",
        ("abandoned",), FINE),
    _metric("volume", "abandonment_rate", ("Abandonment rate", "放弃率"), "share",
        ("(abandoned − short) ÷ (offered − short)", "（放弃量 − 短时放弃量）÷（呼入量 − 短时放弃量）"), "lower", LEG, FINE,
        d.abandonment_rate),
    _metric("volume", "flowed_out", ("Flowed out", "溢出量"), "contacts",
        ("contacts that left the queue in another way, by reason; ghosts as `unknown`",
         "以其他方式离开队列的量，按原因；失联记录计为 unknown"), "neither", ("flowed_out", "heartbeat"), FINE),
    _metric("volume", "flow_out_rate", ("Flow-out rate", "溢出率"), "share",
        ("flowed out ÷ (offered − short abandons)", "溢出量 ÷（呼入量 − 短时放弃量）"), "lower", LEG, FINE, f.flow_out_rate),
    _metric("volume", "transferred_blind", ("Transferred blind", "直接转接量"), "contacts",
        ("answered contacts that were handed on without a word", "未经沟通直接转接的量"), "lower", ("transferred",), FLOOR),
    _metric("volume", "transferred_consulted", ("Transferred consulted", "咨询转接量"), "contacts",
        ("answered contacts that were handed on after a word", "沟通后转接的量"), "neither", ("transferred",), FLOOR),
    _metric("volume", "conferenced", ("Conferenced", "三方通话量"), "contacts",
        ("answered contacts that a third party joined", "第三方加入的通话量"), "neither", ("conferenced",), FLOOR),
    _metric("volume", "held", ("Held", "保持量"), "contacts",
        ("answered contacts that were put on hold", "曾被保持的量"), "lower", ("held",), FLOOR),
    _metric("volume", "rang", ("Rang", "振铃量"), "contacts",
        ("contacts for which an agent's phone rang", "曾向座席振铃的量"), "neither", ("ringing",), FLOOR),
    _metric("volume", "inferred", ("Answers inferred", "推断接起量"), "contacts",
        ("answered for certain, though no event told when: the time is computed from the durations",
         "确已接起但无接起事件，时刻由通话时长推算"), "lower", ("ended", "held", "transferred", "conferenced"), FLOOR),
)  # fmt: skip

_HANDLING = (
    _metric("handling", "asa_s", ("Average speed of answer (ASA)", "平均应答速度"), "seconds",
        ("sum of waits of the answered ÷ answered", "接起者等待总时长 ÷ 接起量"), "lower", ("answered", "ended"), FINE, d.asa_s),
    _metric("handling", "wait_abandoned_s", ("Wait of abandons", "放弃前平均等待"), "seconds",
        ("sum of waits of the abandoned ÷ abandoned, short ones included", "放弃者等待总时长 ÷ 放弃量，含短时放弃"),
        "neither", ("abandoned",), FINE, f.wait_abandoned_s),
    _metric("handling", "aht_s", ("Average handle time (AHT)", "平均处理时长"), "seconds",
        ("(talk + hold + wrap-up) ÷ handled", "（通话 + 保持 + 话后处理）÷ 已处理量"), "neither", ("ended",), FINE, f.aht_s),
    _metric("handling", "talk_s", ("Talk time", "平均通话时长"), "seconds",
        ("talk ÷ handled", "通话时长 ÷ 已处理量"), "neither", ("ended",), FINE, f.talk_s),
    _metric("handling", "hold_s", ("Hold time", "平均保持时长"), "seconds",
        ("hold ÷ handled", "保持时长 ÷ 已处理量"), "lower", ("ended",), FINE, f.hold_s),
    _metric("handling", "wrap_up_s", ("Wrap-up", "平均话后处理时长"), "seconds",
        ("wrap-up ÷ handled", "话后处理时长 ÷ 已处理量"), "lower", ("ended",), FINE, f.wrap_up_s),
)  # fmt: skip

_REPEATS = (
    _metric("repeats", "repeat_rate", ("Repeat calls", "重复来电率"), "share",
        ("contacts whose customer had called this queue in the N days before ÷ contacts of known customers",
         "N 天内曾来电该队列的客户来电量 ÷ 已知客户的来电量"), "lower", ("offered",), FLOOR, f.repeat_rate),
    _metric("repeats", "first_contact_resolution", ("First-contact resolution", "一次解决率"), "share",
        ("1 − repeat calls ÷ contacts of known customers", "1 − 重复来电量 ÷ 已知客户的来电量"), "higher", ("offered",), FLOOR,
        f.first_contact_resolution, "read from repeat calls, as most floors do"),
)  # fmt: skip

_AGENTS = (
    _metric("agents", "signed_in", ("Signed in", "签入座席数"), "agents",
        ("agents in any state but offline", "除离线外所有状态的座席数"), "neither", STATE, CROWD),
    _metric("agents", "by_state", ("Agents by state", "各状态座席数"), "agents",
        ("agents in each state; not ready by its reason", "各状态的座席数，未就绪按原因分列"), "neither", STATE, CROWD),
    _metric("agents", "longest_available_since", ("Longest available", "空闲最久"), "time",
        ("now − since when the agent who has been available longest is", "现在 − 空闲最久座席开始空闲的时刻"), "neither", STATE, CROWD),
    _metric("agents", "contacts", ("Contacts handled", "处理量"), "contacts",
        ("talking spans that began", "开始通话的次数"), "higher", STATE, ("agent",)),
    _metric("agents", "agent_aht_s", ("AHT of an agent", "座席平均处理时长"), "seconds",
        ("(talk + hold + wrap-up + ringing) ÷ contacts handled", "（通话 + 保持 + 话后处理 + 振铃）÷ 处理量"), "neither", STATE, ("agent",),
        f.agent_aht_s),
    _metric("agents", "occupancy", ("Occupancy", "员工占用率"), "share",
        ("(talk + hold + wrap-up + ringing) ÷ (that + available)", "（通话 + 保持 + 话后处理 + 振铃）÷（同前 + 空闲）"), "neither", STATE, STAFF,
        f.occupancy),
    _metric("agents", "utilisation", ("Utilisation", "利用率"), "share",
        ("(talk + hold + wrap-up + ringing) ÷ time signed in", "（通话 + 保持 + 话后处理 + 振铃）÷ 签入时长"), "neither", STATE, STAFF, f.utilisation),
    _metric("agents", "shrinkage_planned", ("Shrinkage, planned", "计划人员损耗"), "share",
        ("planned time so far that is no work ÷ planned time so far", "至今计划的非工作时间 ÷ 至今计划时间"), "lower",
        ("schedule", "heartbeat"), STAFF, f.shrinkage_planned),
    _metric("agents", "shrinkage_actual", ("Shrinkage, actual", "实际人员损耗"), "share",
        ("time signed in that was no work ÷ time signed in", "签入后的非工作时间 ÷ 签入时长"), "lower", STATE, STAFF, f.shrinkage_actual),
)  # fmt: skip

_ADHERENCE = (
    _metric("adherence", "adherence", ("Adherence now", "当前排班遵守"), "agents",
        ("agents in, out, unscheduled, ignored (excused), unknown (the feed is silent)",
         "遵守、偏离、无排班、豁免、未知（无数据源）的座席数"), "neither", PLAN, CROWD),
    _metric("adherence", "adherence_rate", ("Adherence", "排班遵守率"), "share",
        ("1 − time out ÷ scheduled time, floored at 0; excused time is not out, unknown time is left out of both",
         "1 − 偏离时间 ÷ 排班时间，不低于 0；豁免时间不算偏离，未知时间两边均不计入"), "higher", PLAN, STAFF, f.adherence),
    _metric("adherence", "conformance", ("Conformance", "排班符合率"), "share",
        ("time worked ÷ planned work so far; it may pass 100 %", "实际工作时间 ÷ 至今计划工作时间，可超过 100%"), "neither", PLAN, STAFF,
        f.conformance),
    _metric("adherence", "absence_cost", ("Cost of an absence", "缺岗影响"), "points",
        ("sum over the agent's queues of (points under target + waiting) ÷ (agents there + agents missing)",
         "对所服务各队列求和：（低于目标的百分点 + 排队数）÷（在岗座席 + 缺岗座席）"), "lower", (*PLAN, *LEG), ("agent",),
        f.absence_cost, "Floorwatch: an order of urgency, not money"),
)  # fmt: skip

_IVR = (
    _metric("ivr", "entered", ("Calls in the menu", "进入语音导航量"), "calls",
        ("contained + lost + to queue + virtual + inside", "自助完成 + 呼损 + 转队列 + 虚拟 + 在内"), "neither", VISIT, FLOW),
    _metric("ivr", "containment", ("Containment", "自助完成率"), "share",
        ("self-served ÷ (self-served + lost + to queue)", "自助完成量 ÷（自助完成量 + 呼损 + 转队列量）"), "higher", VISIT, FLOW, f.containment),
    _metric("ivr", "ivr_loss_rate", ("Lost in the IVR", "语音导航内呼损率"), "share",
        ("hung up in the menu ÷ (self-served + lost + to queue); no abandonment of a queue",
         "导航内挂断量 ÷（自助完成量 + 呼损 + 转队列量），不计入队列放弃"), "lower", VISIT, FLOW, f.ivr_loss_rate),
    _metric("ivr", "to_queue_rate", ("To a queue", "转队列率"), "share",
        ("went on to a queue ÷ (self-served + lost + to queue)", "转队列量 ÷（自助完成量 + 呼损 + 转队列量）"), "neither", VISIT, FLOW, f.to_queue_rate),
    _metric("ivr", "node_loss_rate", ("Lost at a node", "节点呼损率"), "share",
        ("hung up here ÷ visits that are over", "本节点挂断量 ÷ 已结束的访问量"), "lower", VISIT, ("node",), f.node_loss_rate),
    _metric("ivr", "node_fault_rate", ("Failed inputs at a node", "节点输入失败率"), "share",
        ("(invalid + missing inputs) ÷ visits", "（无效输入 + 超时未输入）÷ 访问量"), "lower", ("ivr_input_failed", *VISIT), ("node",), f.node_fault_rate),
    _metric("ivr", "node_time_s", ("Time at a node", "节点停留时长"), "seconds",
        ("time of visits that are over ÷ these visits", "已结束访问的总时长 ÷ 其次数"), "lower", VISIT, ("node",), f.node_time_s),
    _metric("ivr", "depth", ("Depth of the menu", "导航层级"), "levels",
        ("levels to the deepest node, each by its shortest way; more than 3 are too deep", "到达最深节点所需层数（各取最短路径）；超过 3 层为过深"), "lower",
        ("topology",), ("flow",)),
    _metric("ivr", "width", ("Width of the menu", "菜单选项数"), "choices",
        ("choices of a node; more than 6 is too wide", "一个节点的选项数；超过 6 个为过宽"), "lower", ("topology",), ("node",)),
    _metric("ivr", "shortcut", ("VIP shortcut used", "VIP 直通使用量"), "calls",
        ("visits of nodes that lead past the menu", "直通节点的访问量"), "neither", ("ivr_node_visited",), ("flow",)),
)  # fmt: skip

CATALOGUE: tuple[Metric, ...] = (
    *_SERVICE, *_NOW, *_VOLUME, *_HANDLING, *_REPEATS, *_AGENTS, *_ADHERENCE, *_IVR,
)  # fmt: skip
BY_ID: dict[str, Metric] = {metric.id: metric for metric in CATALOGUE}

_DIRECTIONS: dict[Direction, tuple[str, str]] = {
    "higher": ("higher is better", "越高越好"),
    "lower": ("lower is better", "越低越好"),
    "neither": ("neither", "无优劣"),
}
_HEAD = """# Metrics

Generated from the catalogue by `python -m services.contracts.catalogue`; do not edit. `GET /v1/metrics` answers the
same.

Counters are stored, shares are computed on reading; a roll-up (team, site, region, all) adds counters and never
averages averages. A share is 0…1 in the API. **No data is null, never 100 % and never 0 %.** T is the threshold of the
service level. Figures of contacts are known of the *rolling half-hour* (contacts whose service-level event, being
answered, giving up, flowing out or T passing, lies in the last 30 minutes) and of the *clock half-hour* (contacts by
arrival, in the site's local time); those of agents of their local day so far. `heartbeat` among the events means that
the figure moves as time passes.

Every tile says as of when it is (`as_of`, the feed's clock), whether it is provisional or final, by which definition,
and which log record is the newest in it (`revision`). When its feed has been silent for a while
(`FLOORWATCH_STALE_AFTER_S`) its `freshness` is `stale`; after `FLOORWATCH_NO_FEED_AFTER_S` it is `no_feed`: the present
is unknown then. The counters are those of `as_of`; outlook, estimated wait and mean length are null, and agents'
adherence counts as unknown.
"""


def document() -> str:
    """docs/metrics.md."""
    parts = [_HEAD]
    for theme in get_args(Theme):
        en, zh = THEMES[theme]
        parts.append(f"\n## {en} · {zh}\n")
        parts.extend(_entry(metric) for metric in CATALOGUE if metric.theme == theme)
    return "".join(parts)


def _entry(metric: Metric) -> str:
    en, zh = _DIRECTIONS[metric.direction]
    return (
        f"\n### {metric.name.en} · {metric.name.zh}\n\n"
        f"`{metric.id}` · {metric.unit} · {en} ({zh}) · of: {', '.join(metric.scopes)}\n\n"
        f"- {metric.formula.en}\n- {metric.formula.zh}\n"
        f"- Source: {metric.source}\n- Moved by: {', '.join(metric.events)}\n"
    )


if __name__ == "__main__":
    sys.stdout.write(document())
