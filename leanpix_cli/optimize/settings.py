"""Define every setting of `leanpix optimize` once: its parser, its help, its default.

The command line, the settings files, `leanpix config` and `docs/command.md` read `SETTINGS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from leanpix_engine.format import TARGETS
from leanpix_engine.model import Level, Metadata

AUTO: Final = "auto"
ALIASES: Final = {"gps": Metadata.LOCATION.value}
"""Other names of metadata, which people look for."""
KEEP: Final = (*(kind.value for kind in Metadata), *ALIASES)
_UNITS: Final = {"": 1, "B": 1, "K": 1000, "KB": 1000, "KIB": 1024, "M": 1000**2, "MB": 1000**2}
_UNITS_LARGE: Final = {"MIB": 1024**2, "GB": 1000**3}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")
_MOST_QUALITY: Final = 100
_PERCENT: Final = 100.0


class SettingsError(Exception):
    """A setting that is unknown or has no sense; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class MinSaving:
    """What must be saved, as a share of the file or in bytes."""

    share: float = 0.01
    size: int = 0

    def share_of(self, size: int) -> float:
        """Return the share of a file of so many bytes, as the engine wants it."""
        return min(max(self.share, self.size / size if size else 0.0), 0.999)

    def __str__(self) -> str:
        return f"{self.size}B" if self.size else f"{_PERCENT * self.share:g}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting: how it is written, read and explained."""

    name: str
    parse: Callable[[Any], Any]
    help: str
    default: Any = None
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    is_flag: bool = False
    per_file: bool = True
    """True where it can differ from file to file; false where it is of the whole run."""


def parse_size(value: object) -> int:
    """Return a number of bytes, such as `200KB`.

    Raises:
        ValueError: it is no size.
    """
    found = _SIZE.fullmatch(str(value).strip())
    unit = {**_UNITS, **_UNITS_LARGE}.get(found[2].upper()) if found else None
    if found is None or unit is None or float(found[1]) <= 0:
        message = "expected a size such as 200KB"
        raise ValueError(message)
    return round(float(found[1]) * unit)


def parse_saving(value: object) -> MinSaving:
    """Return the least that must be saved: `1%`, `5KB`, or 0 for anything.

    Raises:
        ValueError: it is neither.
    """
    text = str(value).strip()
    if text == "0":
        return MinSaving(share=0.0)
    if not text.endswith("%"):
        return MinSaving(share=0.0, size=parse_size(text))
    try:
        share = float(text[:-1]) / _PERCENT
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        message = "expected a share such as 1% or a size such as 5KB"
        raise ValueError(message)
    return MinSaving(share=share)


def parse_names(*allowed: str) -> Callable[[object], tuple[str, ...]]:
    """Return a parser of lists of these names, written as a list or with commas."""

    def parse(value: object) -> tuple[str, ...]:
        names = _words(value)
        for name in names:
            if name not in allowed:
                raise ValueError(_unknown(name, allowed))
        return names

    return parse


def parse_patterns(value: object) -> tuple[str, ...]:
    """Return patterns, written as one or as a list."""
    return (value,) if isinstance(value, str) else tuple(str(each) for each in _listed(value))


def parse_choice(*allowed: str) -> Callable[[object], str]:
    """Return a parser of one of these names."""

    def parse(value: object) -> str:
        if value not in allowed:
            raise ValueError(_unknown(str(value), allowed))
        return str(value)

    return parse


