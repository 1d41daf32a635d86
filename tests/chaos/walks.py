"""Made-up calls in a voice menu: the nodes that they reach, inputs that fail, and how they leave."""

import random
from typing import Any, Literal

from tests.chaos.posting import event, iso
from tests.oracle.ivr import MenuOutcome, Walk

LEFT: tuple[MenuOutcome, ...] = ("to_queue", "contained", "abandoned", "virtual")
LEFT_WEIGHTS = (70, 15, 10, 5)
NODES = ("welcome", "accounts", "cards", "balance", "vip")
FAULTS: tuple[Literal["invalid", "timeout"], ...] = ("invalid", "timeout")


def walk(chance: random.Random, contact: str, queue: str, at: int, ends_at: int) -> Walk:
    """A call that enters the menu of a queue's site, as it stands when the floor ends."""
    over = at + chance.randrange(5_000, 120_000)
    times = sorted(chance.randrange(at, over) for _ in range(chance.randrange(5)))
    nodes = [(when, depth, chance.choice(NODES)) for depth, when in enumerate(times, 1)]
    failed = [
        (chance.randrange(at, over + 1_000), chance.choice(NODES), chance.choice(FAULTS))
        for _ in range(chance.choice((0, 0, 0, 1, 2)))
    ]
    call = Walk(
        f"{queue.partition('/')[0]}/main",
        contact,
        at,
        chance.choices(("", "vip"), (8, 2))[0],
        tuple(node for node in nodes if node[0] <= ends_at),
        tuple(sorted({fault for fault in failed if fault[0] <= ends_at})),
    )
    if over >= ends_at or chance.random() < 0.02:
        return call
    outcome = chance.choices(LEFT, LEFT_WEIGHTS)[0]
    return Walk(
        call.flow, contact, at, call.segment, call.nodes, call.failed, outcome, over, queue if outcome == "to_queue" else ""
    )  # fmt: skip


def events_of(call: Walk) -> list[dict[str, Any]]:
    """What the menu tells of a call as it stands."""
    name = f"{call.flow}:{call.contact}"
    about = {"flow": call.flow, "contact": call.contact}
    events = [event("ivr_entered", f"{name}:in", call.flow, call.entered_at, **about, segment=call.segment)]
    visit = about | {"entered_at": iso(call.entered_at)}
    for at, depth, node in call.nodes:
        events.append(event("ivr_node_visited", f"{name}:{depth}", call.flow, at, **visit, node=node, depth=depth))
    for number, (at, node, fault) in enumerate(call.failed):
        events.append(event("ivr_input_failed", f"{name}:f{number}", call.flow, at, **visit, node=node, fault=fault))
    if call.outcome is not None and call.left_at is not None:
        more = {"queue": call.queue} if call.queue else {}
        events.append(
            event("ivr_exited", f"{name}:out", call.flow, call.left_at, **visit, outcome=call.outcome, **more)
        )
    return events
