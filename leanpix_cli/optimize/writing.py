"""Write files so that a crash, a full disk or Ctrl-C leaves the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import sys
from pathlib import Path
from typing import Final

_PREFIX: Final = ".leanpix-"
_SUFFIX: Final = ".tmp"


class LeftAlone(Exception):
    """A file that is not replaced; the text says why."""


def write(path: Path, data: bytes, *, like: os.stat_result | None = None) -> None:
    """Write a file whole, or not at all.

    Args:
        path: where to.
        data: what.
        like: the file whose permissions and, as far as allowed, owner it takes over.
    """
    temporary = path.with_name(f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            _take_over(temporary, like)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def replace(path: Path, data: bytes, before: os.stat_result, *, keep_mtime: bool) -> None:
    """Replace a file by smaller bytes, unless somebody has changed it meanwhile.

    Raises:
        LeftAlone: it has changed, or it cannot be replaced without harm.
    """
    refuse_to_replace(before)
    target = Path(os.path.realpath(path))  # a symbolic link stays one
    now = target.stat()
    if (now.st_mtime_ns, now.st_size, now.st_ino) != (
        before.st_mtime_ns,
        before.st_size,
        before.st_ino,
    ):
        message = "changed while it was worked on"
        raise LeftAlone(message)
    write(target, data, like=before)
    if keep_mtime:
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))


def refuse_to_replace(before: os.stat_result) -> None:
    """Refuse a file that in-place work would harm.

    Raises:
        LeftAlone: it is read-only, or has more names than one.
    """
    if not before.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        message = "read-only"
        raise LeftAlone(message)
    if before.st_nlink > 1:
        message = f"has {before.st_nlink} names (hard links), which would part"
        raise LeftAlone(message)


def back_up(path: Path, folder: Path, place: Path) -> None:
    """Copy a file into the folder of backups; a backup that is there already is the true one."""
    target = folder / place
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, path.read_bytes(), like=path.stat())
    shutil.copystat(path, target)


def sweep(folder: Path) -> None:
    """Remove what a killed run has left in a folder."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            number = path.name.removeprefix(_PREFIX).partition("-")[0]
            if number.isdecimal() and not _is_running(int(number)):
                path.unlink(missing_ok=True)


def _take_over(path: Path, like: os.stat_result) -> None:
    if hasattr(os, "chown"):
        own = path.stat()
        if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
            with contextlib.suppress(OSError):
                os.chown(path, like.st_uid, like.st_gid)
    path.chmod(stat.S_IMODE(like.st_mode))


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        return True  # a signal 0 would end the process there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
