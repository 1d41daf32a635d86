"""A simulated floor through the running service: menus and repeat calls as the oracle counts them from the log."""

import json
from collections import Counter
from pathlib import Path

import yaml

from services.contracts.events import (
    IvrEntered,
    IvrExited,
    IvrInputFailed,
    IvrNodeVisited,
    Offered,
    VisitEvent,
    decode_contacts,
    decode_ivr,
)
from services.contracts.metrics import IvrInterval, Repeats
from services.contracts.topology import Topology
from services.ingest.sources.files import shipped
from services.runtime.settings import CommonSettings
from tests.integration.ingest import log
from tests.integration.metrics.service import Shown, running, wait_for
from tests.oracle.callers import Ring, repeats
from tests.oracle.ivr import Walk, menus

ZONE = "Europe/Lisbon"
START, UNTIL = "2026-03-02T10:00", "2026-03-02T12:30"


def only_lisbon(folder: Path) -> Path:
    """The demo's first site, with few customers, so that many call again."""
    floor = yaml.safe_load(shipped("floors/demo.yaml").read_text(encoding="utf-8"))
    site = floor["sites"][0] | {"customers": {"pool": 200, "frequent": 20, "frequent_share": 0.3}}
    path = folder / "floor.yaml"
    path.write_text(yaml.safe_dump({"sites": [site]}), encoding="utf-8")
    return path


def walks(events: list[VisitEvent]) -> list[Walk]:
    """The calls of a log, put together by hand."""
    calls: dict[str, dict[str, object]] = {}
    nodes: dict[str, list[tuple[int, int, str]]] = {}
    failed: dict[str, list[tuple[int, str, object]]] = {}
    for event in events:
        call = calls.setdefault(event.contact, {"flow": event.flow, "contact": event.contact})
        match event:
            case IvrEntered():
                call |= {"entered_at": event.at, "segment": event.segment}
            case IvrNodeVisited():
                nodes.setdefault(event.contact, []).append((event.at, event.depth, event.node))
            case IvrInputFailed():
                failed.setdefault(event.contact, []).append((event.at, event.node, event.fault))
            case IvrExited():
                call |= {"outcome": event.outcome, "left_at": event.at, "queue": event.queue}
    return [
        Walk(**call, nodes=tuple(nodes.get(contact, ())), failed=tuple(failed.get(contact, ())))  # type: ignore[arg-type]  # by hand
        for contact, call in calls.items()
    ]


def test_menus_and_repeat_calls_are_what_the_oracle_counts(
    environment: dict[str, str], settings: CommonSettings, tmp_path: Path
) -> None:
    told = log.run(
        environment,
        "simulate",
        "--floor",
        str(only_lisbon(tmp_path)),
        "--start",
        START,
        "--until",
        UNTIL,
        "--speed",
        "max",
    )
    assert told["code"] == 0
    visits = [e for r in log.records(settings, "ivr") for e in decode_ivr(r.value) if isinstance(e, VisitEvent)]
    offers = [e for r in log.records(settings, "contacts") for e in decode_contacts(r.value) if isinstance(e, Offered)]
    expected_menus = menus(walks(visits), ZONE)
    expected_repeats = repeats([Ring(e.queue, e.contact, e.at, e.customer) for e in offers], ZONE, (1, 7))
    kinds = Counter(type(event).__name__ for event in visits)
    assert min(kinds[name] for name in ("IvrEntered", "IvrNodeVisited", "IvrInputFailed", "IvrExited")) > 10

    shown = Shown(settings)

    def intervals() -> dict[tuple[str, int], IvrInterval]:
        found = [
            IvrInterval.model_validate_json(v)
            for v in shown.client.hvals(shown.names.day_key("lisbon/main", "2026-03-02"))
        ]
        return {(one.scope, one.start): one for one in found}

    def repeat_calls() -> dict[tuple[str, int], Repeats]:
        keys = [
            shown.names.repeats_key(f"lisbon/{queue}", "2026-03-02") for queue in ("retail", "cards", "loans", "chat")
        ]
        found = [Repeats.model_validate_json(value) for key in keys for value in shown.client.hvals(key)]
        return {(one.scope, one.start): one for one in found}

    def all_there() -> bool:
        counted = {name: one.counts.model_dump() for name, one in intervals().items()}
        known = {name: one.known for name, one in repeat_calls().items()}
        return counted == {name: menu.counts() for name, menu in expected_menus.items()} and known == {
            name: one["known"] for name, one in expected_repeats.items()
        }

    with running(environment, tmp_path / "metrics.log"):
        wait_for(all_there, "not all is counted")
        for name, interval in intervals().items():
            menu = expected_menus[name]
            assert {node: counts.model_dump() for node, counts in interval.nodes.items()} == menu.nodes()
            assert {(link.source, link.to): link.calls for link in interval.links} == menu.links()
            assert {segment: counts.model_dump() for segment, counts in interval.segments.items()} == menu.segments()
            assert interval.nodes["vip"].entered > 0
        for name, one in repeat_calls().items():
            assert one.within_days == expected_repeats[name]["within_days"]
        assert sum(one.within_days[1] for one in repeat_calls().values()) > 10

        lost = sum(interval.counts.lost for interval in intervals().values())
        assert lost == sum(event.outcome == "abandoned" for event in visits if isinstance(event, IvrExited)) > 0
        wait_for(
            lambda: shown.client.hexists(shown.names.topology_key, "flow|lisbon/main"), "the menu is not described"
        )
        described = {key: json.loads(value) for key, value in shown.client.hgetall(shown.names.topology_key).items()}
        flow = Topology.model_validate({"flows": [described[b"flow|lisbon/main"]]}).flows[0]
        assert {node.id for node in flow.nodes} >= {
            node for interval in intervals().values() for node in interval.nodes
        }

        before = repeat_calls()
        for key in (*shown.client.keys(f"{settings.namespace}:*"),):
            shown.client.delete(key)
        wait_for(lambda: repeat_calls() == before and bool(intervals()), "Redis is not filled again")
