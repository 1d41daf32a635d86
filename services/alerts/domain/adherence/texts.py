"""What adherence alerts are called, and what a lead can do, in both languages."""

from services.alerts.domain.values import AgentNow
from services.contracts.adherence import AdherenceKind
from services.contracts.topology import Text

_STATES = {
    "available": Text(en="available", zh="空闲"),
    "ringing": Text(en="ringing", zh="振铃"),
    "talking": Text(en="talking", zh="通话"),
    "hold": Text(en="hold", zh="保持"),
    "wrap_up": Text(en="wrap-up", zh="话后处理"),
    "not_ready": Text(en="not ready", zh="未就绪"),
}
_OF_AGENT: dict[AdherenceKind, Text] = {
    "not-signed-in": Text(en="Not signed in: {who}", zh="未签入：{who}"),
    "late-from-break": Text(en="Late from break: {who}", zh="休息超时未归：{who}"),
    "out-of-adherence": Text(en="Out of adherence: {who}", zh="偏离排班：{who}"),
    "long-in-state": Text(en="Long in {state}: {who}", zh="{state}时间过长：{who}"),
}
_OF_TEAM: dict[AdherenceKind, Text] = {
    "team-out": Text(en="{count} agents of {who} went out at one moment", zh="{who}有 {count} 名座席同时偏离排班"),
    "team-unknown": Text(
        en="The feed is silent: nobody knows of {count} agents of {who}",
        zh="数据源中断：{who}有 {count} 名座席状态未知",
    ),
}
RUNBOOKS: dict[AdherenceKind, Text] = {
    "not-signed-in": Text(
        en="Ask where the agent is. Excuse the time if there is a reason: illness, or no way into the system.",
        zh="确认座席所在。如有正当原因（病假、系统无法登录），请登记豁免。",
    ),
    "late-from-break": Text(
        en="Call the agent back. Excuse the time if the break was moved with your consent.",
        zh="请座席返岗。如经您同意调整了休息时间，请登记豁免。",
    ),
    "out-of-adherence": Text(
        en="See what the agent does and why. Excuse the time if it is right, coach if it is not.",
        zh="了解座席正在做什么以及原因。情况合理则登记豁免，否则进行辅导。",
    ),
    "long-in-state": Text(
        en="Ask whether the agent needs help, or has forgotten to change the state.",
        zh="询问座席是否需要帮助，或是否忘记切换状态。",
    ),
    "team-out": Text(
        en="So many at one moment are hardly each for themselves: look at the ACD, the network and the alarm first.",
        zh="多名座席同时偏离通常有共同原因：请先检查 ACD、网络以及现场情况。",
    ),
    "team-unknown": Text(
        en="Their adherence counts as unknown, not as out. Nothing is to be done about the agents: the administrator "
        "looks at the feed.",
        zh="该时段计为未知，不计为偏离。无需处理座席；数据源由管理员处理。",
    ),
}


def name_of_agents(kind: AdherenceKind, who: str, agent: AgentNow) -> Text:
    """Name of an alert about one agent."""
    state, _, reason = agent.state.partition(":")
    known = _STATES.get(state, Text(en=state, zh=state))
    return _filled(_OF_AGENT[kind], {"who": who}, en=_with(known.en, reason), zh=_with(known.zh, reason))


def name_of_teams(kind: AdherenceKind, who: Text, count: int) -> Text:
    """Name of an alert about a team."""
    text = _OF_TEAM[kind]
    return Text(en=text.en.format(who=who.en, count=count), zh=text.zh.format(who=who.zh, count=count))


def _filled(text: Text, words: dict[str, str], *, en: str, zh: str) -> Text:
    return Text(en=text.en.format(state=en, **words), zh=text.zh.format(state=zh, **words))


def _with(state: str, reason: str) -> str:
    return f"{state} ({reason})" if reason else state
