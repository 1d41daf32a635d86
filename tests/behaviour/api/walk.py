"""What the walk of all routes tries, and the floor that it walks over: two sites, two teams, rows of everything.

Every route has its tries here: a route without one fails `test_every_route_is_walked`. A try says to whom the row in it
belongs (`place`), which roles may do it, and how who may is answered. What somebody is shown may hold no `strangers`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.contracts.adherence import AdherenceLimits, AdherenceLimitsView
from services.contracts.agents import AgentTotals
from services.contracts.alerts import Alert, AlertTransition
from services.contracts.contingency import PlanStep
from services.contracts.desk import Acknowledge, Outcome
from services.contracts.metrics import Repeats, repeats_id
from services.contracts.moves import MoveStep, MoveTerms, MoveView
from services.contracts.people import Actor, Role
from services.contracts.topology import Agent, Flow, Queue, Site, Team, Text
from tests.behaviour.api.conftest import WrittenFloor
from tests.unit.api.floor import (
    HALF_HOUR,
    MINUTE,
    NINE,
    TODAY,
    agent,
    agent_day,
    alert,
    clock,
    counts,
    half_hour,
    ivr_half_hour,
    plan_view,
    rule,
    rule_view,
    silence,
    tile,
)  # fmt: skip

EVERYBODY: tuple[Role, ...] = ("viewer", "supervisor", "team_lead", "dispatcher", "administrator")
ACT = EVERYBODY[1:]
FLOOR: tuple[Role, ...] = ("supervisor", "dispatcher", "administrator")
LEADS: tuple[Role, ...] = ("team_lead", "administrator")
DISPATCH: tuple[Role, ...] = ("dispatcher", "administrator")
HEADS: tuple[Role, ...] = ("supervisor", "administrator")
ADMIN: tuple[Role, ...] = ("administrator",)


@dataclass(frozen=True)
class Person:
    """An account: everywhere, of a site, or of a team."""

    role: Role
    sites: tuple[str, ...] | None = None
    teams: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        return f"{self.role}-{'-'.join(self.teams or self.sites or ('everywhere',)).replace('/', '.')}"

    @property
    def is_everywhere(self) -> bool:
        return self.sites is None and self.teams is None

    @property
    def strangers(self) -> list[str]:
        """What nothing that is shown to this person may hold."""
        found = [] if self.is_everywhere else ["cobalt", "basalt", "region:isles", '"id":"all"', "|all"]
        if self.teams is not None:
            found += ["rust", "loose"]
        if self.role not in LEADS:
            found.append("late|")
        if not (self.is_everywhere and self.role == "administrator"):
            found += ["account_step", "floor_step"]
        return found

    def sees(self, place: str) -> bool:
        """`place`: "" all, "all" what belongs to all, a site, a team, "lead:" with a team, "both:" with a loan's site."""
        kind, _, team = place.rpartition(":")
        if (kind == "lead" and self.role not in LEADS) or (kind == "both" and self.teams is not None):
            return False
        if place == "all":
            return self.is_everywhere
        site = team.partition("/")[0]
        if place == "" or self.is_everywhere:
            return True
        if self.teams is not None:
            return site == "amber" and ("/" not in team or team in self.teams)
        return site == "amber"

    def acts_on(self, place: str) -> bool:
        return self.sees(place) and (self.teams is None or "/" in place)


PERSONS = (
    *(Person(role) for role in EVERYBODY),
    *(Person(role, sites=("amber",)) for role in EVERYBODY),
    Person("team_lead", teams=("amber/teal",)),
)


@dataclass(frozen=True)
class Try:
    """One request. `nobody`: how who is not signed in is answered; `hides`: what may not be seen is 404, not 403."""

    method: str
    template: str
    path: str | Callable[[], str]
    place: str = ""
    roles: tuple[Role, ...] = EVERYBODY
    ok: int = 200
    body: object = None
    nobody: int = 401
    hides: bool = True
    acts: bool = False

    def expected(self, person: Person) -> int:
        if not person.sees(self.place):
            return 404 if self.hides else 403
        allowed = person.role in self.roles and (not self.acts or person.acts_on(self.place))
        return self.ok if allowed else 403


