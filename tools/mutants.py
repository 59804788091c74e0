"""Run the tests on small changes of the code, and name those that no test notices.

    python tools/mutants.py [--seconds 600] [--only leanpix/domain] [--new] [--report]

Each change ("mutant") runs in a process of its own, forked from one that has the libraries loaded,
on the tests that execute its line, the quickest first. Outcomes are kept in `build/mutants`, so
that a run goes on where the last one stopped; a random order makes a part of them a fair sample.
`tests/mutants.toml` explains the mutants that live on. Needs Python 3.12 or later and Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from layers import native as builder  # noqa: E402 - the root is on the path only now
from layers.uv import BuildError  # noqa: E402 - the same
from tools.mutations import Mutation, mutations_of  # noqa: E402 - the same

SERVICE: Final = "layers/shared/python/"
ENGINE: Final = "layers/engine/python/"
NATIVE: Final = "layers/engine/native/"
TARGETS: Final = (
    *(f"{SERVICE}leanpix/{room}" for room in ("domain", "services", "adapters", "dialects")),
    f"{ENGINE}leanpix_engine/judge",
    f"{NATIVE}jpeg",
    f"{NATIVE}metric",
)
TESTS: Final = (
    "tests/unit",
    "tests/integration",
    "tests/ledger/test_calling_back.py",
    "tests/ledger/test_crash_matrix.py",
    "tests/ledger/test_sweeper.py",
    "tests/contract",
    "tests/security/test_callers.py",
    "tests/security/test_ssrf.py",
    "tests/security/test_hostile_hosts.py",
    "tests/security/test_logs.py",
    "tests/engine/judge",
    "tests/engine/test_pipeline.py",
)
C_TESTS: Final = (
    "tests/engine/formats/test_jpeg_rewrite.py",
    "tests/engine/formats/test_jpeg_encoder.py",
    "tests/engine/metric/test_scales_native.py",
)
PREPARED: Final = ("boto3", "botocore.session", "moto", "numpy", "PIL.Image", "yaml")
HOME: Final = ROOT / "build" / "mutants"
EXPLAINED: Final = ROOT / "tests" / "mutants.toml"
MONITORING: Final[Any] = getattr(sys, "monitoring", None)
"""Python 3.12 and later."""
LONGEST_TEST_SECONDS: Final = 4.0
MOST_SECONDS: Final = 25.0
"""Of the tests that one mutant is tried on; the quickest come first."""
LEAST_KILLED_PERCENT: Final = 90
_OURS: Final = f"{ROOT}/layers/"
OPTIONS: Final = ("-q", "-x", "-n0", "-p", "no:cacheprovider", "-m", "not slow", "--no-header")


def main() -> int:
    """Try mutants until the time is up, then report; 1 where too many live on unexplained."""
    arguments = _parse()
    HOME.mkdir(parents=True, exist_ok=True)
    mutants = _mutants(arguments.only)
    results = _read_results()
    if not arguments.report:
        for name in PREPARED:
            importlib.import_module(name)
        covered = _coverage(anew=arguments.new)
        _try_all(mutants, results, covered, until=time.monotonic() + arguments.seconds)
    return _report(mutants, results)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600, help="how long to go on")
    parser.add_argument("--only", default="", help="files whose path has this text")
    parser.add_argument("--new", action="store_true", help="measure anew which test runs what")
    parser.add_argument("--report", action="store_true", help="report what is known, run nothing")
    return parser.parse_args()


def _mutants(only: str) -> list[Mutation]:
    """Return all mutants of the targets in a random order that stays the same."""
    paths = [
        str(path.relative_to(ROOT))
        for target in TARGETS
        for path in sorted([ROOT / target, *(ROOT / target).rglob("*")])
        if path.suffix in {".py", ".c"} and only in str(path)
    ]
    found = [mutant for path in paths for mutant in mutations_of(ROOT, path)]
    return sorted(found, key=lambda mutant: sha256(mutant.name.encode()).digest())


# --------------------------------------------------------------------------- coverage


class Coverage:
    """A plugin of pytest that notes which lines of the targets each test executes."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.lines: dict[str, set[int]] = {}
        self.found: dict[str, dict[str, list[int]]] = {}
        self.seconds: dict[str, float] = {}

    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Forget the last test's lines."""
        self.lines = {}
        self.started = time.monotonic()
        MONITORING.restart_events()
        self.item = item.nodeid

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Keep the lines of the test."""
        self.seconds[nodeid] = time.monotonic() - self.started
        self.found[nodeid] = {path: sorted(lines) for path, lines in self.lines.items()}

    def see(self, code: CodeType, line: int) -> Any:
        """Note a line, once for each test."""
        path = code.co_filename
        if path.startswith(_OURS):
            self.lines.setdefault(path[len(_OURS) - len("layers/") :], set()).add(line)
        return MONITORING.DISABLE


def _coverage(*, anew: bool) -> dict[str, dict[str, Any]]:
    """Return seconds and lines of each test; measured once, in children of this process."""
    path = HOME / "coverage.json"
    if path.exists() and not anew:
        found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return found
    found = {}
    for tests in TESTS:
        print(f"mutants: which lines do the tests of {tests} execute?", flush=True)
        part = HOME / "part.json"
        part.unlink(missing_ok=True)
        _in_child(partial(_measure, tests, part), seconds=900)
        if part.exists():
            found |= json.loads(part.read_text(encoding="utf-8"))
    path.write_text(json.dumps(found), encoding="utf-8")
    return found


def _measure(tests: str, part: Path) -> int:
    plugin = Coverage()
    MONITORING.use_tool_id(MONITORING.COVERAGE_ID, "mutants")
    MONITORING.register_callback(MONITORING.COVERAGE_ID, MONITORING.events.LINE, plugin.see)
    MONITORING.set_events(MONITORING.COVERAGE_ID, MONITORING.events.LINE)
    options = [option for option in OPTIONS if option != "-x"]
    pytest.main([*options, str(ROOT / tests)], plugins=[plugin])
    result = {
        name: {"seconds": plugin.seconds[name], "lines": lines}
        for name, lines in plugin.found.items()
    }
    part.write_text(json.dumps(result), encoding="utf-8")
    return 0


def _tests_of(mutant: Mutation, covered: dict[str, dict[str, Any]]) -> list[str]:
    """Return the tests that execute a line, the quickest first; else those of its file."""
    if mutant.path.endswith(".c"):
        return list(C_TESTS)
    by_file = {name: test for name, test in covered.items() if mutant.path in test["lines"]}
    by_line = {
        name: test for name, test in by_file.items() if mutant.line in test["lines"][mutant.path]
    }
    chosen = by_line or by_file
    tests: list[str] = []
    total = 0.0
    for name in sorted(chosen, key=lambda name: float(chosen[name]["seconds"])):
        total += chosen[name]["seconds"]
        if total > MOST_SECONDS or chosen[name]["seconds"] > LONGEST_TEST_SECONDS:
            break
        tests.append(name)
    return tests


# --------------------------------------------------------------------------- trying


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a changed source."""

    def __init__(self, mutant: Mutation) -> None:
        path = ROOT / mutant.path
        self._file = str(path)
        self._source = mutant.apply(path.read_text(encoding="utf-8"))
        inside = mutant.path.removeprefix(SERVICE).removeprefix(ENGINE).removesuffix(".py")
        self._name = inside.replace("/", ".").removesuffix(".__init__")
        self._is_package = path.name == "__init__.py"

    def find_spec(self, fullname: str, _path: Any, _target: Any = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(
            fullname, self, origin=self._file, is_package=self._is_package
        )

    def is_package(self, _fullname: str) -> bool:
        return self._is_package

    def get_source(self, _fullname: str) -> str:
        return self._source

    def get_code(self, _fullname: str) -> CodeType:
        return compile(self._source, self._file, "exec")


def _try_all(
    mutants: list[Mutation],
    results: dict[str, str],
    covered: dict[str, dict[str, Any]],
    *,
    until: float,
) -> None:
    with (HOME / "results.jsonl").open("a", encoding="utf-8") as log:
        for mutant in mutants:
            if time.monotonic() > until:
                break
            if mutant.name in results:
                continue
            outcome = _try(mutant, covered)
            results[mutant.name] = outcome
            log.write(json.dumps({"name": mutant.name, "outcome": outcome}) + "\n")
            log.flush()
            if outcome != "killed":
                print(f"mutants: {outcome}: {_line(mutant)}", flush=True)


def _try(mutant: Mutation, covered: dict[str, dict[str, Any]]) -> str:
    """Return "killed", "alive", or "untested" where no test comes by."""
    tests = _tests_of(mutant, covered)
    if not tests:
        return "untested"
    usual = sum(covered[name]["seconds"] for name in tests if name in covered)
    code = _in_child(lambda: _run(mutant, tests), seconds=60 + 5 * usual)
    return "alive" if code == 0 else "killed"


def _run(mutant: Mutation, tests: list[str]) -> int:
    if mutant.path.endswith(".c"):
        library = _compiled(mutant)
        if library is None:
            return 1
        from leanpix_engine import native  # noqa: PLC0415 - not in the process that forks

        native._library = lambda: library  # type: ignore[assignment]  # noqa: SLF001 - a cached one
    else:
        sys.meta_path.insert(0, _Mutated(mutant))
    return int(pytest.main([*OPTIONS, "--timeout=60", *tests]))


def _compiled(mutant: Mutation) -> ctypes.CDLL | None:
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


def _in_child(work: Callable[[], int], *, seconds: float) -> int:
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


# --------------------------------------------------------------------------- reporting


def _read_results() -> dict[str, str]:
    path = HOME / "results.jsonl"
    if not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {line["name"]: line["outcome"] for line in lines}


def _explanations() -> dict[str, str]:
    """Return the reasons by the part of a mutant's name that does not change with its line."""
    if not EXPLAINED.exists():
        return {}
    entries = tomllib.loads(EXPLAINED.read_text(encoding="utf-8")).get("mutant", [])
    return {f"{entry['file']}:{entry['id']}": entry["why"] for entry in entries}


def _groups(mutants: list[Mutation]) -> Iterator[tuple[str, list[Mutation]]]:
    for target in TARGETS:
        some = [mutant for mutant in mutants if mutant.path.startswith(target)]
        if some:
            yield target, some


def _report(mutants: list[Mutation], results: dict[str, str]) -> int:
    explained = _explanations()
    tried = [mutant for mutant in mutants if mutant.name in results]
    print(f"{'room':48}{'mutants':>8}{'tried':>7}{'killed':>8}{'explained':>11}{'open':>6}")
    killed = 0
    unexplained: list[Mutation] = []
    for target, some in _groups(mutants):
        done = [mutant for mutant in some if mutant.name in results]
        dead = [mutant for mutant in done if results[mutant.name] == "killed"]
        alive = [mutant for mutant in done if results[mutant.name] != "killed"]
        known = [mutant for mutant in alive if _key(mutant) in explained]
        unexplained += [mutant for mutant in alive if _key(mutant) not in explained]
        killed += len(dead)
        row = (len(some), len(done), len(dead), len(known), len(alive) - len(known))
        print(f"{target:48}{row[0]:8}{row[1]:7}{row[2]:8}{row[3]:11}{row[4]:6}")
    for mutant in sorted(unexplained, key=lambda mutant: (mutant.path, mutant.line)):
        print(f"{results[mutant.name]}: {_line(mutant)}")
    percent = 100 * killed / max(1, len(tried))
    print(f"mutants: {killed} of {len(tried)} tried were noticed, {percent:.1f} %")
    return int(percent < LEAST_KILLED_PERCENT or bool(unexplained))


def _line(mutant: Mutation) -> str:
    return f"{mutant.name}: {mutant.old[:50]!r} -> {mutant.text[:50]!r}"


def _key(mutant: Mutation) -> str:
    path, _, digest = mutant.name.split(":")
    return f"{path}:{digest}"


if __name__ == "__main__":
    sys.exit(main())
