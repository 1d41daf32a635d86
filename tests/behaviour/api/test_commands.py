"""Commands over REST: on the log once, answered with what the desk said, and refused where they must be."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from services.api.domain.orders import new_id
from services.contracts.desk import (
    Acknowledge,
    AnyCommand,
    CompleteAction,
    ImportRules,
    Outcome,
    OutcomeCode,
    ProposeMove,
    PutRule,
    PutSilence,
    ReturnMove,
    Snooze,
)
from services.contracts.moves import MoveStep
from services.contracts.people import Actor
from services.runtime.settings import CommonSettings
from tests.behaviour.api.conftest import Api, WrittenFloor, running_api, until
from tests.behaviour.api.desk import WrittenDesk, desk_of
from tests.parts import Parts
from tests.unit.api.floor import NINE, alert, move_view, plan_view, rule, rule_view, silence


@pytest.fixture
async def desk(api: Api, floor: WrittenFloor, parts: Parts) -> AsyncIterator[WrittenDesk]:
    settings = CommonSettings(
        KAFKA_BOOTSTRAP_SERVERS=parts.kafka_bootstrap_servers,
        REDIS_URL=parts.redis_url,
        namespace=floor.names.namespace,
    )
    async with desk_of(settings, floor) as desk:
        yield desk


@pytest.fixture
def scope(api: Api, floor: WrittenFloor) -> str:
    """A queue of this test's own; an alert of revision 3 stands there, and the API knows it."""
    scope = f"s{uuid.uuid4().hex[:8]}/a"
    floor.put(alert(scope, revision=3))
    until(lambda: api.get(f"/v1/alerts/low|{scope}").status_code == 200)
    return scope


async def asked(api: Api, path: str, body: object = None, method: str = "POST", **headers: str) -> httpx.Response:
    return await asyncio.to_thread(api.send, method, path, body, **headers)


def key() -> str:
    return uuid.uuid4().hex


async def test_an_acknowledgement_says_who_when_and_of_which_revision(api: Api, desk: WrittenDesk, scope: str):
    asking = asyncio.create_task(asked(api, f"/v1/alerts/low|{scope}/acknowledge", {"note": "on it"}, if_match='"3"'))
    command = await desk.next()
    assert isinstance(command, Acknowledge)
    assert (command.target, command.expected, command.note) == (f"low|{scope}", 3, "on it")
    assert (command.by.name, command.by.role) == ("local", "administrator")
    after = alert(scope, revision=4).model_copy(update={"acknowledged_by": "local"})
    outcome = desk.answer(command, "done", after)

    answer = await asking
    assert (answer.status_code, answer.headers["etag"]) == (200, '"4"')
    assert answer.json() == {"outcome": outcome.model_dump(mode="json"), "view": after.model_dump(mode="json")}
    assert api.get(f"/v1/alerts/low|{scope}").json()["acknowledged_by"] == "local", "the board has it by then"


@pytest.mark.parametrize("written", ["low|{}", "low%7C{}"])
async def test_an_alert_is_named_with_its_slash_or_without(api: Api, desk: WrittenDesk, scope: str, written: str):
    name = written.format(scope.replace("/", "%2F") if "%" in written else scope)
    asking = asyncio.create_task(asked(api, f"/v1/alerts/{name}/snooze", {"until": NINE, "expected": 3}))
    command = await desk.next()
    assert isinstance(command, Snooze)
    assert (command.target, command.until, command.expected) == (f"low|{scope}", NINE, 3)
    desk.answer(command)
    assert (await asking).status_code == 200