def look(template: str, *tries: tuple[str, str]) -> list[Try]:
    """GETs: of one row (path, place), or of a list."""
    return [Try("GET", template, path, place) for path, place in tries or ((template, ""),)]


def act(template: str, path: str, place: str, roles: tuple[Role, ...], body: object = None, **more: object) -> Try:
    """A command. The desk does not answer here: what is allowed is on its way (202)."""
    method = str(more.pop("method", "POST"))
    return Try(method, template, path, place, roles, 202, body, acts=True, **more)  # type: ignore[arg-type]  # bools


ALERTS = {"low|amber/sales": "amber", "low|cobalt/sales": "cobalt", "late|teal-1": "lead:amber/teal",
          "late|rust-1": "lead:amber/rust", "busy|amber/rust": "amber/rust", "low|all": "all"}  # fmt: skip
NOTED: dict[str, object] = {
    "acknowledge": None, "unacknowledge": None, "assign": {"to": "bea"}, "notes": {"text": "seen"},
    "snooze": {"until": NINE},
}  # fmt: skip
LED: dict[str, object] = {
    "coach": None, "excuse": {"start": 1, "end": 2, "reason": "ill"}, "dismiss": None,
}  # fmt: skip
RULE = rule("r-amber", match="amber/*").model_dump(mode="json")
PLAN = plan_view("p-amber", match="amber/sales").definition.model_dump(mode="json")
SITE = {"id": "probe", "name": {"en": "Probe", "zh": "探测"}}
QUEUE = {"id": "probe/q", "name": {"en": "Probe", "zh": "探测"}}
OWN = {"amber": "amber", "cobalt": "cobalt"}


def on_alerts() -> list[Try]:
    tries = [
        act(f"/v1/alerts/{{alert_id}}/{what}", f"/v1/alerts/{id_}/{what}", place, ACT, body)
        for what, body in NOTED.items()
        for id_, place in ALERTS.items()
    ]
    return tries + [
        act(f"/v1/alerts/{{alert_id}}/{what}", f"/v1/alerts/{id_}/{what}", place, LEADS, body)
        for what, body in LED.items()
        for id_, place in ALERTS.items()
    ]


def on_desk() -> list[Try]:
    """Rules, silences, plans and moves of both sites."""
    tries = [
        act("/v1/rules/import", "/v1/rules/import", "all", ADMIN, {"rules": [RULE]}, hides=False),
        *(Try("POST", f"/v1/{what}/read", f"/v1/{what}/read", "all", ADMIN, body={"text": f"{what}: []"}, hides=False)
          for what in ("rules", "plans")),
        act("/v1/adherence/limits", "/v1/adherence/limits", "all", ADMIN,
            AdherenceLimits().model_dump(mode="json"), method="PUT", hides=False),
        act("/v1/silences", "/v1/silences", "amber", FLOOR,
            {"matchers": [{"name": "site", "match": "amber"}], "until": NINE}, hides=False),
        act("/v1/silences", "/v1/silences", "cobalt", FLOOR,
            {"matchers": [{"name": "site", "match": "cobalt"}], "until": NINE}, hides=False),
        act("/v1/moves", "/v1/moves", "amber", DISPATCH,
            {"giver": "amber", "queue": "amber/sales", "agents": ["rust-1"], "until": NINE}, hides=False),
        act("/v1/moves", "/v1/moves", "cobalt", DISPATCH,
            {"giver": "amber", "queue": "cobalt/sales", "agents": ["rust-1"], "until": NINE}, hides=False),
    ]  # fmt: skip
    for site in OWN:
        rule_body = RULE | {"id": f"r-{site}", "scope": {"kind": "queue", "match": f"{site}/*"}}
        plan_body = PLAN | {"id": f"p-{site}", "scope": {"kind": "queue", "match": f"{site}/sales"}}
        at_rule, at_plan = f"/v1/rules/r-{site}", f"/v1/plans/p-{site}"
        tries += [
            act("/v1/rules/{rule_id}", at_rule, site, ADMIN, rule_body, method="PUT"),
            act("/v1/rules/{rule_id}", at_rule, site, ADMIN, method="DELETE"),
            act("/v1/rules/{rule_id}/dry-run", f"{at_rule}/dry-run", site, ADMIN, rule_body),
            Try("POST", "/v1/backtest", "/v1/backtest", site, ADMIN, hides=False,
                body={"rules": [rule_body], "start": NINE, "end": NINE + HALF_HOUR}),
            act("/v1/silences/{silence_id}", f"/v1/silences/s-{site}", site, FLOOR, method="DELETE"),
            act("/v1/plans/{plan_id}", at_plan, site, ADMIN, plan_body, method="PUT"),
            act("/v1/plans/{plan_id}", at_plan, site, ADMIN, method="DELETE"),
            act("/v1/plans/{plan_id}/activate", f"{at_plan}/activate", site, FLOOR, {"level": 1}),
            act("/v1/plans/{plan_id}/decline", f"{at_plan}/decline", site, FLOOR),
            act("/v1/plans/{plan_id}/actions/{action_id}", f"{at_plan}/actions/call", site, FLOOR),
            act("/v1/plans/{plan_id}/stand-down", f"{at_plan}/stand-down", site, FLOOR),
        ]  # fmt: skip
    for id_, place in (("m-far", "both:cobalt"), ("m-near", "both:amber")):
        tries += [
            act(f"/v1/moves/{{move_id}}/{what}", f"/v1/moves/{id_}/{what}", place, roles)
            for what, roles in (("accept", FLOOR), ("decline", FLOOR), ("cancel", DISPATCH), ("return", FLOOR))
        ]
    return tries


