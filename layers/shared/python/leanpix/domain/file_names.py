"""Clean file names as clients send them: full paths, any script, sometimes hostile."""

from __future__ import annotations

import posixpath
import unicodedata
from typing import Final
from urllib.parse import unquote, urlsplit

from leanpix.contract import MAX_FILE_NAME_BYTES

DEFAULT_FILE_NAME: Final = "image"
_FORBIDDEN: Final = frozenset('%<>:"|?*\\/\x7f')


def clean_file_name(raw: str) -> str:
    """Return the base name of a path from any system, safe in a header, a path and HTML.

    Control, format and surrogate characters and those that a file system or a header refuses
    are dropped. Letters of any script stay. What is too long loses the end of its stem and
    keeps its extension.
    """
    base = raw.replace("\\", "/").rsplit("/", 1)[-1]
    normalized = unicodedata.normalize("NFC", base)
    # Spaces of all widths become plain ones; what prints nothing (line separators too) goes.
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in normalized)
    kept = "".join(c for c in spaced if c not in _FORBIDDEN and c.isprintable())
    return _shorten(kept.strip(" .")) or DEFAULT_FILE_NAME


def name_from_url(url: str) -> str:
    """Return the file name that a URL's path ends in, or a default one."""
    return clean_file_name(unquote(urlsplit(url).path))


def with_extension(file_name: str, extension: str) -> str:
    """Return the name with its extension replaced, as a converted image is called."""
    stem, _ = posixpath.splitext(file_name)
    return _shorten(f"{stem}.{extension}")


def with_added_extension(file_name: str, extension: str) -> str:
    """Return another name with an extension added: `photo.jpg.webp`."""
    end = f".{extension}"
    room = MAX_FILE_NAME_BYTES - len(end)
    added = _shorten(file_name, room) + end
    if added != file_name:
        return added
    # A long name that ends so already, of which nothing but the new end would be cut.
    return _cut(file_name, len(file_name.encode()) - len(end) - 1) + end


def _shorten(name: str, size_bytes: int = MAX_FILE_NAME_BYTES) -> str:
    if len(name.encode()) <= size_bytes:
        return name
    stem, extension = posixpath.splitext(name)
    room = size_bytes - len(extension.encode())
    if room <= 0:
        return _cut(name, size_bytes)
    return _cut(stem, room) + extension


def _cut(text: str, size_bytes: int) -> str:
    return text.encode()[:size_bytes].decode(errors="ignore")
