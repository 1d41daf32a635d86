"""What the desk of a chaos run is told by files: rules that fire often, plans of two levels, a channel for everything."""

from pathlib import Path
from typing import Any

import yaml

from tests.chaos.story import QUEUES

SECRET = "of a receiver on this machine"
CHANNEL = "hook"
PLANS = ("rush", "crowd")


def _text(name: str) -> dict[str, str]:
    return {"en": name, "zh": name}


def _rule(id_: str, **wanted: Any) -> dict[str, Any]:
    return {"id": id_, "name": _text(id_), "scope": {"kind": "queue"}, "direction": "above", **wanted}


RULES = [
    _rule("many", metric="queue_length", threshold=2, clear=1, for_s=30, escalate_after_s=5, inhibits=["some"]),
    _rule("some", metric="queue_length", threshold=1, clear=0, for_s=0, keep_firing_for_s=60),
    _rule("late", metric="service_level", direction="below", threshold=60, clear=65, min_offered=5, for_s=30),
    _rule("site", metric="abandonment_rate", threshold=15, clear=12, min_offered=20, scope={"kind": "site"}),
]


def _level(enter: float, action: str) -> dict[str, Any]:
    def at(direction: str, threshold: float) -> dict[str, Any]:
        return {"metric": "queue_length", "direction": direction, "threshold": threshold}

    return {
        "name": _text(action), "enter": at("above", enter), "enter_for_s": 30, "leave": at("below", 1), "leave_for_s": 30,
        "actions": [
            {"id": action, "kind": "webhook", "name": _text(action), "webhook": CHANNEL, "undo": True},
            {"id": f"{action}-staff", "kind": "call_in", "name": _text("staff")},
        ],
    }  # fmt: skip


def files(folder: Path, hook_url: str) -> dict[str, str]:
    """Write them; the variables that name them."""
    plans = [
        {
            "id": id_,
            "name": _text(id_),
            "scope": {"kind": "queue", "match": queue},
            "levels": [_level(1, "one"), _level(3, "two")],
        }
        for id_, queue in zip(PLANS, QUEUES, strict=False)
    ]
    quick = {"first_s": 0.2, "most_s": 1, "give_up_after_s": 60}
    hook = {"id": CHANNEL, "kind": "webhook", "url": hook_url, "secret_env": "CHAOS_HOOK_SECRET", "retry": quick}
    channels = {
        "group_wait_s": 0.2,
        "channels": [hook],
        "routes": [{"channel": CHANNEL}, {"channel": CHANNEL, "teams": ["*"]}],
    }
    named = {"rules": {"rules": RULES}, "plans": {"plans": plans}, "channels": channels}
    folder.mkdir(parents=True, exist_ok=True)
    found = {"CHAOS_HOOK_SECRET": SECRET}
    for name, content in named.items():
        path = folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        found[f"FLOORWATCH_{name.upper()}_FILE"] = str(path)
    return found
