"""A database with demo agents and answers: made once for all test runs of the same code, copied for each product."""

import fcntl
import functools
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from harness.programs import ROOT

FOLDER = ROOT / "var" / "filled"
SOURCES = ("config", "realtime", "chatbot", "workbench", "harness")
KEPT_SECONDS = 24 * 3_600  # another run, of the code as it was, may still copy it


def copy_filled(database: Path, fill: Callable[[Path], None]) -> None:
    """Copy what `fill` makes of a SQLite file that is not there yet; it is called by one process of all that ask."""
    shutil.copyfile(_filled_database(fill), database)


@functools.cache
def _filled_database(fill: Callable[[Path], None]) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    filled = FOLDER / f"{_digest()}.sqlite3"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not filled.exists():
            _remove_former()
            draft = FOLDER / "draft.sqlite3"
            draft.unlink(missing_ok=True)
            fill(draft)
            assert not draft.with_name("draft.sqlite3-wal").exists(), "a copy of the file alone would lack its log"
            draft.rename(filled)
    return filled


def _digest() -> str:
    """Of all code and data that make it, the settings' name, and the day: its rows say when they were made."""
    files = [file for folder in SOURCES for file in sorted((ROOT / folder).rglob("*")) if file.is_file()]
    digest = hashlib.sha256(f"{os.environ.get('DJANGO_SETTINGS_MODULE')} {datetime.now(UTC).date()}".encode())
    for file in [ROOT / "requirements-dev.txt", *files]:
        name = file.relative_to(ROOT)
        if not {"tests", "static", "__pycache__"}.intersection(name.parts):
            digest.update(str(name).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _remove_former() -> None:
    for file in FOLDER.glob("*.sqlite3"):
        if file.stat().st_mtime < time.time() - KEPT_SECONDS:
            file.unlink()
