"""Run tests on a small change of the code, in a forked child.

A change inside a function needs no new import: the function gets the changed code in a session of
pytest that has been collected once. What is changed outside of functions (constants, classes,
defaults) is imported anew in a process that has imported none of our code.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol

from layers import native as builder
from layers.uv import BuildError
from tools.mutations import Mutation

ROOT: Final = Path(__file__).resolve().parent.parent
HOME: Final = ROOT / "build" / "mutants"
SERVICE: Final = "layers/shared/python/"
ENGINE: Final = "layers/engine/python/"
OPTIONS: Final = ("-q", "-x", "-n0", "-p", "no:cacheprovider", "-m", "not slow", "--no-header")

UNTESTED: Final = 9
"""The exit code of a child that found no test to run."""
_NO_TESTS: Final = 5
"""What pytest returns then."""
_IN_FUNCTION: Final = 0x1 | 0x2
"""CO_OPTIMIZED and CO_NEWLOCALS (the module `inspect`): not of modules and classes."""


def changed_function(root: Path, mutant: Mutation) -> tuple[CodeType, CodeType] | None:
    """Return the code of the function that a mutant changes, before and after it.

    None where it changes what is run by an import.
    """
    path = root / mutant.path
    source, before = _read(path)
    after = compile(mutant.apply(source), str(path), "exec")
    found = list(_differing(before, after))
    if len(found) != 1 or found[0] is None:
        return None
    return found[0]


@functools.cache
def _read(path: Path) -> tuple[str, CodeType]:
    source = path.read_text(encoding="utf-8")
    return source, compile(source, str(path), "exec")


def _differing(before: CodeType, after: CodeType) -> Iterator[tuple[CodeType, CodeType] | None]:
    """Yield the outermost functions that differ; None for what is in no function."""
    if before.co_code != after.co_code or len(before.co_consts) != len(after.co_consts):
        yield None
        return
    for old, new in zip(before.co_consts, after.co_consts, strict=True):
        if not isinstance(old, CodeType) or not isinstance(new, CodeType):
            if repr(old) != repr(new):
                yield None
        elif not old.co_flags & _IN_FUNCTION:
            yield from _differing(old, new)
        elif _shape(old) != _shape(new):
            yield old, new


def _shape(code: CodeType) -> tuple[Any, ...]:
    """Return what a function does, without the numbers of its lines."""
    consts = [
        _shape(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts
    ]
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars


class Imported:
    """The functions and caches of a process that has imported what its tests need."""

    def __init__(self) -> None:
        """Look at everything once: there are a million objects."""
        self._functions: dict[tuple[str, str, int], list[FunctionType]] = {}
        self._caches: list[Any] = []
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                self._functions.setdefault(_place(each.__code__), []).append(each)
            elif isinstance(each, type(_read)):
                self._caches.append(each)
        # So that a forked child's collector leaves the pages that it shares with us alone.
        gc.freeze()

    def swap(self, before: CodeType, after: CodeType) -> bool:
        """Give each function made from a code another one; False where none was imported."""
        functions = self._functions.get(_place(before), [])
        for function in functions:
            function.__code__ = after
        return bool(functions)

    def forget_caches(self) -> None:
        """Empty every `functools.cache`: what the unchanged code computed must not answer."""
        for each in self._caches:
            each.cache_clear()


def _place(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


class Session:
    """A plugin of pytest that hands a collected session to whoever tries mutants in it."""

    def __init__(self, work: Callable[[Session], int]) -> None:
        """Prepare; `work` is called in place of the run of all tests."""
        self.code = 1
        """What the work returned; 1 where nothing could be collected."""
        self._work = work
        self._items: dict[str, pytest.Item] = {}
        self.screen = os.dup(1)
        """Where the terminal's output goes while pytest captures it."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Work with the collected tests."""
        self._items = {item.nodeid: item for item in session.items}
        self._imported = Imported()
        self.code = self._work(self)
        return True

    def run(self, names: list[str]) -> int:
        """Run tests until one fails; return 1 then. A child's work: it leaves fixtures open."""
        items = [self._items[name] for name in names if name in self._items]
        for item, following in zip(items, [*items[1:], None], strict=True):
            reports = runtestprotocol(item, nextitem=following, log=False)
            if any(report.failed for report in reports):
                return 1
        return 0 if items else UNTESTED

    def run_changed(self, before: CodeType, after: CodeType, names: list[str]) -> int:
        """Run tests on a changed function."""
        self._imported.forget_caches()
        if not self._imported.swap(before, after):
            return UNTESTED
        return self.run(names)

    def run_with_library(self, library: ctypes.CDLL, names: list[str]) -> int:
        """Run tests on a changed library of the engine."""
        from leanpix_engine import native  # noqa: PLC0415 - imported by the session's tests

        self._imported.forget_caches()
        native._library = lambda: library  # type: ignore[assignment]  # noqa: SLF001 - a cached one
        return self.run(names)

    def say(self, line: str) -> None:
        """Write a line past pytest's capture."""
        os.write(self.screen, f"{line}\n".encode())


