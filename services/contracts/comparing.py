"""What a comparison of a rule or plan may name: which metric at which scope, in which part, against what.

`fault` is asked where a rule is built, so that the file, the API and the page refuse the same with the same words.
"""

from collections.abc import Iterable
from typing import Any, Literal, get_args

from services.contracts.agents import AdherenceState
from services.contracts.catalogue import BY_ID, Metric
from services.contracts.definitions import COUNTERS
from services.contracts.events import AgentState
from services.contracts.metrics import FlowOut

Basis = Literal["contacts", "outlook", "queue", "agents", "calls", "menu"]
"""What a figure is computed from: counts of contacts, what can become of them, the queue now, agents, calls of a menu,
or the menu's own definition."""

ALIASES = {
    "longest_wait_s": "oldest_offered_at",
    "queue_length": "waiting",
    "longest_available_s": "longest_available_since",
}
"""Names that rules may use beside the catalogue's."""
OWN_LEVEL = "service_level"
"""The service level by the scope's own definition."""
KINDS = ("queue", "site", "region", "all", "team", "agent", "flow", "node")
NOT_KNOWN = {
    "running.earlier_offered": 'compare "offered" against last_week instead',
    "repeat_rate": "repeat calls are counted when a half-hour is over, and no rule can wait for that",
    "first_contact_resolution": "repeat calls are counted when a half-hour is over, and no rule can wait for that",
}
"""Metrics of the catalogue that rules can't read, and what to do instead."""

_STATES: tuple[str, ...] = get_args(AgentState)
_ADHERENCE: tuple[str, ...] = get_args(AdherenceState)
_REASONS = tuple(reason for part in get_args(FlowOut) for reason in (get_args(part) or (part,)))
_QUEUE = ("waiting", "oldest_offered_at", "ghosts", "outlook.already_lost", "outlook.still_to_win")
_CONTACTS = ("service", "volume", "handling")
_MENU = ("depth", "width")


def metric_of(name: str, definition: str | None = None) -> Metric | None:
    """The catalogue's metric of a name as rules write it; None: there is none."""
    if name == OWN_LEVEL:
        name = f"{OWN_LEVEL}.{definition or 'offered'}"
    return BY_ID.get(ALIASES.get(name, name))


def basis_of(metric: Metric) -> Basis:
    """What the figure is computed from."""
    if metric.id in _QUEUE:
        return "queue"
    if metric.id in {"outlook.best", "outlook.worst"}:
        return "outlook"
    if metric.theme in _CONTACTS or metric.id in {"mean_length", "estimated_wait_s"}:
        return "contacts"
    if metric.theme == "ivr":
        return "menu" if metric.id in _MENU else "calls"
    return "agents"


def is_count(metric: Metric) -> bool:
    """Whether it is a number of things, which is 0 and not unknown where there are none."""
    return metric.unit in {"contacts", "calls", "agents", "levels", "choices"} and metric.id != "mean_length"


def metrics_of(kind: str) -> list[str]:
    """Names that a rule may use at a kind of scope."""
    known = [m.id for m in BY_ID.values() if kind in m.scopes and m.id not in NOT_KNOWN]
    level = [OWN_LEVEL] if any(name.startswith(OWN_LEVEL) for name in known) else []
    return [*level, *known, *(alias for alias, id_ in ALIASES.items() if id_ in known)]


def faults(compare: Any, kind: str) -> list[str]:
    """What is wrong with one comparison (contracts.alerts.Compare) at a kind of scope: `field: what to write`."""
    metric = metric_of(compare.metric, compare.definition)
    if metric is None:
        return [f"metric: there is no {compare.metric!r}; at scope {kind} there are {_listed(metrics_of(kind))}"]
    if metric.id in NOT_KNOWN:
        return [f"metric: {metric.id!r} can't be watched: {NOT_KNOWN[metric.id]}"]
    if kind not in metric.scopes:
        of = [scope for scope in metric.scopes if scope in KINDS]
        return [f"metric: {compare.metric!r} is not known of scope {kind}, only of {_listed(of)}"]
    return [
        fault
        for fault in (
            _part(compare, metric), _definition(compare, metric), _threshold_s(compare, metric),
            _channel(compare, metric), _against(compare, metric), _min_offered(compare, metric),
        )
        if fault
    ]  # fmt: skip


def _part(compare: Any, metric: Metric) -> str:
    part: str = compare.part
    match metric.id:
        case "by_state":
            state, colon, reason = part.partition(":")
            if state not in _STATES or (colon and (state != "not_ready" or not reason)):
                return f"part: {metric.id} needs one of {_listed(_STATES)}, or not_ready:REASON; {part!r} is none"
        case "adherence":
            if part not in _ADHERENCE:
                return f"part: {metric.id} needs one of {_listed(_ADHERENCE)}; {part!r} is none"
        case "flowed_out":
            if part and part not in _REASONS:
                return f"part: of {metric.id} may be left out, or one of {_listed(_REASONS)}; {part!r} is none"
            if part and compare.channel:
                return "part: reasons of flow-outs are not known of one channel; leave out part or channel"
        case _:
            if part:
                return f"part: {compare.metric} has no parts; leave it out"
    return ""


def _definition(compare: Any, metric: Metric) -> str:
    if compare.definition is None or compare.metric in {OWN_LEVEL, "outlook.best", "outlook.worst"}:
        return ""
    if metric.id == f"{OWN_LEVEL}.{compare.definition}":
        return ""
    return f"definition: {compare.metric} has none of its own; it goes with {OWN_LEVEL}, outlook.best, outlook.worst"


def _threshold_s(compare: Any, metric: Metric) -> str:
    if compare.threshold_s is None or (compare.channel is None and metric.id.startswith(OWN_LEVEL)):
        return ""
    return f"threshold_s: it goes with {OWN_LEVEL} of all channels together, not with this; leave it out"


def _channel(compare: Any, metric: Metric) -> str:
    if compare.channel is None or "channel" in metric.scopes:
        return ""
    return f"channel: {compare.metric} is not known of one channel; leave it out"


def _against(compare: Any, metric: Metric) -> str:
    match compare.against:
        case "target" if not metric.id.startswith((OWN_LEVEL, "outlook.best", "outlook.worst")):
            others = ("value", "last_week", "change") if has_past(metric) else ("value", "change")
            return f"against: only a service level has a target; {compare.metric} may be against {_listed(others)}"
        case "last_week" if not has_past(metric) or compare.channel or compare.threshold_s or compare.part:
            return (
                "against: last week's half-hours are known of contacts' counters at the target T, without channel, part"
                f" and threshold_s; not of {compare.metric} so"
            )
    return ""


def _min_offered(compare: Any, metric: Metric) -> str:
    if not compare.min_offered or (basis_of(metric) in {"contacts", "outlook", "calls"} and not is_count(metric)):
        return ""
    return f"min_offered: it is for shares and means of contacts; {compare.metric} is none; leave it out"


def has_past(metric: Metric) -> bool:
    """Whether the figure of last week's half-hour can be computed from its counters."""
    if basis_of(metric) != "contacts" or metric.id in {"estimated_wait_s", "response_rate"}:
        return False
    return metric.compute is not None or metric.id in COUNTERS


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