def parse_flag(value: object) -> bool:
    """Return a truth value.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool):
        return value
    message = "expected true or false"
    raise ValueError(message)


def parse_count(most: int | None = None) -> Callable[[object], int]:
    """Return a parser of whole numbers from 1 on."""

    def parse(value: object) -> int:
        text = str(value)
        number = int(text) if text.isdecimal() else 0
        if number < 1 or isinstance(value, bool) or (most is not None and number > most):
            message = "expected a whole number from 1" + (f" to {most}" if most else " on")
            raise ValueError(message)
        return number

    return parse


_LEVELS: Final = tuple(level.value for level in Level)
_FORMATS: Final = tuple(target.value for target in TARGETS)

SETTINGS: Final = (
    Setting(
        name="level",
        parse=parse_choice(*_LEVELS),
        default=Level.MEDIUM.value,
        choices=_LEVELS,
        help="Loss that an image may take: medium is not seen, high is seen when looked for.",
    ),
    Setting(
        name="quality",
        parse=parse_count(_MOST_QUALITY),
        metavar="N",
        help="Quality from 1 to 100 in place of a level.",
    ),
    Setting(
        name="format",
        parse=parse_choice(*_FORMATS, AUTO),
        choices=(*_FORMATS, AUTO),
        help="Convert, beside the original; auto takes the smallest that keeps the look.",
    ),
    Setting(
        name="also",
        parse=parse_names(*_FORMATS),
        default=(),
        metavar="FORMATS",
        help="Write these beside the image too, as photo.jpg.webp; separated by commas.",
    ),
    Setting(name="max-width", parse=parse_count(), metavar="N", help="Fit into so many pixels."),
    Setting(name="max-height", parse=parse_count(), metavar="N", help="Fit into so many pixels."),
    Setting(
        name="long-edge", parse=parse_count(), metavar="N", help="Fit the longer side into this."
    ),
    Setting(
        name="max-bytes",
        parse=parse_size,
        metavar="SIZE",
        help="Find the best look that fits into so many bytes, such as 200KB.",
    ),
    Setting(
        name="min-saving",
        parse=parse_saving,
        default=MinSaving(),
        metavar="1%|5KB",
        help="Leave files alone that would save less.",
    ),
    Setting(
        name="keep",
        parse=parse_names(*KEEP),
        default=(),
        metavar="NAMES",
        help=f"Metadata to keep: {', '.join(KEEP)}; separated by commas.",
    ),
    Setting(
        name="cmyk-to-rgb",
        parse=parse_flag,
        default=False,
        is_flag=True,
        help="Convert CMYK images to sRGB.",
    ),
    Setting(
        name="mark",
        parse=parse_flag,
        default=True,
        is_flag=True,
        help="Write a few bytes that say what it was made for: no image is made worse twice.",
    ),
    Setting(
        name="assume-pristine",
        parse=parse_flag,
        default=False,
        is_flag=True,
        help="Do not ask what a source has lost already.",
    ),
    Setting(
        name="recursive",
        parse=parse_flag,
        default=False,
        is_flag=True,
        per_file=False,
        help="Enter the folders of folders.",
    ),
    Setting(
        name="include",
        parse=parse_patterns,
        default=(),
        metavar="PATTERN",
        per_file=False,
        help="Take only these files of folders, in the notation of .gitignore; may be repeated.",
    ),
    Setting(
        name="exclude",
        parse=parse_patterns,
        default=(),
        metavar="PATTERN",
        per_file=False,
        help="Leave these files out, named ones too; may be repeated.",
    ),
    Setting(
        name="gitignore",
        parse=parse_flag,
        default=True,
        is_flag=True,
        per_file=False,
        help="Leave out what .gitignore leaves out of folders.",
    ),
    Setting(
        name="jobs",
        parse=parse_count(),
        metavar="N",
        per_file=False,
        help="Images at the same time; one a core by default, fewer where memory is short.",
    ),
    Setting(
        name="cache",
        parse=parse_flag,
        default=True,
        is_flag=True,
        per_file=False,
        help="Remember which contents are done, in the user's cache folder.",
    ),
    Setting(
        name="keep-mtime",
        parse=parse_flag,
        default=False,
        is_flag=True,
        per_file=False,
        help="Keep the time of the last change.",
    ),
)
BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
DEFAULTS: Final = {setting.name: setting.default for setting in SETTINGS}


def parse_table(table: Mapping[str, Any], where: str, *, per_file: bool = False) -> dict[str, Any]:
    """Return the values of a table of a settings file.

    Args:
        table: the keys and values as they are written.
        where: names the table in messages.
        per_file: allows only what can differ from file to file.

    Raises:
        SettingsError: a key is unknown, or its value has no sense.
    """
    allowed = [s.name for s in SETTINGS if s.per_file or not per_file]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in allowed:
            message = f"{where}: {_unknown(key, allowed)}"
            raise SettingsError(message)
        try:
            values[key] = BY_NAME[key].parse(value)
        except (ValueError, TypeError) as error:
            message = f"{where}: {key}: {error}"
            raise SettingsError(message) from None
    return values


def _unknown(name: str, allowed: tuple[str, ...] | list[str]) -> str:
    near = get_close_matches(name, allowed, n=1)
    return f"{name!r} is unknown; " + (
        f"{near[0]!r} is near" if near else "one of " + ", ".join(allowed)
    )


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    return tuple(str(each) for each in _listed(value))


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        message = "expected a list"
        raise TypeError(message)
    return list(value)
