"""Programs of ours as processes of their own, forked from one that has imported them already.

Starting Python and importing is most of what a service's start costs (three seconds of CPU for the API), and a run of
all tests starts hundreds. What runs is `python -m MODULE` all the same, in the project's folder, with an environment,
arguments and output of its own.
"""

import atexit
import os
import runpy
import signal
import sys
import time
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.reduction import DupFd
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryFile
from typing import IO, Any

ROOT = Path(__file__).parents[1]
_forks = get_context("forkserver")
# None of these looks at the environment when it is imported: what is forked has another.
_forks.set_forkserver_preload(
    ["tests.warm", "services.api.app", "services.metrics.app", "services.alerts.app", "services.ingest.commands",
     "services.ingest.simulate"]
)  # fmt: skip


class Process:
    """As much of `subprocess.Popen` as tests use. Output goes where this process's own goes, unless told otherwise.

    `is_piped`: read `stdout`, as text.
    """

    def __init__(
        self, module: str, *arguments: str, env: Mapping[str, str],
        output: IO[Any] | None = None, errors: IO[Any] | None = None, is_piped: bool = False,
    ) -> None:  # fmt: skip
        self.args = ["python", "-m", module, *arguments]
        self.stdout: IO[str] | None = None
        pipe = os.pipe() if is_piped else None
        streams = [
            pipe[1] if pipe else 1 if output is None else output.fileno(),
            2 if errors is None else errors.fileno(),
        ]  # fmt: skip
        given = (module, arguments, dict(env), [_Lent(stream) for stream in streams])
        self._process = _forks.Process(target=_run, args=given, daemon=True)
        self._process.start()
        if pipe:
            self.stdout = os.fdopen(pipe[0], encoding="utf-8")
            os.close(pipe[1])
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code (below 0: the signal that ended it); None: it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Until it has ended."""
        self._process.join(timeout)
        if (code := self.poll()) is None:
            raise TimeoutExpired(self.args, timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing, if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def run(module: str, *arguments: str, env: Mapping[str, str], timeout: float = 120) -> "CompletedProcess[str]":
    """Run it to its end; what it said."""
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        process = Process(module, *arguments, env=env, output=output, errors=errors)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        output.seek(0)
        errors.seek(0)
        return CompletedProcess(process.args, code, output.read(), errors.read())


class _Lent:
    """A file of this process on its way to the new one."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> Any:
        return _there, (DupFd(self.number),)


def _there(lent: Any) -> int:
    return int(lent.detach())


def _run(module: str, arguments: tuple[str, ...], env: dict[str, str], streams: list[int]) -> None:
    for number, stream in enumerate(streams, 1):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(ROOT)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
