"""Run the tests on small changes of the code, and name those that no test notices.

    python tools/mutants.py [--seconds 600] [--only leanpix/domain] [--new] [--report | --control]

Each change ("mutant") is tried in a process of its own, on the tests that execute its line, the
quickest first. Outcomes are kept in `build/mutants`, so that a run goes on where the last one
stopped; a random order makes a part of them a fair sample. `tests/mutants.toml` explains the
mutants that live on. `--control` runs the same tests on unchanged code: what fails then is a
fault of the tests or of this tool, and no kill. Needs Python 3.12 or later and Linux.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from tools.mutant_coverage import coverage  # noqa: E402 - the root is on the path only now
from tools.mutant_runs import (  # noqa: E402 - the same
    ENGINE,
    HOME,
    OPTIONS,
    ROOT,
    SERVICE,
    UNTESTED,
    Session,
    changed_function,
    compiled,
    in_child,
    run_imported_anew,
)
from tools.mutations import Mutation, mutations_of  # noqa: E402 - the same

NATIVE: Final = "layers/engine/native/"
TARGETS: Final = (
    *(f"{SERVICE}leanpix/{room}" for room in ("domain", "services", "adapters", "dialects")),
    f"{ENGINE}leanpix_engine/judge",
    f"{NATIVE}jpeg",
    f"{NATIVE}metric",
)
C_TESTS: Final = {
    "jpeg": (
        "tests/engine/formats/test_jpeg_rewrite.py",
        "tests/engine/formats/test_jpeg_encoder.py",
    ),
    "metric": ("tests/engine/metric/test_scales_native.py",),
}
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
    *(file for files in C_TESTS.values() for file in files),
)
PREPARED: Final = ("boto3", "botocore.session", "moto", "numpy", "PIL.Image", "yaml")
EXPLAINED: Final = ROOT / "tests" / "mutants.toml"
MOST_SECONDS: Final = 40.0
"""Of the tests that one mutant is tried on, the quickest first; the first failure ends it."""
LEAST_KILLED_PERCENT: Final = 90
Covered = dict[str, dict[str, Any]]
"""Seconds and lines of each test, by its name."""


def main() -> int:
    """Try mutants until the time is up, then report; 1 where too many live on unexplained."""
    arguments = _parse()
    HOME.mkdir(parents=True, exist_ok=True)
    mutants = _mutants(arguments.only)
    results = _read_results()
    if not arguments.report:
        for name in PREPARED:
            importlib.import_module(name)
        covered = coverage(TESTS, anew=arguments.new)
        trial = Trial(covered, results, until=time.monotonic() + arguments.seconds)
        if arguments.control:
            return trial.control([each for each in mutants if results.get(each.name) == "killed"])
        quick = [each for each in mutants if _is_quick(each)]
        trial.in_session(quick)
        trial.by_import([each for each in mutants if not _is_quick(each)])
        trial.by_import_again(quick)
    return _report(mutants, results)


def _is_quick(mutant: Mutation) -> bool:
    return mutant.path.endswith(".c") or changed_function(ROOT, mutant) is not None


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600, help="how long to go on")
    parser.add_argument("--only", default="", help="files whose path has this text")
    parser.add_argument("--new", action="store_true", help="measure anew which test runs what")
    parser.add_argument("--control", action="store_true", help="try killed ones unchanged")
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


# --------------------------------------------------------------------------- trying


def _tests_of(mutant: Mutation, covered: Covered) -> list[str]:
    """Return the tests that execute a line, the quickest first; else those of its file."""
    if mutant.path.endswith(".c"):
        files = C_TESTS[mutant.path.removeprefix(NATIVE).partition("/")[0]]
        chosen = {name: each for name, each in covered.items() if name.startswith(files)}
    else:
        by_file = {name: each for name, each in covered.items() if mutant.path in each["lines"]}
        by_line = {
            name: each
            for name, each in by_file.items()
            if mutant.line in each["lines"][mutant.path]
        }
        chosen = by_line or by_file
    tests: list[str] = []
    total = 0.0
    for name in sorted(chosen, key=lambda name: float(chosen[name]["seconds"])):
        total += chosen[name]["seconds"]
        if tests and total > MOST_SECONDS:
            break
        tests.append(name)
    return tests


class Trial:
    """A run over mutants, whose outcomes are kept as they come."""

    def __init__(self, covered: Covered, results: dict[str, str], *, until: float) -> None:
        """Go on from the outcomes so far, `until` a time of `time.monotonic`."""
        self._covered = covered
        self._results = results
        self._until = until

    def in_session(self, mutants: list[Mutation]) -> None:
        """Try what changes functions and C, in a session of pytest that is collected once."""

        def work(session: Session) -> int:
            for mutant in self._open(mutants):
                self._note(mutant, self._in_session(session, mutant), session.say)
            return 0

        self._collect(work)
        self._results |= _read_results()

    def by_import_again(self, mutants: list[Mutation]) -> None:
        """Try what lived on once more: a function that the import calls had been called before."""
        for mutant in mutants:
            if time.monotonic() > self._until:
                return
            if self._results.get(mutant.name) == "alive" and not mutant.path.endswith(".c"):
                tests = _tests_of(mutant, self._covered)
                code = self._run(partial(run_imported_anew, mutant, tests), tests)
                if code not in {0, UNTESTED}:
                    self._note(mutant, code, print)

    def control(self, mutants: list[Mutation]) -> int:
        """Run the tests that killed a mutant on the unchanged code; 1 where one fails."""

        def work(session: Session) -> int:
            tried = wrong = 0
            for mutant in mutants:
                if time.monotonic() > self._until:
                    break
                tests = _tests_of(mutant, self._covered)
                tried += 1
                if self._run(partial(session.run, tests), tests):
                    wrong += 1
                    session.say(f"mutants: fails unchanged: {_line(mutant)}")
            session.say(f"mutants: {wrong} of {tried} controls failed")
            return int(wrong > 0)

        return self._collect(work)

    def _collect(self, work: Callable[[Session], int]) -> int:
        """Work in a session of pytest, in a child of this process."""
        session = Session(work)
        folders = [str(ROOT / each) for each in TESTS]

        def begin() -> int:
            pytest.main([*OPTIONS, *folders], plugins=[session])
            return session.code

        return in_child(begin, seconds=max(0.0, self._until - time.monotonic()) + 120)

    def by_import(self, mutants: list[Mutation]) -> None:
        """Try what needs an import of its own."""
        for mutant in self._open(mutants):
            tests = _tests_of(mutant, self._covered)
            code = self._run(partial(run_imported_anew, mutant, tests), tests)
            self._note(mutant, code, print)

    def _open(self, mutants: list[Mutation]) -> Iterator[Mutation]:
        for mutant in mutants:
            if time.monotonic() > self._until:
                return
            if mutant.name in self._results:
                continue
            if _tests_of(mutant, self._covered):
                yield mutant
            else:
                self._note(mutant, UNTESTED, print)

    def _in_session(self, session: Session, mutant: Mutation) -> int:
        tests = _tests_of(mutant, self._covered)
        if mutant.path.endswith(".c"):
            return self._run(lambda: _run_c(session, mutant, tests), tests)
        codes = changed_function(ROOT, mutant)
        if codes is None:
            return UNTESTED
        return self._run(lambda: session.run_changed(*codes, tests), tests)

    def _run(self, work: Callable[[], int], tests: list[str]) -> int:
        usual = sum(self._covered[name]["seconds"] for name in tests)
        return in_child(work, seconds=30 + 5 * usual)

    def _note(self, mutant: Mutation, code: int, say: Callable[[str], None]) -> None:
        outcome = {0: "alive", UNTESTED: "untested"}.get(code, "killed")
        self._results[mutant.name] = outcome
        with (HOME / "results.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"name": mutant.name, "outcome": outcome}) + "\n")
        if outcome != "killed":
            say(f"mutants: {outcome}: {_line(mutant)}")


def _run_c(session: Session, mutant: Mutation, tests: list[str]) -> int:
    library = compiled(mutant)
    # What the compiler refuses is noticed too.
    return 1 if library is None else session.run_with_library(library, tests)


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
