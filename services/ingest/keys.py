"""The key of the pseudonyms: given, or made once and kept in the state folder."""

import os
import secrets
from pathlib import Path

from services.ingest.settings import IngestSettings
from services.runtime.logs import get_logger

FILE = "pseudonym.key"


def pseudonym_key(settings: IngestSettings) -> str:
    """The key that hides customers.

    All processes of an installation must have the same one; on several machines give FLOORWATCH_PSEUDONYM_KEY.
    """
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.get_secret_value()
    path = settings.state_dir / FILE
    if not path.exists():
        _make(path)
    return path.read_text(encoding="ascii").strip()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{FILE}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    try:
        os.link(draft, path)  # only one of several processes that start together wins
        get_logger().info("made a key for pseudonyms", file=str(path))
    except FileExistsError:
        pass
    finally:
        draft.unlink()
