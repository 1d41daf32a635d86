"""`make setup`: everything that Floorwatch needs, from package registries, into this folder.

Runs on any Python from 3.11 on with nothing installed. Each step leaves a stamp of what it was made from, so the second
run does nothing.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMPS = VENV / ".stamps"
LOG = VENV / "setup.log"
LOCK = ROOT / "requirements" / "dev.txt"
DASHBOARD = ROOT / "dashboard"
BUILT = DASHBOARD / "dist" / "index.html"
NOT_SOURCES = {"node_modules", "dist", "test-results", "playwright-report", "coverage", ".svelte-kit"}


class SetupError(Exception):
    """The text says what is missing and what to do."""


def main() -> int:
    """Do what has not been done."""
    began = time.monotonic()
    try:
        _venv()
        done = [
            _step("uv", "installer", [LOCK], _install_uv),
            _step("packages", "Python packages (some minutes the first time)", [LOCK], _sync),
            _step("floorwatch", "the floorwatch command", [ROOT / "pyproject.toml", LOCK], _install_ourselves),
            _step("jars", "Apache Kafka", _kafka_inputs(), _fetch_jars),
            _step("warm", "Kafka's quick start", _kafka_inputs(), _warm),
        ]
        if (DASHBOARD / "package-lock.json").exists():
            npm_inputs = [DASHBOARD / "package-lock.json", DASHBOARD / "package.json", LOCK]
            done.append(_step("node", "packages of the pages", npm_inputs, _npm_ci))
            done.append(_step("pages", "the pages", [*npm_inputs, *_sources()], _build, made=BUILT))
    except SetupError as error:
        print(f"setup failed: {error}", file=sys.stderr)
        return 1
    if any(done):
        print(f"ready after {time.monotonic() - began:.0f} s")
    return 0


def _venv() -> None:
    if (BIN / "python").exists() and _succeeds(
        [BIN / "python", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    ):
        STAMPS.mkdir(exist_ok=True)
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    print(f"· virtual environment with Python {sys.version_info.major}.{sys.version_info.minor}", flush=True)
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"{sys.executable} comes without the venv module. On Debian and Ubuntu: apt install python{version}-venv; "
            "or name another Python: make setup PYTHON=/path/to/python3"
        ) from None
    _run([sys.executable, "-m", "venv", VENV])
    STAMPS.mkdir(exist_ok=True)


def _install_uv() -> None:
    """The installer itself, at its locked version and hash."""
    locked = re.search(r"^uv==.*?(?=^\S|\Z)", LOCK.read_text(), re.MULTILINE | re.DOTALL)
    if locked is None:
        raise SetupError(f"{LOCK.name} does not lock uv")
    lines = [line for line in locked[0].splitlines() if not line.strip().startswith("#")]
    only_uv = VENV / "uv.txt"
    only_uv.write_text("\n".join(lines).rstrip("\\ \n") + "\n")
    _run([BIN / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", only_uv])


def _sync() -> None:
    try:
        _run([BIN / "uv", "pip", "sync", "--quiet", "--require-hashes", LOCK])
    except SetupError as error:
        # uv does not read pip's configuration, in which some machines name their mirror.
        print("  uv could not; trying pip", flush=True)
        try:
            _run([BIN / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", LOCK])
        except SetupError as second:
            raise second from error


def _install_ourselves() -> None:
    _run(
        [BIN / "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation", "--editable", ROOT]
    )


def _kafka_inputs() -> list[Path]:
    parts = ROOT / "services" / "cli" / "parts"
    return [parts / "jars.sha256", parts / "jars.py", parts / "kafka.py", LOCK]


def _fetch_jars() -> None:
    _run([BIN / "python", "-m", "services.cli.parts.jars"])


def _warm() -> None:
    _run([BIN / "python", "-m", "services.cli.parts.warm"])


def _npm_ci() -> None:
    _run([BIN / "npm", "ci", "--no-audit", "--no-fund"], cwd=DASHBOARD)


def _build() -> None:
    _run([BIN / "npm", "run", "--silent", "build"], cwd=DASHBOARD)


def _sources() -> Iterable[Path]:
    for folder, names, files in os.walk(DASHBOARD):
        names[:] = sorted(name for name in names if name not in NOT_SOURCES)
        yield from (Path(folder) / name for name in sorted(files))


def _step(name: str, shown: str, inputs: Iterable[Path], work: Callable[[], None], made: Path | None = None) -> bool:
    """Do `work` unless its stamp tells that it was done from the same inputs. Returns whether it did."""
    stamp = STAMPS / name
    wanted = _fingerprint(inputs)
    if stamp.exists() and stamp.read_text() == wanted and (made is None or made.exists()):
        return False
    print(f"· {shown} …", flush=True)
    began = time.monotonic()
    work()
    stamp.write_text(wanted)
    print(f"  {time.monotonic() - began:.0f} s", flush=True)
    return True


def _fingerprint(inputs: Iterable[Path]) -> str:
    total = hashlib.sha256(str(ROOT).encode())
    for path in inputs:
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _run(command: list[str | Path], cwd: Path = ROOT) -> None:
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(VENV),
        "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",  # the browser comes with the packages
    }
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if VENV.exists():
        with LOG.open("a") as log:
            log.write(f"$ {' '.join(map(str, command))}\n{done.stdout}{done.stderr}\n")
    if done.returncode:
        last = (done.stdout + done.stderr).strip().splitlines()[-15:]
        text = "\n  ".join(last)
        raise SetupError(
            f"{Path(command[0]).name} {command[1]} ended with {done.returncode} (all of it: {LOG}):\n  {text}"
        )


def _succeeds(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
