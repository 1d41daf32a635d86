"""The environment of the rivals: their locked packages, beside ours, in the state folder. `make setup` stays lean."""

import subprocess
import sys
from functools import cache
from pathlib import Path

from services.cli.settings import LauncherSettings
from services.runtime.settings import load

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "bench.txt"


@cache
def python() -> Path:
    """The environment's Python; it is made, or brought to the lock, if it is not there.

    Raises:
        SystemExit: it can't be made; the text says why.
    """
    folder = load(LauncherSettings).state_dir.absolute() / "rivals"
    inside, stamp = folder / "bin" / "python", folder / "lock.txt"
    if stamp.exists() and stamp.read_text() == LOCK.read_text():
        return inside
    if sys.version_info >= (3, 13):
        raise SystemExit("Bytewax 0.21.1 has no wheels for Python 3.13 and later: run this bench with 3.11 or 3.12")
    print("installing Quix Streams and Bytewax …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    ours = Path(sys.executable).with_name("uv")
    uv: list[str | Path] = [ours, "pip", "sync", "--quiet", "--python", inside, "--require-hashes", LOCK]
    pip: list[str | Path] = [inside, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", LOCK]
    # uv does not read pip's configuration, in which some machines name their mirror.
    if subprocess.run(uv, check=False).returncode and subprocess.run(pip, check=False).returncode:
        raise SystemExit("the rivals could not be installed: see above")
    stamp.write_text(LOCK.read_text())
    return inside
