"""Find the images that the paths of a command line mean."""

from __future__ import annotations

import glob
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leanpix_cli.optimize.patterns import GitIgnore, Patterns, absolute
from leanpix_engine.format import Format

SUFFIXES: Final = frozenset(
    {f".{each.value}" for each in Format} | {".jpeg", ".jpe", ".jfif", ".apng"}
)
"""The endings that are images in folders; a file that is named can have any."""
_GLOB: Final = frozenset("*?[")


class PathError(Exception):
    """A path that is not there, or a question that git does not answer."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file to work on."""

    path: Path
    """Its path as the user would write it."""
    place: Path
    """Its place inside a folder that mirrors what was named."""

    @property
    def name(self) -> str:
        """The path for people, whatever bytes it is made of."""
        return os.fsencode(self.path).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The choice among the files of folders."""

    recursive: bool = False
    include: Patterns | None = None
    exclude: tuple[Patterns, ...] = ()
    gitignore: GitIgnore | None = None
    left_out: tuple[Path, ...] = ()
    """Folders that are written to, and so not read."""
    only: frozenset[Path] | None = None
    """The files that git names, where only those count."""

    def excludes(self, path: Path, *, is_folder: bool = False) -> bool:
        """Return whether a pattern leaves a path out."""
        return any(patterns.match(path, is_folder=is_folder) for patterns in self.exclude)

    def takes(self, path: Path) -> bool:
        """Return whether a file of a folder is one to work on."""
        if path.suffix.lower() not in SUFFIXES or path.name.startswith(".leanpix-"):
            return False
        if self.include is not None and not self.include.match(path):
            return False
        if self.excludes(path) or (self.gitignore is not None and self.gitignore.ignores(path)):
            return False
        return self.only is None or absolute(path) in self.only

    def enters(self, path: Path) -> bool:
        """Return whether a folder inside a folder is entered."""
        if path.name == ".git" or absolute(path) in self.left_out:
            return False
        if self.excludes(path, is_folder=True):
            return False
        return self.gitignore is None or not self.gitignore.ignores(path, is_folder=True)


def find(paths: Sequence[str], selection: Selection) -> Iterator[Item]:
    """Yield every file once, in the order of the paths and then of the names.

    Raises:
        PathError: a path is not there.
    """
    seen: set[Path] = set()
    for text in paths:
        for path in _expand(text):
            for item in _items(path, selection):
                identity = Path(os.path.realpath(item.path))
                if identity not in seen:
                    seen.add(identity)
                    yield item


def ask_git(*arguments: str) -> frozenset[Path]:
    """Return the files that `git diff --name-only` names, as absolute paths.

    Raises:
        PathError: there is no repository, or git refuses.
    """
    top = _git("rev-parse", "--show-toplevel").removesuffix(b"\n")
    names = _git("diff", "--name-only", "--diff-filter=ACMRT", "-z", *arguments).split(b"\0")
    return frozenset(Path(os.fsdecode(os.path.join(top, name))) for name in names if name)  # noqa: PTH118 - bytes, which pathlib does not take


def _git(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except OSError as error:
        message = f"git cannot be run: {error.strerror}"
        raise PathError(message) from None
    if done.returncode:
        message = f"git: {done.stderr.decode(errors='replace').strip()}"
        raise PathError(message)
    return done.stdout


def _expand(text: str) -> list[Path]:
    """Return the paths that a text means: shells leave patterns alone where nothing matches."""
    path = Path(text)
    if path.exists() or path.is_symlink():
        return [path]
    found = sorted(glob.glob(text, recursive=True)) if _GLOB & set(text) else []  # noqa: PTH207 - patterns with folders of their own, absolute ones too
    if not found:
        message = (
            f"{os.fsencode(text).decode('utf-8', 'backslashreplace')}: no such file or folder"
        )
        raise PathError(message)
    return [Path(each) for each in found]


def _items(path: Path, selection: Selection) -> Iterator[Item]:
    if path.is_dir():
        yield from _walk(path, path, selection)
        return
    wanted = selection.only is None or absolute(path) in selection.only
    if wanted and not selection.excludes(path):
        inside = not path.is_absolute() and ".." not in path.parts
        yield Item(path, path if inside else Path(path.name))


def _walk(folder: Path, top: Path, selection: Selection) -> Iterator[Item]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        message = f"{folder}: {error.strerror}"
        raise PathError(message) from None
    for path in entries:
        if path.is_symlink():
            continue  # its file is found where it is, or is outside of what was named
        if path.is_dir():
            if selection.recursive and selection.enters(path):
                yield from _walk(path, top, selection)
        elif selection.takes(path):
            yield Item(path, path.relative_to(top))
