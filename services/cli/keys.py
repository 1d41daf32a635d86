"""Secrets of an installation: made once, kept in the state folder for its owner alone."""

import json
import os
import secrets
from pathlib import Path

from services.cli.settings import LauncherSettings

FILE = "secrets.json"


def keys(settings: LauncherSettings, state_dir: Path) -> dict[str, str]:
    """Variables with every secret: the user's own where given, else the kept ones.

    They are kept from one start to the next: a session key that changes would sign everybody out. The key of the
    pseudonyms is ingest's own affair, because its feeds also run without a launcher.
    """
    given = {
        "FLOORWATCH_SECRET": settings.secret,
        "FLOORWATCH_INGEST_KEYS": settings.ingest_keys,
    }
    kept = _kept(state_dir / FILE, list(given))
    return {name: value.get_secret_value() if value else kept[name] for name, value in given.items()}


def _kept(path: Path, names: list[str]) -> dict[str, str]:
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in names if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(32) for name in missing}
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(known, file, indent=2)
        new.replace(path)
    return known