@pytest.mark.parametrize(
    ("code", "status"),
    [("same", 200), ("stale", 409), ("not_now", 409), ("taken", 409), ("unknown_target", 404), ("not_allowed", 403),
     ("invalid", 422)],
)  # fmt: skip
async def test_what_the_desk_refuses_is_told_with_the_present_state(
    api: Api, desk: WrittenDesk, scope: str, code: OutcomeCode, status: int
):
    asking = asyncio.create_task(asked(api, f"/v1/alerts/low|{scope}/acknowledge", if_match="2"))
    now = alert(scope, revision=5)
    desk.answer(await desk.next(), code, now)
    answer = await asking
    assert answer.status_code == status
    assert answer.json()["view"] == now.model_dump(mode="json")
    assert answer.json()["outcome"]["code"] == code
    if status != 200:
        assert answer.json()["code"] == code
        assert answer.json()["message"]


async def test_the_same_key_is_the_same_command(api: Api, desk: WrittenDesk, scope: str):
    path, used = f"/v1/alerts/low|{scope}/notes", key()
    twice = [asyncio.create_task(asked(api, path, {"text": "called"}, idempotency_key=used)) for _ in range(2)]
    desk.answer(await desk.next(), "done", alert(scope, revision=4))
    first, second = await asyncio.gather(*twice)
    assert first.status_code == 200
    assert first.content == second.content
    desk.floor.put(alert(scope, state="inactive", revision=5))  # whatever becomes of it
    later = await asked(api, path, {"text": "called"}, idempotency_key=used)
    assert (later.status_code, later.json()["outcome"]) == (200, first.json()["outcome"])

    other = await asked(api, path, {"text": "not called"}, idempotency_key=used)
    assert (other.status_code, other.json()["code"]) == (422, "key_used")
    assert await desk.no_more()
    assert len(desk.taken) == 1


async def test_an_outcome_whose_announcement_was_lost_is_found(api: Api, desk: WrittenDesk, scope: str):
    asking = asyncio.create_task(asked(api, f"/v1/alerts/low|{scope}/dismiss", {"reason": "drill"}))
    desk.answer(await desk.next(), "done", alert(scope, revision=4), announced=False)
    assert (await asking).status_code == 200


async def test_while_the_desk_is_silent_the_client_may_ask_again(api: Api, desk: WrittenDesk, scope: str):
    used = key()
    waiting = await asked(api, f"/v1/alerts/low|{scope}/acknowledge", idempotency_key=used)
    assert (waiting.status_code, waiting.json()["id"]) == (202, used)
    assert waiting.headers["location"] == f"/v1/commands/{used}"
    assert api.get(waiting.headers["location"]).status_code == 202

    command = await desk.next()
    outcome = desk.answer(command, "done", alert(scope, revision=4))
    told = api.get(waiting.headers["location"])
    assert (told.status_code, told.json()["outcome"]) == (200, outcome.model_dump(mode="json"))
    again = await asked(api, f"/v1/alerts/low|{scope}/acknowledge", idempotency_key=used)
    assert again.content == told.content
    assert await desk.no_more()
    assert api.get(f"/v1/commands/{key()}").status_code == 404


async def test_of_an_emptied_redis_nobody_says_that_a_thing_is_not_there(api: Api, desk: WrittenDesk):
    """A command is on the log, and API and Redis die: who asks again is not told 404, but what became of it."""
    used, scope = key(), f"s{uuid.uuid4().hex[:8]}/a"
    path, floor = f"/v1/alerts/low|{scope}/acknowledge", desk.floor
    floor.redis.delete(floor.names.filled_key("alerts", 0))
    answer = await asked(api, path, idempotency_key=used)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    command = Acknowledge(id=used, at=NINE, by=Actor(name="local", role="administrator"), target=f"low|{scope}")
    outcome = Outcome(id=used, at=NINE, accepted=True, code="done", subject=f"alert|low|{scope}", command=command)
    floor.redis.lpush(floor.names.journal_key, outcome.model_dump_json())
    floor.mark_filled()
    answer = await asked(api, path, idempotency_key=used)
    assert (answer.status_code, answer.json()["outcome"]["id"]) == (200, used)
    assert (await asked(api, path)).status_code == 404
    assert await desk.no_more()


