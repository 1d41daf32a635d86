"""A whole installation for the browser's tests, and a way to hold its API.

    python -m tests.e2e.floor

Prints one line of JSON when all is ready: addresses of wall, API of ingest with its key, and of the control. Ends with its
standard input. The API is a process of its own, so that a test can take it away and bring it back:

    POST /stop, /start, /freeze, /thaw   the API as a process
    POST /lend                           the telephone system lets one of Bay's agents serve Ridge's queue
    GET /link/ROLE                       a new one-time sign-in link

It is described as a floor would be: two sites in two regions, six queues each, two teams, names in both languages; and
two more sites with one queue each, whose agents know each other's.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import get_args

from services.cli import sign_in
from services.cli.child import ROOT
from services.cli.installation import Installation, not_ready, on_free_ports
from services.contracts.people import Role
from services.contracts.topology import (
    Agent,
    Description,
    Flow,
    MenuChoice,
    MenuNode,
    Queue,
    Site,
    Team,
    Text,
    Topology,
    record_key,
)
from services.runtime.kafka import producer
from services.runtime.settings import CommonSettings

QUEUES = (
    ("sales", "Sales", "销售", 20, 80.0),
    ("cards", "Cards", "信用卡", 20, 80.0),
    ("loans", "Loans", "贷款", 30, 90.0),
    ("claims", "Claims", "理赔", 20, 80.0),
    ("alarm", "Card lock", "挂失", 20, 80.0),
    ("quiet", "Complaints", "投诉", 20, 80.0),
)
LENDERS = ("bay", "ridge")
"""Two centres of a region of their own, of which nothing is told before the dispatcher's test does."""


def _node(id_: str, en: str, zh: str, *targets: str, shortcut: bool = False) -> MenuNode:
    choices = tuple(MenuChoice(key=str(key), to=to) for key, to in enumerate(targets, 1))
    return MenuNode(id=id_, name=Text(en=en, zh=zh), choices=choices, shortcut=shortcut)


MENUS = (
    Flow(
        id="harbour/main",
        name=Text(en="Main menu", zh="主菜单"),
        nodes=(
            _node("welcome", "Welcome", "欢迎", "accounts", "cards", "loans", "news", *["harbour/quiet"] * 3),
            _node("accounts", "Accounts", "账户", "balance", "harbour/sales"),
            _node("balance", "Balance", "余额查询", "statement", "end"),
            _node("statement", "Statement by post", "邮寄账单", "end", "welcome"),
            _node("cards", "Cards", "信用卡", "harbour/cards", "harbour/alarm"),
            _node("loans", "Loans", "贷款", "harbour/loans"),
            _node("news", "News", "公告", "end"),
            _node("vip", "VIP desk", "贵宾通道", "harbour/sales", shortcut=True),
        ),
    ),
    Flow(id="hill/night", name=Text(en="Night menu", zh="夜间菜单")),
)
"""One menu that is too deep and too wide, and one of which nothing but its name is known."""
FLOOR = Topology(
    sites=(
        Site(id="harbour", name=Text(en="Harbour", zh="港口"), timezone="Europe/Lisbon", region="iberia"),
        Site(id="hill", name=Text(en="Hill", zh="山城"), timezone="Asia/Shanghai", region="asia"),
        Site(id="bay", name=Text(en="Bay", zh="海湾"), timezone="Europe/Lisbon", region="coast"),
        Site(id="ridge", name=Text(en="Ridge", zh="山脊"), timezone="Europe/Lisbon", region="coast"),
    ),
    queues=tuple(
        Queue(
            id=f"{site}/{id_}",
            name=Text(en=en, zh=zh),
            target_s=seconds,
            target_percent=percent,
            ghost_after_s=3600 if id_ == "claims" else None,
        )
        for site in ("harbour", "hill")
        for id_, en, zh, seconds, percent in QUEUES
    )
    + tuple(Queue(id=f"{site}/help", name=Text(en="Help desk", zh="客服"), skill="help") for site in LENDERS),
    flows=MENUS,
    teams=(
        Team(id="harbour/day", name=Text(en="Day team", zh="白班组")),
        Team(id="hill/late", name=Text(en="Late team", zh="晚班组")),
    ),
    agents=tuple(
        Agent(id=f"{site}-{number}", site=site, team=team, queues=(f"{site}/sales", f"{site}/cards"))
        for site, team, size in (("harbour", "harbour/day", 6), ("hill", "hill/late", 2))
        for number in range(size)
    )
    + tuple(
        Agent(id=f"{site}-{number}", name=f"{site.title()} {number}", site=site, queues=(f"{site}/help",))
        for site, size in (("bay", 10), ("ridge", 6))
        for number in range(size)
    ),
)
RULES = """
rules:
  - id: too-many-wait
    name: {en: More than three waiting, zh: 排队超过三人}
    metric: queue_length
    scope: {kind: queue, match: harbour/alarm}
    direction: above
    threshold: 3
    clear: 1
    severity: critical
"""

