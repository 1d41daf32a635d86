"""The channels file: what is wrong in it is said by place, and a secret never."""

from pathlib import Path

import pytest

from services.alerts.domain.notices.channels import parse_channels, web_fault
from services.alerts.notify.secrets import HIDDEN, read_channels
from services.contracts.yaml_file import FileFaultsError

# Apprise loads all its services, and what some of them build on is deprecated by Python.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SAMPLE = Path(__file__).parents[3] / "services/alerts/data/channels.yaml"
SECRETS = {
    "FLOORWATCH_SMTP_PASSWORD": "pa55word",
    "FLOORWATCH_WECOM_URL": "wecombot://BotKey1234567",
    "FLOORWATCH_PBX_SECRET": "s3cr3t",
}


def faults(text: str) -> str:
    with pytest.raises(FileFaultsError) as raised:
        parse_channels(text, "c.yaml")
    return str(raised.value)


def test_the_sample_is_good_and_shows_no_secret():
    channels = read_channels(SAMPLE, SECRETS)
    views = {view.id: view for view in channels.views()}
    assert views["supervisors-mail"].quiet == "22:00–07:00 Europe/Lisbon"
    assert views["supervisors-mail"].routes[1] == "roles: team_lead; teams: bank/retail"
    assert views["pbx"].address == "https://pbx.example.org"
    assert views["dispatch-wecom"].address == "WeCom Bot"
    said = "".join(view.model_dump_json() for view in channels.views())
    assert not any(secret in said for secret in SECRETS.values())
    for secret in (*SECRETS.values(), "BotKey1234567"):
        assert channels.scrub(f"refused: {secret}!") == f"refused: {HIDDEN}!"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("channels: [{id: a, kind: webhook, url: 'http://x'}]", "secret_env: give exactly one of"),
        ("channels: [{id: a, kind: webhook, url: 'ftp://x', secret_env: A}]", "url: this is no web address"),
        ("channels: [{id: a, kind: chat}]", "url_env: give exactly one of"),
        ("channels: [{id: a, kind: chat, token: hunter2}]", "token: a secret is not written here"),
        ("channels: [{id: a, kind: email, server: s, sender: a@b, to: [c@d], password_env: A}]", "username: needed"),
        (
            "channels: [{id: a, kind: email, server: s, security: none, username: u, password_env: A, sender: a@b, to: [c@d]}]",
            "security: a password is not sent in the clear",
        ),
        ("channels: [{id: a, kind: chat, url_env: A}, {id: a, kind: chat, url_env: A}]", "'a' is given twice"),
        ("routes: [{channel: nobody}]", "routes[0].channel: there is no channel 'nobody'"),
        ("public_url: here", "public_url: this is no web address"),
        ("channels: [hunter2", "this is not YAML"),
    ],
)
def test_a_fault_names_its_place_and_repeats_no_secret(text: str, place: str):
    said = faults(text)
    assert place in said
    assert "hunter2" not in said


def test_web_addresses():
    assert web_fault("https://example.org:8443/x?y=z") is None
    assert web_fault("https://user:pass@example.org") == "no name and password in the address"
    assert web_fault("http://x:99999") is not None


def test_secrets_that_are_not_there(tmp_path: Path):
    file = tmp_path / "c.yaml"
    file.write_text(
        "channels: [{id: a, kind: webhook, url_env: URL, secret_file: gone}, {id: b, kind: chat, url_env: ROOM}]"
    )
    with pytest.raises(FileFaultsError) as raised:
        read_channels(file, {"URL": "nowhere", "ROOM": "nobody://x"})
    said = str(raised.value).splitlines()
    assert len(said) == 3
    assert said[0].endswith("channels[0] (a).url_env: this is no web address: http://… or https://…")
    assert "channels[0] (a).secret_file: No such file" in said[1]
    assert "channels[1] (b).url_env: Apprise knows no service" in said[2]
    (tmp_path / "gone").write_text("found\n")
    file.write_text("channels: [{id: a, kind: webhook, url: 'http://x', secret_file: gone}]")
    assert read_channels(file, {}).secret("a", "secret") == "found"
    assert read_channels(None, {}).file.channels == ()
    with pytest.raises(FileFaultsError):
        read_channels(tmp_path / "nowhere.yaml", {})
