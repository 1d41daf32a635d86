"""The golden messages that the pages' tests read as well are what the contracts say, and are up to date."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from services.api import schema
from services.api.domain import answers
from services.contracts.socket import ClientMessage, Item, ServerMessage
from services.contracts.topology import Topology
from tests.samples import build_socket

FOLDER = build_socket.FOLDER
KINDS: dict[str, Any] = {
    "after_update": dict[str, Item],
    **dict.fromkeys(("snapshot", "update", "pong", "error_bad_message", "error_unauthorised"), ServerMessage),
    **dict.fromkeys(("subscribe", "subscribe_filtered", "subscribe_resume", "ping"), ClientMessage),
    "rest_tiles": answers.Tiles,
    "rest_alerts": answers.Alerts,
    "rest_session": answers.Session,
    "rest_definitions": answers.Definitions,
    "rest_topology": Topology,
}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_a_sample_is_read_by_its_contract_and_written_the_same(file: Path):
    content = json.loads(file.read_text(encoding="utf-8"))
    adapter: TypeAdapter[Any] = TypeAdapter(KINDS.get(file.stem, Item))
    assert json.loads(adapter.dump_json(adapter.validate_json(file.read_bytes()))) == content


def test_the_samples_are_those_that_the_script_writes():
    assert {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")} == build_socket.files()


def test_the_pages_schema_is_up_to_date():
    written = Path(__file__).parents[3] / "dashboard/src/contracts/schema.json"
    assert written.read_text(encoding="utf-8") == schema.text(), (
        "run: python -m services.api.schema > dashboard/src/contracts/schema.json"
    )
