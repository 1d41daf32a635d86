"""Kafka's quick start: `make setup` runs the broker once and keeps the classes that Java loaded and linked.

With that cache (Java's ahead-of-time cache, JEP 483 and 514) a start takes less than half of the processor time.
Without it everything works the same, only slower.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from services.cli.parts import jars
from services.cli.parts.kafka import ONLY_CLASSES, cache_file, kafka
from services.cli.parts.part import StartError
from services.cli.ports import free_ports

PATIENCE_S = 120


def warm() -> None:
    """Make the cache.

    Raises:
        StartError: the broker does not start.
        OSError, subprocess.SubprocessError: Java does not run, or not to its end.
    """
    target = cache_file()
    target.unlink(missing_ok=True)
    port, controller_port = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="floorwatch-") as folder:
        part = kafka(Path(folder), port=port, controller_port=controller_port)
        part.prepare()
        made = Path(folder) / "kafka.aot"
        java, *arguments = part.command
        command = [java, *ONLY_CLASSES, f"-XX:AOTCacheOutput={made}", *arguments]
        with subprocess.Popen(  # noqa: S603  # our own Java, our own arguments
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as broker:
            deadline = time.monotonic() + PATIENCE_S
            while part.not_ready() and broker.poll() is None and time.monotonic() < deadline:
                time.sleep(0.2)
            broker.terminate()
            broker.wait(PATIENCE_S)
        if not made.exists():
            raise StartError("Java made no cache")
        half = target.with_suffix(".part")
        half.write_bytes(made.read_bytes())
        half.replace(target)


def main() -> int:
    """Make the cache if it can be made; nothing depends on it."""
    try:
        jars.verified()
        warm()
    except (jars.JarError, StartError, OSError, subprocess.SubprocessError) as error:
        print(f"Kafka will start more slowly: {error}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