async def test_what_nobody_knows_is_not_sent(api: Api, desk: WrittenDesk):
    desk.floor.mark_filled()
    for method, path, body in (
        ("POST", "/v1/alerts/low|nowhere/a/acknowledge", None),
        ("DELETE", "/v1/silences/none", None),
        ("DELETE", "/v1/rules/none", None),
        ("POST", "/v1/plans/none/activate", {"level": 1}),
        ("POST", "/v1/moves/none/accept", None),
    ):
        answer = await asked(api, path, body, method)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_target"), path
    assert await desk.no_more()


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/v1/silences", {"matchers": [], "until": 1}, "body.matchers"),
        ("POST", "/v1/silences", {"matchers": [{"name": "site", "match": "x"}], "until": -1}, "body.until"),
        ("PUT", "/v1/rules/other", rule().model_dump(mode="json"), "body.id"),
        ("PUT", "/v1/rules/low", {"id": "low", "name": {"en": "a", "zh": "a"}, "scope": {"kind": "queue"},
         "metric": "waiting", "direction": "above", "threshold": 5, "clear": 9}, "clear"),
        ("PUT", "/v1/plans/surge", {"id": "surge"}, "body.levels"),
        ("POST", "/v1/moves", {"giver": "porto", "queue": "bank/PS", "agents": ["a", "a"], "until": 1}, "body.agents"),
        ("POST", "/v1/plans/surge/activate", {"level": 0}, "body.level"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_names_the_field_and_is_not_sent(  # noqa: PLR0917  # a request and what it meets
    api: Api, desk: WrittenDesk, method: str, path: str, body: object, said: str
):
    answer = await asked(api, path, body, method)
    assert answer.status_code == 422
    assert said in answer.json()["message"]
    assert await desk.no_more()


async def test_wrong_headers_are_refused(api: Api, desk: WrittenDesk, scope: str):
    path = f"/v1/alerts/low|{scope}/acknowledge"
    assert (await asked(api, path, if_match="soon")).status_code == 422
    assert (await asked(api, path, idempotency_key="no spaces please")).status_code == 422
    both = await asked(api, path, {"expected": 2}, if_match="3")
    assert (both.status_code, both.json()["code"]) == (422, "invalid")
    assert await desk.no_more()


async def given(api: Api, desk: WrittenDesk, path: str, body: object = None, method: str = "POST") -> AnyCommand:
    """The command that a request becomes."""
    asking = asyncio.create_task(asked(api, path, body, method))
    command = await desk.next()
    desk.answer(command)
    answer = await asking
    assert answer.status_code == 200, answer.text
    return command


async def test_every_route_says_its_command(api: Api, desk: WrittenDesk, floor: WrittenFloor):
    floor.put(rule_view(), silence(), plan_view(), move_view())
    until(lambda: api.get("/v1/moves/m1").status_code == 200)
    matchers = [{"name": "site", "match": "bank"}]
    made = await given(api, desk, "/v1/silences", {"matchers": matchers, "until": NINE, "reason": "drill"})
    assert isinstance(made, PutSilence)
    assert (made.target, made.until, made.reason) == (new_id("silence", made.id), NINE, "drill")
    changed = await given(api, desk, "/v1/rules/low", rule(for_s=5).model_dump(mode="json"), "PUT")
    assert isinstance(changed, PutRule)
    assert changed.rule == rule(for_s=5)
    imported = await given(api, desk, "/v1/rules/import", {"rules": [rule().model_dump(mode="json")]})
    assert isinstance(imported, ImportRules)
    assert imported.file.rules == (rule(),)
    proposed = await given(
        api, desk, "/v1/moves", {"giver": "porto", "queue": "bank/PS", "agents": ["ann", "bob"], "until": NINE}
    )
    assert isinstance(proposed, ProposeMove)
    assert (proposed.terms.taker, proposed.terms.agents) == ("bank", ("ann", "bob"))
    action = await given(api, desk, "/v1/plans/surge/actions/call", {"result": "skipped", "note": "nobody there"})
    assert isinstance(action, CompleteAction)
    assert (action.target, action.action, action.result) == ("surge", "call", "skipped")
    back = await given(api, desk, "/v1/moves/m1/return", {"agent": "ann"})
    assert isinstance(back, ReturnMove)
    assert back.agent == "ann"
    for method, path, body, do in (
        ("DELETE", "/v1/silences/s1", None, "end_silence"),
        ("DELETE", "/v1/rules/low", None, "remove_rule"),
        ("PUT", "/v1/plans/surge", plan_view().definition.model_dump(mode="json"), "put_plan"),
        ("DELETE", "/v1/plans/surge", None, "remove_plan"),
        ("POST", "/v1/plans/surge/activate", {"level": 1, "cause": "flood"}, "activate_plan"),
        ("POST", "/v1/plans/surge/decline", {"reason": "not yet"}, "decline_plan"),
        ("POST", "/v1/plans/surge/stand-down", None, "stand_down"),
        ("POST", "/v1/moves/m1/accept", None, "accept_move"),
        ("POST", "/v1/moves/m1/decline", None, "decline_move"),
        ("POST", "/v1/moves/m1/cancel", {"reason": "no need"}, "cancel_move"),
    ):
        assert (await given(api, desk, path, body, method)).do == do


async def test_lists_and_single_views_are_those_of_the_desk(api: Api, floor: WrittenFloor):
    floor.put(rule_view(revision=7), silence(), plan_view(), move_view("m1"), move_view("m2", state="returned"))
    until(lambda: api.get("/v1/moves/m2").status_code == 200)
    one = api.get("/v1/rules/low")
    assert (one.json(), one.headers["etag"]) == (rule_view(revision=7).model_dump(mode="json"), '"7"')
    assert one.json() in api.get("/v1/rules").json()["rules"]
    assert [each["id"] for each in api.get("/v1/silences").json()["silences"]] == ["s1"]
    assert [each["id"] for each in api.get("/v1/plans").json()["plans"]] == ["surge"]
    assert [each["id"] for each in api.get("/v1/moves").json()["moves"]] == ["m1", "m2"]
    assert [each["id"] for each in api.get("/v1/moves?open=true").json()["moves"]] == ["m1"]
    assert [each["id"] for each in api.get("/v1/moves?open=false").json()["moves"]] == ["m2"]
    assert api.get("/v1/rules/none").status_code == 404


async def test_the_journal_is_filtered_newest_first(api: Api, desk: WrittenDesk, scope: str):
    await given(api, desk, f"/v1/alerts/low|{scope}/unacknowledge")
    step = MoveStep(id=f"move|{scope}|1", step="proposed", at=NINE, by="dora", view=move_view(f"m-{scope[1:9]}"))
    desk.note(step)
    newest = api.get("/v1/journal").json()["entries"]
    assert [entry["kind"] for entry in newest[:2]] == ["move_step", "outcome"]

    def found(query: str) -> list[str]:
        return [entry["id"] for entry in api.get(f"/v1/journal?{query}").json()["entries"]]

    assert found(f"subject=move|m-{scope[1:9]}") == [step.id]
    assert step.id in found("kind=move_step&by=dora")
    assert found(f"subject=alert|low|{scope}&by=local") == [desk.taken[-1].id]
    assert found("limit=1") == [step.id]
    assert found("subject=plan&by=nobody") == []


async def test_without_kafka_a_command_is_refused_and_may_be_repeated(floor: WrittenFloor, parts: Parts, tmp_path):
    with running_api(parts, tmp_path, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9") as (lonely, its_floor):
        its_floor.put(alert("bank/PS", revision=1))
        until(lambda: lonely.get("/v1/alerts/low|bank/PS").status_code == 200)
        used = key()
        answer = lonely.post("/v1/alerts/low|bank/PS/acknowledge", idempotency_key=used)
        assert (answer.status_code, answer.json()["code"]) == (503, "log_away")
        assert answer.headers["retry-after"]
        assert answer.headers["idempotency-key"] == used
        assert lonely.get("/ready").status_code == 200, "what can be seen is seen"
