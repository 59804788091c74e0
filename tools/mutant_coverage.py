"""Measure which lines of our code each test executes."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any, Final

import pytest

from tools.mutant_runs import HOME, OPTIONS, ROOT, in_child

MONITORING: Final[Any] = getattr(sys, "monitoring", None)
"""Python 3.12 and later."""
_OURS: Final = f"{ROOT}/layers/"


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


def coverage(tests: tuple[str, ...], *, anew: bool) -> dict[str, dict[str, Any]]:
    """Return seconds and lines of each test; measured once, in children of this process."""
    path = HOME / "coverage.json"
    found: dict[str, dict[str, Any]] = {}
    if path.exists() and not anew:
        found = json.loads(path.read_text(encoding="utf-8"))
    for each in tests:
        if any(name.startswith(each) for name in found):
            continue
        print(f"mutants: which lines do the tests of {each} execute?", flush=True)
        part = HOME / "part.json"
        part.unlink(missing_ok=True)
        in_child(partial(_measure, each, part), seconds=900)
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
