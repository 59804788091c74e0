"""Measure the start of a function: CPU time, wall time and memory of importing its handler.

    .venv/bin/python -m benchmarks.cold_start [--runs 5] [--sources] [--json FILE] [--write]

Each handler is imported as Lambda does while it starts a function: from the bundle that is
deployed, in a process of its own that has nothing else but the runtime's client, may keep no
compiled module, and has the environment that the template gives it. What the runtime has of its
own (the standard library, boto3) is compiled. Lambda lends a whole CPU for a start, whatever the
memory, so CPU seconds count; wall time on a busy machine says little. `--sources` shows what a
start would cost without the compiled modules of our layers; `--write` puts the table into
docs/sizing.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.pages import render_table, write_table
from infra.bundles import Bundle, bare_python, link_runtime, read_bundles
from infra.synth import synthesize
from leanpix import contract

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "sizing.md"
MOST_MILLISECONDS: Final = 250
MOST_MEGABYTES: Final = 100
_HEAD: Final = ("function", "CPU ms", "wall ms", "peak MB")

_PROGRAM: Final = """
import json, os, time
import awslambdaric.bootstrap
started, cpu = time.perf_counter(), time.process_time()
import handler
wall, cpu = time.perf_counter() - started, time.process_time() - cpu
# proc(5): the high-water mark of this program; getrusage's begins with that of its parent.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({"wall_ms": 1000 * wall, "cpu_ms": 1000 * cpu, "peak_mb": peak}), flush=True)
os._exit(0)
"""


class StartError(RuntimeError):
    """A function that does not start; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Start:
    """The cost of one start."""

    cpu_ms: float
    wall_ms: float
    peak_mb: float

    def least(self, other: Start) -> Start:
        """Return the lesser of each figure: the one that other processes disturbed least."""
        return Start(
            min(self.cpu_ms, other.cpu_ms),
            min(self.wall_ms, other.wall_ms),
            min(self.peak_mb, other.peak_mb),
        )


def measure(bundle: Bundle, runtime: Path, *, runs: int, until_below_ms: float = 0) -> Start:
    """Return the least of several starts; stop early once one is quick enough."""
    start = start_once(bundle, runtime)
    for _ in range(runs - 1):
        if start.cpu_ms < until_below_ms:
            break
        start = start.least(start_once(bundle, runtime))
    return start


def start_once(bundle: Bundle, runtime: Path) -> Start:
    """Import a handler once.

    Raises:
        StartError: the handler cannot be imported.
    """
    done = subprocess.run(
        [bare_python(), "-s", "-S", "-c", _PROGRAM],
        cwd=bundle.code,
        env=_environment(bundle, runtime),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        message = f"the function {bundle.name} does not start: {reason}"
        raise StartError(message)
    return Start(**json.loads(done.stdout.splitlines()[-1]))


def prepare_runtime(folder: Path) -> Path:
    """Fill a folder with the packages of Lambda's own runtime, compiled as they are there."""
    link_runtime(folder)
    # A package is compiled where its link leads to; a module of one file, such as six, beside it.
    modules = [str(path.resolve() if path.is_dir() else path) for path in folder.iterdir()]
    subprocess.run([bare_python(), "-m", "compileall", "-q", *modules], check=True)
    return folder


def _environment(bundle: Bundle, runtime: Path) -> Mapping[str, str]:
    return {
        **bundle.environment,
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join([*bundle.python_path, str(runtime)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
    }


def _without_compiled_modules(bundle: Bundle, folder: Path) -> Bundle:
    for layer in bundle.layers:
        if not (folder / layer.name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(layer, folder / layer.name, ignore=ignored)
    return replace(bundle, layers=tuple(folder / layer.name for layer in bundle.layers))


def main() -> int:
    """Print a table, and write the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sources", action="store_true", help="without compiled modules")
    parser.add_argument("--only", action="append", choices=contract.FUNCTIONS)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into docs/sizing.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = synthesize(folder / "assembly", {"stage": "test", "flavour": "host"})
        (folder / "runtime").mkdir()
        runtime = prepare_runtime(folder / "runtime")
        starts: dict[str, Start] = {}
        for bundle in read_bundles(template).values():
            if arguments.only and bundle.name not in arguments.only:
                continue
            if arguments.sources:
                measured = _without_compiled_modules(bundle, folder / "sources")
            else:
                measured = bundle
            try:
                starts[bundle.name] = measure(measured, runtime, runs=arguments.runs)
            except StartError as error:
                print(f"cold_start: {error}", file=sys.stderr)
                return 1
    table = render_table(
        _HEAD,
        [
            (name, f"{start.cpu_ms:.0f}", f"{start.wall_ms:.0f}", f"{start.peak_mb:.0f}")
            for name in contract.FUNCTIONS
            if (start := starts.get(name))
        ],
    )
    print(table, end="")
    if arguments.write:
        write_table(PAGE, "cold starts", table)
    if arguments.json:
        figures = {name: asdict(start) for name, start in starts.items()}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