PLANS = """
plans:
  - id: card-lock
    name: {en: Card lock is overrun, zh: 挂失超载}
    scope: {kind: queue, match: harbour/alarm}
    levels:
      - name: {en: Second line, zh: 二线支援}
        enter: {metric: queue_length, direction: above, threshold: 3, clear: 1}
        enter_for_s: 0
        leave: {metric: queue_length, direction: below, threshold: 2}
        leave_for_s: 0
        expected_gain: 5
        actions:
          - id: second-line
            kind: call_in
            name: {en: Second line takes calls, zh: 二线接听来电}
  - id: ridge-overrun
    name: {en: Ridge is overrun, zh: 山脊中心超载}
    scope: {kind: site, match: ridge}
    levels:
      - name: {en: Second line, zh: 二线支援}
        enter: {metric: queue_length, direction: above, threshold: 100}
        expected_gain: 4
        actions:
          - {id: call-in, kind: call_in, name: {en: Second line takes calls, zh: 二线接听来电}}
"""


class Api:
    """The API as a process of its own."""

    def __init__(self, environment: dict[str, str], address: str, log: Path) -> None:
        self._environment = os.environ | environment
        self._address = address
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.api"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while (reason := not_ready(self._address)) is not None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the API did not start: {reason}\n{self._log.read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process:
            self._signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(15)
            self._process = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)


LENT = Agent(id="bay-0", name="Bay 0", site="bay", queues=("bay/help", "ridge/help"))
"""One of Bay's agents once the telephone system has given them Ridge's queue too."""


async def describe(environment: dict[str, str], records: tuple[Description, ...] = FLOOR.records) -> None:
    """Publish the floor's description, as a topology file would be."""
    settings = CommonSettings(
        KAFKA_BOOTSTRAP_SERVERS=environment["KAFKA_BOOTSTRAP_SERVERS"],
        namespace=environment["FLOORWATCH_NAMESPACE"],
    )
    sender = producer(settings)
    await sender.start()
    try:
        for record in records:
            key = record_key(record).encode()
            await sender.send_and_wait(settings.names.topology.name, record.model_dump_json().encode(), key=key)
    finally:
        await sender.stop()


def control(api: Api, link: Callable[[Role], str], lend: Callable[[], None]) -> ThreadingHTTPServer:
    """The control, not yet serving."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            role = next((role for role in get_args(Role) if self.path == f"/link/{role}"), None)
            self._answer(404, "") if role is None else self._answer(200, link(role))

        def do_POST(self) -> None:
            actions = {
                "/stop": api.stop, "/start": api.start, "/freeze": api.freeze, "/thaw": api.thaw, "/lend": lend,
            }  # fmt: skip
            action = actions.get(self.path)
            if action is None:
                self._answer(404, "")
                return
            action()
            self._answer(200, "done")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: standard output is for the one line."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def main() -> None:
    """Run until standard input ends."""
    with tempfile.TemporaryDirectory(prefix="floorwatch-e2e-") as name:
        folder = Path(name)
        rules = folder / "rules.yaml"
        rules.write_text(RULES, encoding="utf-8")
        plans = folder / "plans.yaml"
        plans.write_text(PLANS, encoding="utf-8")
        namespace = f"e2e-{os.getpid()}-{time.time_ns() % 1_000_000}"
        settings = on_free_ports(folder / "state", namespace=namespace)
        extra = {"FLOORWATCH_RULES_FILE": str(rules), "FLOORWATCH_PLANS_FILE": str(plans)}
        with Installation(settings, services=("ingest", "metrics", "alerts"), extra=extra) as floor:
            asyncio.run(describe(floor.environment))
            results = ROOT / "test-results"
            results.mkdir(exist_ok=True)
            api = Api(floor.environment, floor.wall.removeprefix("http://"), results / "e2e-api.log")
            server = control(
                api,
                lambda role: sign_in.link(
                    redis_url=settings.redis_address, namespace=settings.namespace, wall=floor.wall, role=role
                ),
                lambda: asyncio.run(describe(floor.environment, (LENT,))),
            )
            try:
                api.start()
                threading.Thread(target=server.serve_forever, daemon=True).start()
                ready = {
                    "wall": floor.wall,
                    "ingest": f"http://127.0.0.1:{floor.port('ingest')}",
                    "key": floor.environment["FLOORWATCH_INGEST_KEYS"],
                    "control": f"http://127.0.0.1:{server.server_port}",
                }
                sys.stdout.write(json.dumps(ready) + "\n")
                sys.stdout.flush()
                sys.stdin.read()
            finally:
                server.shutdown()
                api.stop()


if __name__ == "__main__":
    main()
