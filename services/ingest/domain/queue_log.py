"""Asterisk's queue_log → canonical events.

Source: Asterisk's documentation, "Queue Logs" (Operation, Logging), and the formats in app_queue.c for the transfers.

A call's stay in a queue (a leg) begins with ENTERQUEUE and ends with CONNECT, ABANDON or one of the EXITs; after a
CONNECT the talk ends with COMPLETEAGENT, COMPLETECALLER or a transfer. CONNECT and the like do not say when the call
entered, only how long it was held, by the second; so the log's ENTERQUEUE is remembered (`Tracker`), and held time is
used only where the log begins in the middle of a call.

| Asterisk | becomes |
|---|---|
| ENTERQUEUE | Offered |
| CONNECT | Answered, agent talking |
| ABANDON | Abandoned |
| EXITEMPTY, EXITWITHTIMEOUT, EXITWITHKEY, SYSCOMPAT | FlowedOut: no_agents, timeout, key, other |
| COMPLETEAGENT, COMPLETECALLER | Ended, agent available |
| BLINDTRANSFER, TRANSFER; ATTENDEDTRANSFER | Transferred blind; consulted; and Ended, agent available |
| RINGNOANSWER, RINGCANCELED | Ringing when it began to ring: the ringing time before the entry; for a known leg only |
| AGENTLOGIN, AGENTCALLBACKLOGIN, ADDMEMBER (to the first queue) | agent logged in |
| AGENTLOGOFF, AGENTCALLBACKLOGOFF, REMOVEMEMBER (from the last queue) | agent logged out |
| PAUSE, PAUSEALL / UNPAUSE, UNPAUSEALL | agent not ready, with the reason / available |
| QUEUESTART | Asterisk was started: calls still waiting in its queues are gone, FlowedOut: other |
| AGENTDUMP, CONFIGRELOAD, DID, INFO, penalties | nothing: they are over when logged |

The log knows no hold: a member's hold music is in the manager interface only.

A `Local/…` member is a dial-out proxy of an agent who has a log-in of his own, and is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.contracts.events import (
    Abandoned,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentState,
    AgentStateChanged,
    Answered,
    AnyEvent,
    Ended,
    FlowedOut,
    FlowOutReason,
    Offered,
    Ringing,
    TransferMode,
    Transferred,
)
from services.ingest.domain.pseudonym import Pseudonym
from services.ingest.domain.rows import RowError, quoted

EXPORT_COLUMNS = (
    "uid", "date_time", "callid", "queue_name", "type", "event", "param1", "param2", "param3", "entpos", "expos",
    "htime", "ttime", "time",
)  # fmt: skip
"""The database export: `type` is the member; `date_time` is to be trusted, `time` is a text that may be off."""

SILENT = frozenset(
    [
        "AGENTDUMP",
        "CONFIGRELOAD",
        "DID",
        "INFO",
        "ADDMEMBERPENALTY",
        "PENALTY",
        "MEMBERPENALTY",
    ]
)
FLOW_OUTS: dict[str, FlowOutReason] = {
    "EXITEMPTY": "no_agents", "EXITWITHTIMEOUT": "timeout", "EXITWITHKEY": "key", "SYSCOMPAT": "other",
}  # fmt: skip
RINGS = frozenset(["RINGNOANSWER", "RINGCANCELED"])
TRANSFERS: dict[str, TransferMode] = {"BLINDTRANSFER": "blind", "TRANSFER": "blind", "ATTENDEDTRANSFER": "consulted"}
ENDS = frozenset(["COMPLETEAGENT", "COMPLETECALLER", *TRANSFERS])
LOG_INS = frozenset(["AGENTLOGIN", "AGENTCALLBACKLOGIN"])
LOG_OFFS = frozenset(["AGENTLOGOFF", "AGENTCALLBACKLOGOFF"])
PAUSES: dict[str, AgentState] = {
    "PAUSE": "not_ready", "PAUSEALL": "not_ready", "UNPAUSE": "available", "UNPAUSEALL": "available",
}  # fmt: skip

FORGET_AFTER_MS = 60_000
WEEK_S = 7 * 86_400
"""No wait and no talk is longer, here as over HTTP (contracts.edge)."""
_HELD_AT = {"CONNECT": 0, "ABANDON": 2, "EXITEMPTY": 2, "EXITWITHTIMEOUT": 2, "EXITWITHKEY": 3}
_TIMES_AT = {"COMPLETEAGENT": (0, 1), "COMPLETECALLER": (0, 1), "BLINDTRANSFER": (2, 3), "TRANSFER": (2, 3)}


class UnknownEventError(ValueError):
    """An event that Asterisk's documentation does not know: to be counted and kept aside."""

    def __init__(self, event: str) -> None:
        super().__init__(f"unknown event {event}")
        self.event = event


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. Times in ms; `held`, `talked` and `rang` only where the event has them."""

    at: int
    call: str
    queue: str
    member: str
    event: str
    held: int = 0
    talked: int = 0
    caller: str = ""
    note: str = ""
    rang: int = 0


def read_line(line: str) -> Entry:
    """`epoch|callid|queue|member|EVENT|arg|arg…`.

    Raises:
        RowError: it can't be read.
        UnknownEventError: its event is not known.
    """
    fields = line.rstrip("\r\n").split("|")
    if len(fields) < 5:
        raise RowError(None, f"{len(fields)} fields instead of at least 5: epoch|callid|queue|member|EVENT|…")
    at, (call, queue, member, event), args = _epoch_ms(fields[0]), fields[1:5], fields[5:]
    held, talked = 0, 0
    if event in _HELD_AT:
        # EXITWITHKEY had no wait in old versions; then the leg's own ENTERQUEUE must do.
        optional = event == "EXITWITHKEY"
        held = _seconds(args, _HELD_AT[event], "wait", optional=optional)
    elif event in _TIMES_AT:
        held, talked = (
            _seconds(args, place, name) for place, name in zip(_TIMES_AT[event], ("holdtime", "calltime"), strict=True)
        )
    elif event == "ATTENDEDTRANSFER":  # its first part has two fields or more: method and target
        held, talked = _seconds(args, len(args) - 3, "holdtime"), _seconds(args, len(args) - 2, "calltime")
    return Entry(
        at, call, queue, member, _known(event), held, talked,
        caller=_caller(_nth(args, 1)) if event == "ENTERQUEUE" else "",
        note=_note(event, args, _nth(args, 1) if _nth(args, 0) == "BRIDGE" else ""),
        rang=_rang(event, _nth(args, 0)),
    )  # fmt: skip


def read_export(values: Sequence[str], columns: Sequence[str] = EXPORT_COLUMNS) -> Entry:
    """One row of the database export.

    Raises:
        RowError: it can't be read.
        UnknownEventError: its event is not known.
    """
    if len(values) != len(columns):
        raise RowError(None, f"{len(values)} columns instead of {len(columns)}")
    row = dict(zip(columns, values, strict=True))
    event = row["event"]
    return Entry(
        _epoch_ms(row["date_time"]), row["callid"], row["queue_name"], row["type"], _known(event),
        held=_seconds([row["htime"]], 0, "htime"), talked=_seconds([row["ttime"]], 0, "ttime"),
        caller=_caller(row["param1"]) if event == "ENTERQUEUE" else "",
        note=_note(event, [row["param1"]]),
        rang=_rang(event, row["htime"]),  # this one in ms
    )  # fmt: skip


def is_export_header(values: Sequence[str]) -> bool:
    """Whether a line names the columns of an export."""
    return {"date_time", "callid", "queue_name", "event"} <= {value.strip() for value in values}


def check_export_header(values: Sequence[str]) -> tuple[str, ...]:
    """The columns that an export's header names.

    Raises:
        RowError: one that is needed is missing.
    """
    names = tuple(value.strip() for value in values)
    for needed in ("date_time", "callid", "queue_name", "type", "event", "param1", "htime", "ttime"):
        if needed not in names:
            raise RowError(needed, "is missing in the header")
    return names


@dataclass(slots=True)
class _Leg:
    offered: int
    answered: int | None = None
    closed: int | None = None


class Tracker:
    """Entries in the order of the log → events. Its state goes into the feed's position."""

    def __init__(self, *, feed: str, site: str, pseudonym: Pseudonym) -> None:
        self._feed = feed
        self._site = site
        self._pseudonym = pseudonym
        self._legs: dict[tuple[str, str], _Leg] = {}
        self._members: dict[str, set[str]] = {}
        self._swept = 0

    def feed(self, entry: Entry) -> list[AnyEvent]:
        """The events of one entry.

        Raises:
            RowError: it names no queue where one is needed.
        """
        self._sweep(entry.at)
        event = entry.event
        if event == "QUEUESTART":
            return self._restarted(entry)
        if event in LOG_INS or event in LOG_OFFS or event in PAUSES or event in {"ADDMEMBER", "REMOVEMEMBER"}:
            return self._of_member(entry)
        if event in SILENT:
            return []
        if entry.queue in {"", "NONE"} or entry.call in {"", "NONE"}:
            raise RowError("queue", f"{event} names no queue or no call")
        return self._of_call(entry)

    def snapshot(self) -> dict[str, Any]:
        """State, as JSON can hold it."""
        return {
            "legs": [[*key, leg.offered, leg.answered, leg.closed] for key, leg in self._legs.items()],
            "members": {member: sorted(queues) for member, queues in self._members.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the state of a snapshot."""
        self._legs = {
            (call, queue): _Leg(offered, answered, closed) for call, queue, offered, answered, closed in state["legs"]
        }
        self._members = {member: set(queues) for member, queues in state["members"].items()}

    def _of_call(self, entry: Entry) -> list[AnyEvent]:
        if entry.event == "ENTERQUEUE":
            return [self._enter(entry)]
        leg = self._legs.get((entry.call, entry.queue))
        if entry.event in RINGS:
            return [] if leg is None else [self._ringing(entry, leg)]
        if leg is None:  # the log begins in the middle of this call
            answered = entry.at - entry.talked if entry.event in ENDS else None
            offered = (answered if answered is not None else entry.at) - entry.held
            if offered < 0:
                raise RowError("time", f"the call would have come before 1970 ({entry.event})")
            leg = _Leg(offered, answered)
            self._legs[entry.call, entry.queue] = leg
        at = max(entry.at, leg.offered)  # a clock that was set back must not make a wait negative
        if entry.event == "CONNECT":
            leg.answered = at
            return [self._answered(entry, leg, at), *self._state(entry, at, "talking", contact=entry.call)]
        leg.closed = at
        if entry.event == "ABANDON":
            return [
                Abandoned(
                    self._id(entry, leg, "abandoned"), self._feed, at, self._queue(entry), entry.call, leg.offered
                )
            ]
        if entry.event in FLOW_OUTS:
            return [self._flowed_out(entry, leg, at, FLOW_OUTS[entry.event])]
        transferred = [self._transferred(entry, leg, at)] if entry.event in TRANSFERS else []
        return [*transferred, self._ended(entry, leg, at), *self._state(entry, at, "available")]

    def _enter(self, entry: Entry) -> Offered:
        key = (entry.call, entry.queue)
        before = self._legs.get(key)
        offered = entry.at
        if before is not None and before.closed is not None and before.offered >= offered:
            offered = before.offered + 1  # back in the same queue within the second: a leg of its own
        self._legs[key] = leg = _Leg(offered)
        return Offered(
            self._id(entry, leg, "offered"), self._feed, offered, self._queue(entry), entry.call,
            customer=self._pseudonym(entry.caller),
        )  # fmt: skip

    def _ringing(self, entry: Entry, leg: _Leg) -> Ringing:
        at = max(entry.at - entry.rang, leg.offered)
        mark = f"{self._id(entry, leg, 'ringing')}:{entry.member}:{entry.at}"
        return Ringing(mark, self._feed, at, self._queue(entry), entry.call, leg.offered, self._agent(entry.member))

    def _transferred(self, entry: Entry, leg: _Leg, at: int) -> Transferred:
        return Transferred(
            self._id(entry, leg, "transferred"), self._feed, at, self._queue(entry), entry.call, leg.offered,
            TRANSFERS[entry.event], entry.note, self._agent(entry.member),
        )  # fmt: skip

    def _answered(self, entry: Entry, leg: _Leg, at: int) -> Answered:
        return Answered(
            self._id(entry, leg, "answered"), self._feed, at, self._queue(entry), entry.call, leg.offered,
            self._agent(entry.member),
        )  # fmt: skip

    def _flowed_out(self, entry: Entry, leg: _Leg, at: int, reason: FlowOutReason) -> FlowedOut:
        return FlowedOut(
            self._id(entry, leg, "flowed_out"), self._feed, at, self._queue(entry), entry.call, leg.offered, reason,
            entry.note,
        )  # fmt: skip

    def _ended(self, entry: Entry, leg: _Leg, at: int) -> Ended:
        return Ended(
            self._id(entry, leg, "ended"), self._feed, at, self._queue(entry), entry.call, leg.offered, entry.talked,
            agent=self._agent(entry.member),
        )  # fmt: skip

    def _restarted(self, entry: Entry) -> list[AnyEvent]:
        gone: list[AnyEvent] = []
        for (call, queue), leg in self._legs.items():
            if leg.closed is None and leg.answered is None:
                lost = Entry(entry.at, call, queue, "NONE", entry.event)
                gone.append(self._flowed_out(lost, leg, max(entry.at, leg.offered), "other"))
            leg.closed = leg.closed or entry.at
        self._members.clear()
        return gone

    def _of_member(self, entry: Entry) -> list[AnyEvent]:
        if entry.member in {"", "NONE"} or entry.member.startswith("Local/"):
            return []
        agent, mark = self._agent(entry.member), f"{entry.member}:{entry.event}:{entry.at}"
        if entry.event in PAUSES:
            return self._state(entry, entry.at, PAUSES[entry.event], reason=entry.note)
        queues = self._members.setdefault(entry.member, set())
        if entry.event == "ADDMEMBER":
            first = not queues
            queues.add(entry.queue)
            return [AgentLoggedIn(mark, self._feed, entry.at, agent, self._site)] if first else []
        if entry.event == "REMOVEMEMBER":
            queues.discard(entry.queue)
            return [] if queues else [AgentLoggedOut(mark, self._feed, entry.at, agent, self._site)]
        if entry.event in LOG_INS:
            return [AgentLoggedIn(mark, self._feed, entry.at, agent, self._site)]
        return [AgentLoggedOut(mark, self._feed, entry.at, agent, self._site)]

    def _state(
        self, entry: Entry, at: int, state: AgentState, *, reason: str = "", contact: str = ""
    ) -> list[AnyEvent]:
        if entry.member in {"", "NONE"} or entry.member.startswith("Local/"):
            return []
        mark = f"{entry.member}:{entry.event}:{entry.call}:{entry.at}"
        return [
            AgentStateChanged(
                mark, self._feed, at, self._agent(entry.member), self._site, state, _cut(reason), _cut(contact)
            )
        ]

    def _sweep(self, now: int) -> None:
        """Forget legs that ended a minute ago: nothing of theirs comes any more."""
        if now - self._swept < FORGET_AFTER_MS:
            return
        self._swept = now
        self._legs = {
            key: leg for key, leg in self._legs.items() if leg.closed is None or now - leg.closed < FORGET_AFTER_MS
        }

    def _id(self, entry: Entry, leg: _Leg, what: str) -> str:
        return f"{entry.call}:{_safe(entry.queue)}:{leg.offered}:{what}"

    def _queue(self, entry: Entry) -> str:
        return f"{self._site}/{_safe(entry.queue)}"

    def _agent(self, member: str) -> str:
        return "" if member in {"", "NONE"} else f"{self._site}/{_cut(member)}"


def _note(event: str, args: Sequence[str], bridge: str = "") -> str:
    """A pause's reason, the key pressed, or where a call was transferred to."""
    if event in PAUSES or event == "EXITWITHKEY" or TRANSFERS.get(event) == "blind":
        return _nth(args, 0)
    return _cut(bridge) if event == "ATTENDEDTRANSFER" else ""


def _rang(event: str, text: str) -> int:
    """Milliseconds of ringing, where the event has them; old versions did not log them."""
    return round(float(text)) if event in RINGS and text.replace(".", "", 1).isdigit() else 0


def _safe(name: str) -> str:
    """A queue's name as an id can hold it."""
    return "".join("_" if c in "/|" or ord(c) < 32 else c for c in name.strip())[:96] or "_"


def _cut(text: str) -> str:
    return text[:120]


def _known(event: str) -> str:
    if (
        event in SILENT or event in RINGS or event in FLOW_OUTS or event in ENDS or event in LOG_INS
        or event in LOG_OFFS or event in PAUSES
        or event in {"ENTERQUEUE", "CONNECT", "ABANDON", "ADDMEMBER", "REMOVEMEMBER", "QUEUESTART"}
    ):  # fmt: skip
        return event
    raise UnknownEventError(event)


def _epoch_ms(text: str) -> int:
    return _number(text, "time", "seconds since 1970", most=1e11)


def _seconds(args: Sequence[str], place: int, name: str, *, optional: bool = False) -> int:
    text = _nth(args, place)
    if optional and not text:
        return 0
    return _number(text, name, "a number of seconds, of a week at most", most=WEEK_S)


def _number(text: str, name: str, what: str, *, most: float) -> int:
    """Milliseconds."""
    try:
        value = float(text)
    except ValueError:
        raise RowError(name, f"{quoted(text)} is not {what}") from None
    if not 0 <= value <= most:
        raise RowError(name, f"{quoted(text)} is not {what}")
    return round(value * 1000)


def _nth(args: Sequence[str], place: int) -> str:
    return args[place].strip() if 0 <= place < len(args) else ""


def _caller(text: str) -> str:
    """The caller's number, or "" where Asterisk has none."""
    return "" if text.lower() in {"", "unknown", "anonymous", "none", "null"} else text
