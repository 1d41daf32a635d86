"""Builders for what is told: notices, channels, letters."""

from typing import Any

from services.alerts.domain.notices.channels import ChannelFile
from services.alerts.domain.notices.routing import Letter
from services.contracts.alerts import Alert, AlertTransition
from services.contracts.notify import Notice

NAME = {"en": "Many wait", "zh": "排队数过多"}
NOW = 1_800_000_000_000


def alert(**wanted: Any) -> Alert:
    base = {
        "id": "many|bank/PS", "rule": "many", "scope": "bank/PS", "scope_kind": "queue", "site": "bank",
        "state": "firing", "since": NOW, "episode": NOW - 60_000, "value": 12, "threshold": 10,
        "metric": "queue_length", "severity": "warning", "name": NAME, "group": "many|bank",
    }  # fmt: skip
    return Alert.model_validate(base | wanted)


def transition(
    id_: str = "many|bank/PS|firing|1", *, tell: bool = True, why: str = "", **wanted: Any
) -> AlertTransition:
    found = alert(**wanted)
    return AlertTransition(id=id_, at=NOW, wall_at=NOW, previous="pending", alert=found, tell=tell, why=why)


def notice(**wanted: Any) -> Notice:
    base = {
        "event": "firing", "subject": "many|bank/PS", "name": NAME, "rule": "many", "scope": "bank/PS",
        "scope_kind": "queue", "site": "bank", "roles": ["supervisor"], "severity": "warning",
        "metric": "queue_length", "value": 12, "threshold": 10, "since": NOW, "at": NOW, "wall_at": NOW,
    }  # fmt: skip
    return Notice.model_validate(base | wanted)


def letter(id_: str = "t1", **wanted: Any) -> Letter:
    return Letter(id_, notice(**wanted))


def webhook(id_: str = "hook", **wanted: Any) -> dict[str, Any]:
    return {"id": id_, "kind": "webhook", "url": "http://127.0.0.1:9/x", "secret_env": "HOOK_SECRET", **wanted}


def channels(*listed: dict[str, Any], routes: list[dict[str, Any]] | None = None, **wanted: Any) -> ChannelFile:
    found = listed or (webhook(),)
    return ChannelFile.model_validate(
        {"channels": found, "routes": [{"channel": one["id"]} for one in found] if routes is None else routes} | wanted
    )
