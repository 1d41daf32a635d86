"""`floorwatch scene`: from a breach to an act and back, step by step, on the floor that runs.

A peak breaks the service level of a queue; an alert fires; a contingency plan is proposed and activated; a dispatcher
asks another centre for agents, who come, help, and go home; the ledger says what it did. What people decide is yours to
do (on the pages, or with the commands that are shown); with `--auto` the scene does it itself, over the same API.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import typer
from rich.markup import escape

from services.cli.console import out
from services.cli.desk import Client, RefusedError, UnreachedError, attempt, part, until

LOOK_EVERY_S = 0.5
Found = Any
"""JSON of the API."""


@dataclass
class Scene:
    """What the scene is about, and what it has come across so far."""

    client: Client
    queue: str
    giver: str
    agents: int
    auto: bool
    patience_s: float
    number: int = 0

    @property
    def site(self) -> str:
        """The centre that needs help."""
        return self.queue.partition("/")[0]

    # -- telling

    def step(self, title: str, text: str) -> None:
        """A new step of the scene."""
        self.number += 1
        out.print(f"\n[bold]{self.number}. {escape(title)}[/]\n   {escape(text)}")

    def say(self, text: str) -> None:
        """Something that was seen."""
        out.print(f"   [green]✓[/] {escape(text)}")

    def until(self, what: str, look: Callable[[], Found]) -> Found:
        """What `look` finds, once it does; a service that is just being started again is waited for.

        Raises:
            RefusedError: it has not come for as long as the scene has patience.
        """
        out.print(f"   [dim]waiting for {escape(what)} …[/]")
        deadline, why = time.monotonic() + self.patience_s, ""
        while time.monotonic() < deadline:
            try:
                if found := look():
                    return found
                why = ""
            except (UnreachedError, httpx.HTTPError) as error:
                why = f" ({error})"
            time.sleep(LOOK_EVERY_S)
        raise RefusedError(f"{what} has not come within {self.patience_s:.0f} s{why}")

    def act(self, command: str, path: str, body: Callable[[], dict[str, Any] | None]) -> None:
        """What a person decides: shown as a command, and done where the scene plays by itself.

        `body`: None while there is nothing to do yet, or any more.
        """
        out.print(f"   [bold cyan]$[/] floorwatch {escape(command)}")
        content = body()
        if self.auto and content is not None:
            self.client.give("POST", path, content)

    # -- looking

    def alert(self, *states: str) -> Found:
        """The alert of the queue's, or its centre's, service level, if it is in one of these states."""
        for each in self.client.get("/v1/alerts")["alerts"]:
            theirs = each["scope"] in {self.queue, self.site} and each["metric"] == "service_level"
            if theirs and each["state"] in states:
                return each
        return None

    def alert_now(self, id_: str) -> Found:
        """How an alert stands; None: it is no more."""
        return next((one for one in self.client.get("/v1/alerts")["alerts"] if one["id"] == id_), None)

    def plan(self) -> Found:
        """The plan for the queue or its centre that is proposed or active."""
        for each in self.client.get("/v1/plans")["plans"]:
            theirs = each["definition"]["scope"]["match"] in {self.queue, self.site}
            if theirs and (each["proposed"] is not None or each["level"]):
                return each
        return None

    def plan_now(self, id_: str) -> Found:
        """How a plan stands."""
        return self.client.get(f"/v1/plans/{part(id_)}")

    def move_now(self, id_: str) -> Found:
        """How a move stands."""
        return self.client.get(f"/v1/moves/{part(id_)}")

    def open_move(self, *states: str) -> Found:
        """An open move to the queue."""
        moves = self.client.get("/v1/moves", open=True)["moves"]
        return next((one for one in moves if one["terms"]["queue"] == self.queue and one["state"] in states), None)

    def to_spare(self) -> Found:
        """So many agents of the giver as are wanted, the idle ones first; None: there are not so many."""
        held = {
            agent["agent"] for move in self.client.get("/v1/moves", open=True)["moves"] for agent in move["agents"]
        }  # fmt: skip
        rows = [
            row
            for row in (each["agent"] for each in self.client.get("/v1/agents", site=self.giver)["agents"])
            if row["state"] not in {"offline", "not_ready"}
            and self.queue not in row["queues"]
            and row["id"] not in held
        ]
        rows.sort(key=lambda row: (row["state"] != "available", row["id"]))
        ids = [row["id"] for row in rows[: self.agents]]
        return ids if len(ids) == self.agents else None


def play(scene: Scene) -> None:
    """The whole scene."""
    alert = _breach(scene)
    plan = _plan(scene)
    move = _loan(scene)
    _help(scene, alert, move)
    _home(scene, plan, move)


def _breach(scene: Scene) -> Found:
    scene.step(
        "A peak breaks the service level",
        f"Look at {scene.site} on the wall: more calls come than its agents can take.",
    )
    alert = scene.until(f"an alert about the service level of {scene.queue}", lambda: scene.alert("firing"))
    scene.say(f"alert {alert['id']} fires: {alert['value']:.0f} %, threshold {alert['threshold']:.0f} %")
    return alert


def _plan(scene: Scene) -> Found:
    scene.step("A plan is proposed", "Its condition has held long enough. Nothing happens before a person agrees.")
    plan = scene.until(f"a plan for {scene.site}", scene.plan)
    if not plan["level"]:
        scene.say(f"plan {plan['id']} proposes level {plan['proposed']}")
        body = {"level": plan["proposed"], "cause": "the peak of the scene"}
        scene.act(
            f"plans activate {plan['id']} {plan['proposed']}", f"/v1/plans/{part(plan['id'])}/activate", lambda: body
        )
    plan = scene.until("its activation", lambda: (now := scene.plan_now(plan["id"]))["level"] and now)
    scene.say(f"plan {plan['id']} is on level {plan['level']}; the service level before is kept for its report")
    return plan


def _loan(scene: Scene) -> Found:
    scene.step("The dispatcher asks another centre", f"{scene.giver} has agents to spare; it decides itself.")
    agents = scene.until(
        f"{scene.agents} agents of {scene.giver}", lambda: scene.open_move("proposed") or scene.to_spare()
    )
    if isinstance(agents, list):
        body = {"giver": scene.giver, "queue": scene.queue, "agents": agents, "until": until(60), "reason": "the scene"}
        scene.act(f"moves propose {scene.giver} {scene.queue} {' '.join(agents)} --for 60", "/v1/moves", lambda: body)
    move = scene.until("the proposal", lambda: scene.open_move("proposed", "accepted", "effective"))
    scene.say(f"move {move['id']}: {', '.join(move['terms']['agents'])}")
    path = f"/v1/moves/{part(move['id'])}/accept"
    scene.act(f"moves accept {move['id']}", path, lambda: {} if move["state"] == "proposed" else None)
    move = scene.until(
        "all of them at work there, as their own events show",
        lambda: (now := scene.move_now(move["id"]))["agents"] and _at_work(now) and now,
    )
    scene.say("effective: the telephone system has given them the queue")
    return move


def _at_work(move: Found) -> bool:
    if move["state"] not in {"proposed", "accepted", "effective"}:
        raise RefusedError(f"the move is {move['state']}: {move['why']}")
    states = {agent["state"] for agent in move["agents"]}
    return "effective" in states and "waiting" not in states


def _help(scene: Scene, alert: Found, move: Found) -> None:
    scene.step("It helps", "The rolling half-hour forgets the bad minutes one by one; the alert is resolved by itself.")

    def resolved() -> bool:
        now = scene.alert_now(alert["id"])
        return now is None or now["state"] in {"resolved", "inactive"}

    scene.until(f"alert {alert['id']} to be resolved", resolved)
    for side in scene.move_now(move["id"])["measured"]:
        scene.say(
            f"{side['queue']}: {_percent(side['service_level_before'])} → {_percent(side['service_level_after'])}"
        )


def _home(scene: Scene, plan: Found, move: Found) -> None:
    scene.step("Everybody goes home", "Plans are for emergencies, and agents belong to their own centre.")
    path = f"/v1/moves/{part(move['id'])}/return"
    scene.act(f"moves return {move['id']}", path, lambda: {} if scene.open_move("accepted", "effective") else None)
    ended = scene.until(
        "the way home", lambda: (now := scene.move_now(move["id"]))["state"] in {"returned", "expired"} and now
    )
    minutes = (ended["ended_at"] - ended["effective_at"]) / 60_000
    scene.say(f"the move is {ended['state']} after {minutes:.0f} minutes of the floor's time; it stands in the ledger")
    path = f"/v1/plans/{part(plan['id'])}/stand-down"

    def active() -> bool:
        return bool(scene.plan_now(plan["id"])["level"])

    scene.act(f"plans stand-down {plan['id']}", path, lambda: {"reason": "the scene is over"} if active() else None)
    scene.until("the plan to be stood down", lambda: not active())
    scene.say("the plan is stood down; half an hour later its effect is measured once more")
    out.print("\n   Every step stands in the journal: [bold cyan]$[/] floorwatch journal")


def _percent(share: float | None) -> str:
    return "no data" if share is None else f"{share:.0%}"


def scene(
    queue: Annotated[
        str, typer.Option(metavar="SITE/QUEUE", help="The queue that gets into trouble.")
    ] = "lisbon/retail",
    giver: Annotated[str, typer.Option(metavar="SITE", help="The centre that lends.")] = "athens",
    agents: Annotated[int, typer.Option(min=1, max=20, help="How many.")] = 4,
    *,
    auto: Annotated[bool, typer.Option("--auto", help="Do the people's steps as well.")] = False,
    patience: Annotated[float, typer.Option(min=1, help="Seconds to wait for each step.")] = 900,
) -> None:
    """Walk through it: a peak, an alert, a plan, agents lent by another centre, and what it did.

    Run it beside `make demo`: within minutes Lisbon gets more calls than it can take. At each step it says what to look
    at and waits until the floor is there. What people decide you do on the pages or with the commands that it prints;
    with --auto it does them itself. Ends with another code than 0 when a step does not come.
    """
    attempt(lambda client: play(Scene(client, queue, giver, agents, auto, patience)))
