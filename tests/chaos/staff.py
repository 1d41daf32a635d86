"""Made-up agents: what they do, what they were meant to do, and what excuses them. Everything follows from the seed.

Plans have versions, so the highest stands in whatever order they come. Of exceptions the one that comes last stands;
only the log tells which that is.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.contracts.schedules import AdherenceException, DaySchedule
from tests.chaos.posting import EXCEPTIONS, SCHEDULES, Posting, event, iso
from tests.oracle.agents import Telling

AGENTS_PER_SITE = 8
MINUTE = 60_000
HOUR = 60 * MINUTE
PLANNED = ("on_queue", "on_queue", "on_queue", "break", "meal", "training", "meeting", "off_queue", "absent")
AWAY_FOR = ("break", "meal", "training", "smoke", "")
CONTACT = ("ringing", "talking", "hold", "talking", "wrap_up")
PLANNER = "planner"


@dataclass(frozen=True)
class Staff:
    """What agents did, the events that tell of it, and the plans and exceptions that are posted, in order of time."""

    tellings: tuple[Telling, ...]
    events: tuple[dict[str, Any], ...]
    plans: tuple[Posting, ...]


def site_of(agent: str) -> str:
    """Where an agent works."""
    return agent.partition(".")[0]


def staff(chance: random.Random, zones: Mapping[str, str], began_at: int, ends_at: int, lasts_s: float) -> Staff:
    """Make up some agents of each site; the last one of each never comes."""
    told: list[Telling] = []
    plans: list[Posting] = []
    for site, zone in zones.items():
        for number in range(AGENTS_PER_SITE):
            agent = f"{site}.a{number}"
            if number < AGENTS_PER_SITE - 1:
                told += [one for one in _day(chance, agent, began_at, ends_at) if one.at < ends_at]
            for posting in (
                *_shifts(chance, agent, zone, began_at, ends_at),
                *_excuses(chance, agent, began_at, ends_at),
            ):
                late = chance.random() < 0.4
                due_s = chance.uniform(0, lasts_s * (0.95 if late else 0.1))
                plans.append(Posting(due_s, len(plans), posting.items, posting.names, PLANNER, posting.path))
    return Staff(tuple(told), tuple(_event_of(telling) for telling in told), tuple(sorted(plans)))


def name_of(record: DaySchedule | AdherenceException) -> str:
    """By which a record is known again."""
    if isinstance(record, DaySchedule):
        return f"schedule|{record.agent}|{record.date}|{record.version}"
    return _name_of_excuse(record.agent, record.id, record.start, record.end, withdrawn=record.withdrawn)


def _name_of_excuse(agent: str, name: str, start: int, end: int, *, withdrawn: bool) -> str:
    return f"exception|{agent}|{name}|{start}|{end}|{withdrawn}"


def _day(chance: random.Random, agent: str, began_at: int, ends_at: int) -> Iterator[Telling]:
    """Log-in, contacts, breaks, now and then a log-out and a log-in again; two feeds tell of it."""

    def telling(what: str, reason: str = "", contact: str = "") -> Telling:
        source = "chat" if chance.random() < 0.15 else "acd"
        return Telling(agent, at, what, reason, contact, f"{source}-{site_of(agent)}")

    at = began_at + round(chance.expovariate(1 / (6 * MINUTE)))
    contacts = 0
    if chance.random() < 0.9:
        yield telling("log-in")
    while at < ends_at:
        lot = chance.random()
        if lot < 0.6:
            contacts += 1
            for state in CONTACT if chance.random() < 0.5 else CONTACT[:2]:
                yield telling(state, contact=f"{agent}:c{contacts}")
                at += round(chance.expovariate(1 / 40_000))
        elif lot < 0.8:
            yield telling("not_ready", chance.choice(AWAY_FOR))
            at += round(chance.expovariate(1 / (3 * MINUTE)))
        elif lot < 0.84:
            yield telling("log-out")
            at += round(chance.expovariate(1 / (5 * MINUTE)))
            if chance.random() < 0.7:
                yield telling("log-in")
        yield telling("available")
        at += 1000 + round(chance.expovariate(1 / (2 * MINUTE)))


def _event_of(telling: Telling) -> dict[str, Any]:
    site = site_of(telling.agent)
    source = telling.source.partition("-")[0]
    name = f"{telling.agent}:{telling.at}:{telling.what}:{telling.reason}:{telling.contact}:{source}"
    about = {"agent": telling.agent, "site": site}
    if telling.what == "log-in":
        return event("agent_logged_in", name, site, telling.at, source=source, **about, team=f"{site}/red")
    if telling.what == "log-out":
        return event("agent_logged_out", name, site, telling.at, source=source, **about)
    says = {"state": telling.what, "reason": telling.reason, "contact": telling.contact}
    return event("agent_state_changed", name, site, telling.at, source=source, **about, **says)


def _shifts(chance: random.Random, agent: str, zone: str, began_at: int, ends_at: int) -> Iterator[Posting]:
    """A shift of about the time of the run, planned one to three times; sometimes the end of one of the day before."""
    minute = began_at // MINUTE * MINUTE
    start = minute + chance.randrange(-40, 10) * MINUTE
    if chance.random() < 0.9:
        for version in range(chance.choice((1, 1, 2, 3))):
            begins = start + chance.choice((0, 0, 5)) * MINUTE
            if _date(begins, zone) == _date(start, zone):
                yield _shift(chance, agent, zone, (begins, ends_at + HOUR), version)
    former = minute - chance.randrange(10, 13) * HOUR
    if chance.random() < 0.4 and _date(former, zone) != _date(start, zone):
        yield _shift(chance, agent, zone, (former, minute + chance.randrange(-30, 30) * MINUTE), 0)


def _shift(chance: random.Random, agent: str, zone: str, span: tuple[int, int], version: int) -> Posting:
    at, ends = span
    parts = []
    while at < ends:
        end = at + chance.choice((2, 5, 10, 20, 60)) * MINUTE
        parts.append({"activity": chance.choice(PLANNED), "start": iso(at), "end": iso(end)})
        at = end + (chance.choice((1, 5)) * MINUTE if chance.random() < 0.1 else 0)
    date = _date(span[0], zone)
    plan = {"agent": agent, "site": site_of(agent), "date": date, "version": version, "activities": parts}
    return Posting(0, 0, (plan,), frozenset({f"schedule|{agent}|{date}|{version}"}), PLANNER, SCHEDULES)


def _excuses(chance: random.Random, agent: str, began_at: int, ends_at: int) -> Iterator[Posting]:
    """Some times in which the agent is excused, of which some are moved or withdrawn."""
    for number in range(chance.choice((0, 0, 1, 2))):
        for _ in range(chance.choice((1, 1, 2))):
            start = chance.randrange(began_at, ends_at)
            end = start + chance.randrange(MINUTE, 15 * MINUTE)
            name = f"x{number}"
            items: list[dict[str, Any]] = [
                {"id": name, "agent": agent, "start": iso(start), "end": iso(end), "reason": "doctor"}
            ]
            names = {_name_of_excuse(agent, name, start, end, withdrawn=False)}
            if chance.random() < 0.25:
                items.append({"action": "withdraw", "id": name, "agent": agent})
                names.add(_name_of_excuse(agent, name, start, end, withdrawn=True))
            yield Posting(0, 0, tuple(items), frozenset(names), PLANNER, EXCEPTIONS)


def _date(at: int, zone: str) -> str:
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date().isoformat()
