"""Find the settings that hold for a file, and where each comes from.

The nearest folder with settings, from the working folder upwards, is the one that counts:
`.leanpix.toml`, else `[tool.leanpix]` of `pyproject.toml`, else `"leanpix"` of `package.json`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from leanpix_cli.optimize.patterns import Patterns
from leanpix_cli.optimize.settings import DEFAULTS, SettingsError, parse_patterns, parse_table

FILES: Final = (".leanpix.toml", "pyproject.toml", "package.json")
_OVERRIDES: Final = "overrides"
_FILES_KEY: Final = "files"


@dataclass(frozen=True, slots=True)
class Override:
    """Settings of the files that match some patterns."""

    patterns: Patterns
    values: Mapping[str, Any]
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of a run: those of the command line before those of a file before defaults."""

    given: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    folder: Path = field(default_factory=Path.cwd)
    """The folder that patterns of the settings file start from."""
    origin: str = ""

    def explain(self, path: Path | None = None) -> dict[str, tuple[Any, str]]:
        """Return each setting's value and where it comes from, for a file or for all."""
        found = {name: (value, "default") for name, value in DEFAULTS.items()}
        found |= {name: (value, self.origin) for name, value in self.values.items()}
        for override in self.overrides if path is not None else ():
            if path is not None and override.patterns.match(path):
                found |= {
                    name: (value, override.origin) for name, value in override.values.items()
                }
        return found | {name: (value, "command line") for name, value in self.given.items()}

    def __getitem__(self, name: str) -> Any:
        return self.explain()[name][0]

    def for_file(self, path: Path) -> dict[str, Any]:
        """Return the settings of a file."""
        return {name: value for name, (value, _) in self.explain(path).items()}


def read_config(start: Path, given: Mapping[str, Any]) -> Config:
    """Return the settings that hold in a folder.

    Raises:
        SettingsError: a settings file cannot be read, or has a key that is unknown.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        for name in FILES:
            table = _read_table(folder / name)
            if table is not None:
                return _to_config(folder, name, table, given)
    return Config(given=given, folder=start)


def _read_table(path: Path) -> dict[str, Any] | None:
    """Return the settings of a file, or None where it has none."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise SettingsError(message) from None
    try:
        if path.suffix == ".json":
            table = json.loads(data).get("leanpix")
        else:
            table = tomllib.loads(data.decode())
            if path.name == "pyproject.toml":
                table = table.get("tool", {}).get("leanpix")
    except (ValueError, AttributeError) as error:
        message = f"{path}: {error}"
        raise SettingsError(message) from None
    if table is not None and not isinstance(table, dict):
        message = f"{path}: the settings of leanpix are no table"
        raise SettingsError(message)
    return table


def _to_config(folder: Path, name: str, table: dict[str, Any], given: Mapping[str, Any]) -> Config:
    path = folder / name
    entries = table.pop(_OVERRIDES, [])
    if not isinstance(entries, list):
        message = f"{path}: {_OVERRIDES} is no list of tables"
        raise SettingsError(message)
    overrides = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: {_OVERRIDES} {number}"
        if not isinstance(entry, dict) or _FILES_KEY not in entry:
            message = f"{where}: {_FILES_KEY} is missing"
            raise SettingsError(message)
        patterns = Patterns(folder, parse_patterns(entry.pop(_FILES_KEY)))
        values = parse_table(entry, where, per_file=True)
        overrides.append(Override(patterns, values, f"{path} {_OVERRIDES} {number}"))
    return Config(
        given=given,
        values=parse_table(table, str(path)),
        overrides=tuple(overrides),
        folder=folder,
        origin=str(path),
    )
