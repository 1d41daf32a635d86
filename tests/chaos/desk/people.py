"""People at the REST API, who ask again with the same key until they are answered."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests import web
from tests.chaos.desk.office import PLANS
from tests.chaos.staff import AGENTS_PER_SITE
from tests.chaos.story import QUEUES, ZONES

PATIENCE_S = 6.0
GIVE_UP_S = 120.0
LATER = (202, 429, 503)


@dataclass(frozen=True)
class Answer:
    """What somebody was told at last. `code`: the desk's; empty where the API did not ask it."""

    key: str
    what: str
    status: int
    code: str


class People:
    """Some people, each doing one thing after the other. Everything that they choose follows from seed and floor.

    Attributes:
        answers: one a command.
        asked: how many requests it took.
        problems: commands that were never answered, and answers that should not be.
    """

    def __init__(self, address: str, *, seed: int, number: int) -> None:
        self.answers: list[Answer] = []
        self.asked = 0
        self.problems: list[str] = []
        self._address = address
        self._chances = [random.Random(f"person {one} of {seed}") for one in range(number)]
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Act until `go_home`; whoever has begun something waits for the answer."""
        async with web.AsyncClient(base_url=self._address, timeout=PATIENCE_S) as client:
            await asyncio.gather(*(self._act(client, one, chance) for one, chance in enumerate(self._chances)))

    def go_home(self) -> None:
        """Begin nothing any more."""
        self._over.set()

    def did(self) -> Counter[str]:
        """How often what was done."""
        return Counter(f"{answer.what} {answer.code or answer.status}" for answer in self.answers)

    async def _act(self, client: httpx.AsyncClient, person: int, chance: random.Random) -> None:
        number = 0
        while not self._over.is_set():
            await asyncio.sleep(chance.uniform(0.05, 0.5))
            what = await self._choose(client, chance)
            if what is not None:
                number += 1
                await self._insist(client, f"p{person}-{number}", *what)

    async def _choose(  # noqa: PLR0911  # one a kind of thing
        self, client: httpx.AsyncClient, chance: random.Random
    ) -> tuple[str, str, dict[str, Any] | None] | None:
        """(method, path, body) of something that may be done; None: what stands can't be seen now."""
        kind = chance.choice(
            ["alerts", "alerts", "alerts", "alerts", "silence", "silences", "plans", "plans", "move", "moves", "moves"]
        )
        soon = round(time.time() * 1000) + chance.randrange(1000, 9000)
        match kind:
            case "silence":
                matcher = chance.choice([("rule", "some"), ("rule", "late"), ("site", chance.choice(tuple(ZONES)))])
                matchers = [{"name": matcher[0], "match": matcher[1]}]
                return "POST", "/v1/silences", {"matchers": matchers, "until": soon}
            case "plans":
                act = chance.choice(["activate", "activate", "decline", "stand-down", "actions/one-staff"])
                return "POST", f"/v1/plans/{chance.choice(PLANS)}/{act}", {"level": 1} if act == "activate" else None
            case "move":
                giver, queue = chance.choice(tuple(ZONES)), chance.choice(QUEUES)
                agents = [f"{giver}.a{one}" for one in chance.sample(range(AGENTS_PER_SITE), 2)]
                return "POST", "/v1/moves", {"giver": giver, "queue": queue, "agents": agents, "until": soon}
        ids = await self._ids(client, kind)
        if not ids:
            return None
        id_ = chance.choice(ids)
        if kind == "silences":
            return "DELETE", f"/v1/silences/{id_}", None
        if kind == "moves":
            return "POST", f"/v1/moves/{id_}/{chance.choice(['accept', 'accept', 'decline', 'cancel', 'return'])}", None
        acts: list[tuple[str, Callable[[], dict[str, Any] | None]]] = [
            ("acknowledge", lambda: {"note": "mine"}), ("unacknowledge", lambda: None), ("assign", lambda: {"to": "bea"}),
            ("notes", lambda: {"text": "seen"}), ("snooze", lambda: {"until": soon}),
        ]  # fmt: skip
        act, body = chance.choice(acts)
        return "POST", f"/v1/alerts/{id_}/{act}", body()

    async def _ids(self, client: httpx.AsyncClient, kind: str) -> list[str]:
        try:
            answer = await client.get(f"/v1/{kind}")
        except httpx.TransportError:
            return []
        return sorted(one["id"] for one in answer.json()[kind]) if answer.status_code == 200 else []

    async def _insist(self, client: httpx.AsyncClient, key: str, method: str, path: str, body: Any) -> None:
        what = path.rpartition("/")[2] if method == "POST" else method
        until = time.monotonic() + GIVE_UP_S
        while time.monotonic() < until:
            self.asked += 1
            try:
                answer = await client.request(method, path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                await asyncio.sleep(0.2)
                continue
            if answer.status_code in LATER:
                await asyncio.sleep(0.2)
                continue
            said = answer.json()
            code = said.get("outcome", {}).get("code", "")
            self.answers.append(Answer(key, what, answer.status_code, code))
            if answer.status_code not in {200, 404, 409, 422} or (answer.status_code == 422 and not code):
                self.problems.append(f"{method} {path} {body}: {answer.status_code} {answer.text[:300]}")
            return
        self.problems.append(f"never answered: {key} {method} {path}")
