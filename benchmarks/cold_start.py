"""What a function costs to start: time, CPU and memory of importing its handler.

    .venv/bin/python -m benchmarks.cold_start [--runs 5] [--json FILE]

Each handler is imported in a process of its own, as Lambda does while it starts a function: with
compiled modules, with the environment that the template gives it. Lambda lends a whole CPU for
that, whatever the memory, so CPU seconds count; wall time on a busy machine says little.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from leanpix import contract
from leanpix.contract import EnvironmentName

ROOT: Final = Path(__file__).resolve().parent.parent
MOST_MILLISECONDS: Final = 250
MOST_MEGABYTES: Final = 100

_PROGRAM: Final = """
import json, os, resource, time
started, cpu = time.perf_counter(), time.process_time()
import handler
wall, cpu = time.perf_counter() - started, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"wall": 1000 * wall, "cpu": 1000 * cpu, "megabytes": peak}), flush=True)
os._exit(0)
"""


def measure(name: str, *, runs: int = 5) -> dict[str, float]:
    """Return the least milliseconds, CPU milliseconds and megabytes of importing a handler."""
    found = [_import_once(name) for _ in range(runs)]
    return {each: min(run[each] for run in found) for each in ("wall", "cpu", "megabytes")}


def _import_once(name: str) -> dict[str, float]:
    environment = {
        **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
        **{variable.value: "https://name.example/30" for variable in EnvironmentName},
        EnvironmentName.RETENTION_DAYS: "7",
        EnvironmentName.INTEGRATION_TIMEOUT_SECONDS: "29",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "POWERTOOLS_SERVICE_NAME": name,
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=ROOT / "functions" / name,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    read: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return read


def main() -> int:
    """Print a table, and write the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    figures = {name: measure(name, runs=arguments.runs) for name in contract.FUNCTIONS}
    print("| function | CPU ms | wall ms | peak MB |\n|---|---:|---:|---:|")
    for name, figure in figures.items():
        print(
            f"| {name} | {figure['cpu']:.0f} | {figure['wall']:.0f} | {figure['megabytes']:.0f} |"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
