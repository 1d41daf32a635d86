"""docker-compose.yml as far as it can be checked without Docker."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from services.cli.parts.kafka import server_properties
from services.runtime.settings import CommonSettings

ROOT = Path(__file__).parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = [name for name, service in COMPOSE["services"].items() if service["image"] == "floorwatch"]
# Where each service keeps its settings.
SETTINGS = {
    "ingest": "services.ingest.settings:IngestSettings",
    "metrics": "services.metrics.settings:MetricsSettings",
    "alerts": "services.alerts.settings:AlertsSettings",
    "api": "services.api.settings:ApiSettings",
}


def settings_of(service: str) -> type[CommonSettings]:
    module, name = SETTINGS[service].split(":")
    kind: type[CommonSettings] = getattr(importlib.import_module(module), name)
    return kind


def test_all_four_services_are_there_beside_kafka_and_redis():
    assert set(COMPOSE["services"]) == {"kafka", "redis", *SETTINGS}
    assert set(SERVICES) == set(SETTINGS)


@pytest.mark.parametrize("service", SERVICES)
def test_the_command_is_a_module_that_exists(service: str):
    program, option, module = COMPOSE["services"][service]["command"]
    assert (program, option) == ("python", "-m")
    assert importlib.util.find_spec(f"{module}.__main__")


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_is_a_setting_of_its_service_and_is_valid(service: str, monkeypatch: pytest.MonkeyPatch):
    kind = settings_of(service)
    variables = COMPOSE["services"][service]["environment"]
    known = {"KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", *(f"FLOORWATCH_{field.upper()}" for field in kind.model_fields)}
    assert set(variables) <= known
    for name, value in variables.items():
        monkeypatch.setenv(name, re.sub(r"^\$\{\w+:\?.*\}$", "a-long-random-word-of-32-letters", value))
    settings = kind()
    assert settings.kafka_bootstrap_servers == "kafka:9092"


def test_ports_are_published_on_loopback_alone_and_are_the_services_own():
    for name in SERVICES:
        service = COMPOSE["services"][name]
        port = service["environment"][f"FLOORWATCH_{name.upper()}_PORT"]
        assert service.get("ports", [f"127.0.0.1:{port}:{port}"]) == [f"127.0.0.1:{port}:{port}"]


def test_files_that_it_names_exist():
    assert (ROOT / COMPOSE["x-service"]["build"]["dockerfile"]).is_file()
    assert (ROOT / COMPOSE["services"]["kafka"]["env_file"]).is_file()
    source, _, _ = COMPOSE["services"]["redis"]["volumes"][0].split(":")
    assert (ROOT / source).is_file()


def test_the_image_copies_what_exists_and_does_not_run_as_root():
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    assert copied
    for sources in copied:
        for source in sources.split():
            assert (ROOT / source).exists(), source
    assert text.rindex("\nUSER floorwatch\n") > text.rindex("\nFROM ")


def test_the_brokers_settings_are_those_of_the_embedded_one():
    lines = (ROOT / "deploy" / "kafka.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    text = server_properties(port=9092, controller_port=9093, data=Path("/var/lib/kafka/data"))
    embedded = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    own_to_a_shared_machine = {"num.network.threads", "num.io.threads", "log.cleaner.dedupe.buffer.size"}
    for name, value in embedded.items():
        if name not in own_to_a_shared_machine and "127.0.0.1" not in value:
            assert variables[f"KAFKA_{name.upper().replace('.', '_')}"] == value
