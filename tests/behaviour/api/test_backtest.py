"""A backtest ends with its answer, with whoever asked, with its time, and with the API. Kafka here takes calls and says nothing."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import psutil
import pytest

from services.api.backtests import COMMAND, BacktestFailedError, Backtests, BusyError, TooLongError
from services.cli.ports import free_ports
from services.contracts.backtest import BacktestOrder
from services.runtime.settings import CommonSettings
from tests import web
from tests.behaviour.api.conftest import PROJECT, running_api, until
from tests.parts import Parts
from tests.unit.alerts.floor import rule

ORDER = BacktestOrder(rules=(rule(),), start=0, end=1000)


@pytest.fixture
def silent() -> Iterator[str]:
    """Address of a Kafka that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def backtests(address: str, within_s: float = 60) -> Backtests:
    return Backtests(CommonSettings(KAFKA_BOOTSTRAP_SERVERS=address), within_s=within_s)


def children(pid: int | None = None) -> list[psutil.Process]:
    """Backtests that a process has started."""
    return [child for child in psutil.Process(pid).children() if "backtest" in " ".join(child.cmdline())]


async def started() -> None:
    async with asyncio.timeout(20):
        while not children():  # noqa: ASYNC110  # another process's state
            await asyncio.sleep(0.02)


async def test_one_at_a_time_and_whoever_does_not_wait_ends_it(silent: str):
    asked = backtests(silent)
    first = asyncio.create_task(asked.run(ORDER))
    await started()
    with pytest.raises(BusyError):
        await asked.run(ORDER)

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    assert children() == []
    with pytest.raises(TooLongError):
        await backtests(silent, within_s=0.1).run(ORDER)
    assert children() == []


async def test_it_ends_with_the_api(silent: str):
    asked = backtests(silent)
    running = asyncio.create_task(asked.run(ORDER))
    await started()

    await asked.close()

    with pytest.raises(BacktestFailedError):
        await running
    assert children() == []


async def test_a_kafka_that_is_away_is_named():
    (nobody,) = free_ports(1)
    with pytest.raises(BacktestFailedError, match="Kafka does not answer"):
        await backtests(f"127.0.0.1:{nobody}").run(ORDER)


def test_it_ends_when_nobody_holds_its_stdin(silent: str):
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": silent}
    command = [sys.executable, *COMMAND]
    with subprocess.Popen(command, env=environment, cwd=PROJECT, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(ORDER.model_dump_json().encode() + b"\n")
        process.stdin.close()
        assert process.wait(20) == 1


def test_a_request_that_is_dropped_ends_it(parts: Parts, silent: str, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("api")
    body = ORDER.model_dump(mode="json")
    with running_api(parts, folder, KAFKA_BOOTSTRAP_SERVERS=silent) as (api, floor):
        floor.mark_filled()
        assert api.process is not None
        pid = api.process.pid
        with web.Client(base_url=api.url, timeout=0.5) as client, pytest.raises(httpx.ReadTimeout):
            client.post("/v1/backtest", json=body)
        until(lambda: children(pid) == [])

        with web.Client(base_url=api.url, timeout=0.5) as client, pytest.raises(httpx.ReadTimeout):
            client.post("/v1/backtest", json=body)
        assert api.stop() == 0