# --------------------------------------------------------------------------- imports anew


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a changed source."""

    def __init__(self, mutant: Mutation) -> None:
        path = ROOT / mutant.path
        self._file = str(path)
        self._source = mutant.apply(path.read_text(encoding="utf-8"))
        inside = mutant.path.removeprefix(SERVICE).removeprefix(ENGINE).removesuffix(".py")
        self._name = inside.replace("/", ".").removesuffix(".__init__")
        self._is_package = path.name == "__init__.py"

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> ModuleSpec | None:
        """Return the spec of the changed module."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(
            fullname, self, origin=self._file, is_package=self._is_package
        )

    def is_package(self, _fullname: str) -> bool:
        """Return whether the module is a package."""
        return self._is_package

    def get_source(self, _fullname: str) -> str:
        """Return the changed source."""
        return self._source

    def get_code(self, _fullname: str) -> CodeType:
        """Return the changed code."""
        return compile(self._source, self._file, "exec")


def run_imported_anew(mutant: Mutation, tests: list[str]) -> int:
    """Run tests in a process that imports the changed module."""
    sys.meta_path.insert(0, Mutated(mutant))
    code = int(pytest.main([*OPTIONS, "--timeout=60", *tests]))
    return UNTESTED if code == _NO_TESTS else code


# --------------------------------------------------------------------------- the C


def compiled(mutant: Mutation) -> ctypes.CDLL | None:
    """Return the library with a changed file; None where the compiler refuses it."""
    path = ROOT / mutant.path
    folder = HOME / "native"
    library = HOME / "changed.so"
    sources = {each: each.read_text(encoding="utf-8") for each in builder.SOURCES.rglob("*.[ch]")}
    sources[path] = mutant.apply(sources[path])
    for each, text in sources.items():
        copy = folder / each.relative_to(builder.SOURCES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
    vars(builder)["SOURCES"] = folder
    flags = tuple(flag for flag in builder._FLAGS if flag != "-Werror")  # noqa: SLF001 - ours
    vars(builder)["_FLAGS"] = (*flags, f"-I{folder.relative_to(ROOT)}")
    try:
        builder.compile_library(library, builder.variants("host")[0].arguments)
    except BuildError:
        return None
    return ctypes.CDLL(str(library))


# --------------------------------------------------------------------------- children


def in_child(work: Callable[[], int], *, seconds: float) -> int:
    """Return the exit code of some work in a forked child, 1 where it does not end in time."""
    child = os.fork()
    if child == 0:
        os.setsid()
        code = 1
        with contextlib.suppress(BaseException):
            quiet = os.open(HOME / "last.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            os.chdir(ROOT)
            code = work()
        os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1
