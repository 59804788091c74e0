"""Match paths against patterns in the notation of `.gitignore`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def absolute(path: Path) -> Path:
    """Return the absolute path without `..`; symbolic links stay."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - pathlib keeps the dots, or follows links


class Patterns:
    """Patterns that start from a folder.

    Args:
        folder: the folder that the patterns are relative to.
        lines: the patterns.
    """

    def __init__(self, folder: Path, lines: Iterable[str]) -> None:
        from pathspec import GitIgnoreSpec  # noqa: PLC0415 - slow to import, and seldom needed

        self._folder = absolute(folder)
        self._spec = GitIgnoreSpec.from_lines(lines)

    def match(self, path: Path, *, is_folder: bool = False) -> bool:
        """Return whether a path matches."""
        return bool(self.verdict(path, is_folder=is_folder))

    def verdict(self, path: Path, *, is_folder: bool = False) -> bool | None:
        """Return True where the last pattern takes a path, False where it lets it go again."""
        try:
            relative = absolute(path).relative_to(self._folder).as_posix()
        except ValueError:
            return None
        return self._spec.check_file(relative + "/" * is_folder).include


class GitIgnore:
    """The `.gitignore` files of a folder, and of those around it up to the repository's."""

    def __init__(self) -> None:
        self._files: dict[Path, Patterns | None] = {}
        self._chains: dict[Path, tuple[Patterns, ...]] = {}

    def ignores(self, path: Path, *, is_folder: bool = False) -> bool:
        """Return whether git would leave a path out; the nearest file has the last word."""
        for patterns in self._chain(absolute(path).parent):
            verdict = patterns.verdict(path, is_folder=is_folder)
            if verdict is not None:
                return verdict
        return False

    def _chain(self, folder: Path) -> tuple[Patterns, ...]:
        if folder not in self._chains:
            own = self._read(folder)
            outer = () if (folder / ".git").exists() or folder.parent == folder else None
            rest = self._chain(folder.parent) if outer is None else outer
            self._chains[folder] = ((own,) if own else ()) + rest
        return self._chains[folder]

    def _read(self, folder: Path) -> Patterns | None:
        if folder not in self._files:
            try:
                lines = (folder / ".gitignore").read_text("utf-8", "surrogateescape").splitlines()
                self._files[folder] = Patterns(folder, lines)
            except OSError:
                self._files[folder] = None
        return self._files[folder]