def on_rows() -> list[Try]:
    """What is looked at."""
    rows = [(site, site) for site in OWN]

    def of(template: str, path: str, *more: tuple[str, str]) -> list[Try]:
        return look(template, *((path.format(site), place) for site, place in rows), *more)

    lists = (
        "/v1/tiles", "/v1/alerts", "/v1/alerts/history", "/v1/feeds", "/v1/topology", "/v1/definitions", "/v1/metrics",
        "/v1/session", "/v1/agents", "/v1/teams", "/v1/adherence", "/v1/silences", "/v1/rules", "/v1/plans",
        "/v1/moves", "/v1/journal", "/v1/adherence/limits", "/v1/moves/suggestions",
    )  # fmt: skip
    day = f"/v1/days/{TODAY}"
    return [
        *(each for template in lists for each in look(template)),
        *look("/v1/agents", ("/v1/agents?site=cobalt", ""), ("/v1/agents?team=amber/rust", "")),
        *look("/v1/journal", ("/v1/journal?kind=account_step", ""), ("/v1/journal?subject=alert&limit=1000", "")),
        *of("/v1/tiles/{tile_id}", "/v1/tiles/{}/sales", ("/v1/tiles/all", "all"), ("/v1/tiles/region:isles", "all")),
        *of("/v1/days/{date}/intervals", day + "/intervals?scope={}/sales", (f"{day}/intervals", "all"),
            (f"{day}/intervals?scope=region:isles", "all")),
        *of("/v1/days/{date}/groups", day + "/groups?by=channel&scope={}"),
        *of("/v1/forecasts", f"/v1/forecasts?queue={{}}/sales&date={TODAY}"),
        *look("/v1/days/{date}/agents", (f"{day}/agents", ""), (f"{day}/agents?site=cobalt", "")),
        *look("/v1/agents/{agent_id}/days/{date}", *(
            (f"/v1/agents/{id_}/days/{TODAY}", team)
            for id_, team in (("teal-1", "amber/teal"), ("rust-1", "amber/rust"), ("cobalt-1", "cobalt/night")))),
        *look("/v1/teams/{team_id}/timeline", *(
            (f"/v1/teams/{team}/timeline", team) for team in ("amber/teal", "amber/rust", "cobalt/night"))),
        *of("/v1/flows/{flow_id}/days/{date}", "/v1/flows/{}/menu/days/" + TODAY),
        *of("/v1/flows/{flow_id}/days/{date}", "/v1/flows/{}/menu/days/" + f"{TODAY}?start={NINE}"),
        *of("/v1/contacts", f"/v1/contacts?queue={{}}/sales&interval={NINE}"),
        *look("/v1/alerts/{alert_id}", *((f"/v1/alerts/{id_}", place) for id_, place in ALERTS.items())),
        *of("/v1/silences/{silence_id}", "/v1/silences/s-{}"),
        *of("/v1/rules/{rule_id}", "/v1/rules/r-{}"),
        *of("/v1/plans/{plan_id}", "/v1/plans/p-{}"),
        *of("/v1/plans/{plan_id}/report", "/v1/plans/p-{}/report"),
        *of("/v1/what-if", "/v1/what-if?queue={}/sales"),
        *of("/v1/moves/suggestions", "/v1/moves/suggestions?queue={}/sales"),
        *look("/v1/moves/{move_id}", ("/v1/moves/m-far", "both:cobalt"), ("/v1/moves/m-near", "both:amber")),
        Try("GET", "/v1/commands/{command_id}", "/v1/commands/none", ok=404),
    ]  # fmt: skip


