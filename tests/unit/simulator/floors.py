"""Small floors for tests: one site in UTC with what the test is about, everything else left out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from services.ingest.domain.simulator import Event, Floor, Simulator

Kind = TypeVar("Kind", bound=Event)

ALWAYS = {"start": "00:00", "end": "00:00"}
MONDAY = round(datetime.fromisoformat("1999-01-11T00:00:00+00:00").timestamp() * 1000)
HOUR = 3_600_000
MINUTE = 60_000


def text(name: str) -> dict[str, str]:
    return {"en": name, "zh": name}


def fixed(seconds: float) -> dict[str, Any]:
    return {"mean_s": seconds, "shape": "fixed"}


def exponential(seconds: float) -> dict[str, Any]:
    return {"mean_s": seconds, "shape": "exponential"}


def queue(name: str = "q", *, per_hour: float | None = None, **more: Any) -> dict[str, Any]:
    arrivals = None if per_hour is None else {"per_day": per_hour * 24, "profile": "flat"}
    return {"id": name, "name": text(name), "service": fixed(60), "patience_s": None, "arrivals": arrivals} | more


def group(agents: int, *skills: str, shift: str = "always", **more: Any) -> dict[str, Any]:
    return {"agents": agents, "skills": skills, "shift": shift} | more


def site(queues: Sequence[dict[str, Any]], groups: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
    shifts = {"always": ALWAYS} | more.pop("shifts", {})
    team = {"id": "team", "name": text("Team"), "groups": groups}
    base = {"id": "site", "name": text("Site"), "timezone": "UTC"}
    return base | {"queues": queues, "teams": [team], "shifts": shifts} | more


def floor(*sites: dict[str, Any]) -> Floor:
    return Floor.model_validate({"sites": sites})


def simulator(of: Floor, seed: int = 1, start: int = MONDAY, **more: Any) -> Simulator:
    return Simulator(of, seed, start, profiles={"anonymous_bank": [1.0] * 48}, **more)


def of_kind(events: Sequence[Event], kind: type[Kind]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]
