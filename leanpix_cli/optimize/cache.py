"""Remember what became of contents, so that a second run reads and hashes files only.

A row's key is the SHA-256 of a content, the options and the engine. SQLite lets several processes
share it; whatever is wrong with it costs time alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import sys
import threading
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import leanpix_engine

FOLDER_VARIABLE: Final = "LEANPIX_CACHE_DIR"
_WAIT_SECONDS: Final = 10.0
_TABLE: Final = "CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY, record TEXT NOT NULL)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of a content."""

    size: int
    """Bytes of the smaller content; of the source where there is none."""
    digest: str | None
    """SHA-256 of the smaller content; None where the source is best left alone."""
    format: str
    reason: str | None
    also: dict[str, str]
    """SHA-256 of each rendition, by its format."""


class Cache:
    """The records of earlier runs.

    Args:
        folder: where they are kept; the user's cache folder by default.
        reads: False forgets what was recorded, and still records.
    """

    def __init__(self, folder: Path | None = None, *, reads: bool = True) -> None:
        self._lock = threading.Lock()
        self._reads = reads
        self._connection: sqlite3.Connection | None = None
        folder = folder or cache_folder()
        with contextlib.suppress(OSError, sqlite3.Error):
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = _open(folder / "done.sqlite3")

    def get(self, key: str) -> Record | None:
        """Return the record of a key, if there is one."""
        if self._connection is None or not self._reads:
            return None
        with self._lock, contextlib.suppress(sqlite3.Error, ValueError, TypeError):
            question = "SELECT record FROM done WHERE key = ?"
            row = self._connection.execute(question, (key,)).fetchone()
            return Record(**json.loads(row[0])) if row else None
        return None

    def put(self, key: str, record: Record) -> None:
        """Record what became of a content."""
        if self._connection is None:
            return
        with self._lock, contextlib.suppress(sqlite3.Error), self._connection:
            row = (key, json.dumps(asdict(record)))
            self._connection.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def cache_folder() -> Path:
    """Return the folder of the cache, where the system keeps a user's caches."""
    if own := os.environ.get(FOLDER_VARIABLE):
        return Path(own)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "leanpix" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "leanpix"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "leanpix"


def key_of(digest: str, options: dict[str, Any]) -> str:
    """Return the key of a content under these options."""
    text = json.dumps([digest, engine_digest(), options], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def engine_digest() -> str:
    """Return a digest of the engine's files: another engine may make other bytes."""
    home = Path(leanpix_engine.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        facts = path.stat()
        digest.update(f"{path.relative_to(home)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _open(path: Path) -> sqlite3.Connection:
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        path.unlink()  # no database any more
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_TABLE)
        connection.commit()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