def on_doors(code: Callable[[], str], made: dict[str, str]) -> list[Try]:
    """Who comes in; accounts, keys and walls. `code` is that of a wall that waits; `made`: ids by name."""
    probe, terms = "/v1/accounts/probe", {"role": "viewer"}

    def admin(method: str, template: str, path: str | Callable[[], str], ok: int, body: object = None) -> Try:
        return Try(method, template, path, "all", ADMIN, ok, body, hides=False)

    approve = "/v1/devices/{code}/approve"
    return [
        *(Try("GET", path, path, nobody=200) for path in ("/live", "/ready", "/telemetry", "/sign-in", "/openapi.json", "/v1/build")),
        Try("GET", "/{path}", "/supervisor", nobody=200),
        Try("POST", "/v1/sign-in", "/v1/sign-in", ok=422, nobody=422, body={}),
        Try("PUT", "/v1/password", "/v1/password", ok=422, body={}),
        Try("POST", "/v1/devices", "/v1/devices", ok=201, nobody=201),
        Try("POST", "/v1/devices/claim", "/v1/devices/claim", ok=404, nobody=404,
            body={"code": "BBBB-BBBB", "secret": "guessed"}),
        admin("GET", "/v1/accounts", "/v1/accounts", 200),
        admin("POST", "/v1/accounts", "/v1/accounts", 409, {"name": "probe", "role": "viewer"}),
        admin("GET", "/v1/accounts/{name}", probe, 200),
        admin("PUT", "/v1/accounts/{name}", probe, 200, terms),
        admin("PUT", "/v1/accounts/{name}/password", f"{probe}/password", 200, {"password": "longer than twelve"}),
        admin("POST", "/v1/accounts/{name}/link", f"{probe}/link", 201),
        admin("GET", "/v1/channels", "/v1/channels", 200),
        admin("GET", "/v1/deliveries", "/v1/deliveries", 200),
        Try("POST", "/v1/channels/{channel_id}/test", "/v1/channels/none/test", ok=404),
        admin("GET", "/v1/dead-letters", "/v1/dead-letters", 200),
        admin("GET", "/v1/feeds/traffic", "/v1/feeds/traffic", 200),
        admin("GET", "/v1/first-steps", "/v1/first-steps", 200),
        admin("GET", "/v1/floor", "/v1/floor", 200),
        admin("PUT", "/v1/floor/sites/{site_id}", "/v1/floor/sites/probe", 200, {"record": SITE}),
        admin("PUT", "/v1/floor/queues/{queue_id}", "/v1/floor/queues/probe/q", 200, {"record": QUEUE}),
        admin("POST", "/v1/floor/agents", "/v1/floor/agents?check=true", 422),
        admin("POST", "/v1/floor/schedules", "/v1/floor/schedules?check=true", 422),
        admin("POST", "/v1/floor/forecasts", "/v1/floor/forecasts?check=true", 422),
        admin("GET", "/v1/keys", "/v1/keys", 200),
        admin("POST", "/v1/keys", "/v1/keys", 201, {"name": "walk", "role": "viewer"}),
        admin("DELETE", "/v1/keys/{key_id}", f"/v1/keys/{made['key']}", 200),
        Try("GET", "/v1/devices", "/v1/devices", roles=HEADS),
        Try("POST", approve, lambda: f"/v1/devices/{code()}/approve", "cobalt", HEADS, 201,
            {"name": "hall", "sites": ["cobalt"]}, hides=False),
        Try("POST", approve, lambda: f"/v1/devices/{code()}/approve", "amber", HEADS, 201,
            {"name": "hall", "sites": ["amber"]}, hides=False, acts=True),
        Try("DELETE", "/v1/devices/{device_id}", f"/v1/devices/{made['amber']}", roles=HEADS, acts=True),
        Try("POST", "/v1/sign-out", "/v1/sign-out", ok=204),
    ]  # fmt: skip


