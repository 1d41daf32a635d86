"""Kafka's jars: resolved once by `make setup`, kept beside the Python packages, checked on every start.

`python -m services.cli.parts.jars` fetches what is missing; with `--pin` it writes `jars.sha256` anew, which is wanted
only when Kafka's version in this file changes.
"""

import argparse
import hashlib
import shutil
import sys
from pathlib import Path

KAFKA_VERSION = "4.3.0"
LOG4J_VERSION = "2.25.4"
PINS = Path(__file__).with_name("jars.sha256")

KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
# Without a binding for slf4j the broker logs nothing. It is resolved on its own, and only its own jar is taken: in one
# resolution with Kafka its dependency management would pull in older Kafka clients and Jackson.
BINDING = f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}"


class JarError(Exception):
    """A jar is missing, unknown or changed; the text says which and what to do."""


def folder() -> Path:
    """Where the jars lie: inside the virtual environment, so that emptying the state folder fetches nothing again."""
    return Path(sys.prefix) / "share" / "floorwatch" / f"kafka-{KAFKA_VERSION}"


def pinned(pins: Path = PINS) -> dict[str, str]:
    """File name → SHA-256 in hex, in the order of the class path."""
    lines = (line.split() for line in pins.read_text().splitlines() if line and not line.startswith("#"))
    return {name: digest for digest, name in lines}


def verified(where: Path | None = None, pins: Path = PINS) -> list[Path]:
    """The class path, every file checked. Asks nobody.

    Raises:
        JarError: a file is missing or is not the pinned one.
    """
    where = where or folder()
    paths = []
    for name, digest in pinned(pins).items():
        path = where / name
        if not path.is_file():
            raise JarError(f"Kafka's jar {name} is missing in {where}: run `make setup`")
        if sha256(path) != digest:
            raise JarError(f"Kafka's jar {path} is not the one pinned in {pins.name}: delete it and run `make setup`")
        paths.append(path)
    return paths


def fetch(where: Path | None = None, pins: Path = PINS) -> list[Path]:
    """Make `verified` true: resolve and copy the jars unless they are there already.

    Raises:
        JarError: what the registry gave is not what was pinned.
    """
    where = where or folder()
    try:
        return verified(where, pins)
    except JarError:
        pass
    where.mkdir(parents=True, exist_ok=True)
    wanted = pinned(pins)
    for source in _resolved():
        if wanted.get(source.name) != sha256(source):
            raise JarError(f"{source} is not pinned in {pins.name}, or differs from its pin: it is not used")
        part = where / f"{source.name}.part"
        shutil.copyfile(source, part)
        part.replace(where / source.name)
    return verified(where, pins)


def sha256(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _resolved() -> list[Path]:
    import jgo  # noqa: PLC0415  # slow to import, and needed only when something is missing

    try:
        kafka = [Path(jar) for jar in jgo.build(KAFKA).all_jars]
        binding = [Path(jar) for jar in jgo.build(BINDING).all_jars if Path(jar).name.startswith("log4j-slf4j-impl-")]
    except Exception as error:
        raise JarError(f"Kafka's jars could not be fetched: {error}") from error
    return kafka + binding


def _pin() -> None:
    lines = [f"{sha256(jar)}  {jar.name}" for jar in _resolved()]
    PINS.write_text(f"# Jars of {KAFKA} and {BINDING}, in the order of the class path.\n" + "\n".join(lines) + "\n")


def main() -> int:
    """Fetch the jars, or pin them anew."""
    parser = argparse.ArgumentParser(description="Fetch Kafka's jars and check them against their pinned SHA-256.")
    parser.add_argument("--pin", action="store_true", help="write the hashes of what the registry gives now")
    if parser.parse_args().pin:
        _pin()
    try:
        jars = fetch()
    except JarError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"Kafka {KAFKA_VERSION}: {len(jars)} jars, checked")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