def write(floor: WrittenFloor, *, offered: int = 10) -> None:
    """Rows of everything, of both sites and all teams."""
    for site in OWN:
        text = Text(en=site, zh=site)
        floor.put(
            Site(id=site, name=text, region="isles"), Queue(id=f"{site}/sales", name=text),
            Flow(id=f"{site}/menu", name=text), clock(site=site),
            tile(f"{site}/sales", at_20=counts(offered, offered, offered), offset=offered),
            half_hour(f"{site}/sales", at_20=counts(2, 2, 2), revision=0), ivr_half_hour(f"{site}/menu", entered=3),
            Repeats(id=repeats_id(f"{site}/sales", NINE), scope=f"{site}/sales", start=NINE, end=NINE + HALF_HOUR, label="09:00",
                    date=TODAY, revision=1, known=2, within_days={7: 1}),
            rule_view(f"r-{site}", match=f"{site}/*", revision=offered), plan_view(f"p-{site}", match=f"{site}/sales"),
            silence(f"s-{site}", match=site, revision=offered),
        )  # fmt: skip
    teams = {"teal-1": "amber/teal", "rust-1": "amber/rust", "cobalt-1": "cobalt/night", "loose-1": ""}
    for id_, team in teams.items():
        site = team.partition("/")[0] or "amber"
        if team:
            floor.put(Team(id=team, name=Text(en=team, zh=team)))
            floor.put(agent_day(id_, team=team, totals=AgentTotals(contacts=1)))
        floor.put(
            Agent(id=id_, site=site, team=team),
            agent(
                id_, site=site, team=team, queues=(f"{site}/sales",), offset=offered, adherence="out", planned="break"
            ),
        )
    floor.put(
        *_alerts(offered),
        AdherenceLimitsView(revision=offered),
        _move("m-far", "cobalt", "basalt"),
        _move("m-near", "amber", "amber"),
    )


def _alerts(revision: int) -> list[Alert]:
    return [
        alert("amber/sales", revision=revision), alert("cobalt/sales", revision=revision),
        alert("all", scope_kind="all", revision=revision),
        alert("amber/rust", rule="busy", scope_kind="team", revision=revision),
        alert("teal-1", rule="late", scope_kind="agent", site="amber", team="amber/teal", revision=revision),
        alert("rust-1", rule="late", scope_kind="agent", site="amber", team="amber/rust", revision=revision),
    ]  # fmt: skip


def _move(id_: str, giver: str, taker: str) -> MoveView:
    terms = MoveTerms(giver=giver, taker=taker, queue=f"{taker}/sales", agents=("rust-1",), until=NINE + MINUTE)
    return MoveView(id=id_, revision=1, state="proposed", terms=terms, proposed_by="dora", proposed_at=NINE)


def write_past(floor: WrittenFloor) -> None:
    """Transitions and a journal about everything."""
    by = Actor(name="ann", role="administrator")
    entries: list[Outcome | PlanStep | MoveStep] = []
    for each in _alerts(10):
        floor.put_transition(AlertTransition(id=f"{each.id}|firing|1", at=NINE, previous="pending", alert=each))
        command = Acknowledge(id=f"c-{len(entries)}", at=NINE, by=by, target=each.id)
        entries.append(
            Outcome(id=command.id, at=NINE, accepted=True, code="done", subject=f"alert|{each.id}", command=command)
        )  # fmt: skip
    for site in OWN:
        view = plan_view(f"p-{site}", match=f"{site}/sales")
        entries.append(PlanStep(id=f"p-{site}|up|1", plan=view.id, step="activated", level=1, at=NINE, view=view))
    entries += [
        MoveStep(id=f"move|{move.id}|1", step="proposed", at=NINE, by="dora", view=move)
        for move in (_move("m-far", "cobalt", "basalt"), _move("m-near", "amber", "amber"))
    ]
    for entry in entries:
        floor.redis.lpush(floor.names.journal_key, entry.model_dump_json())
