"""Measure what a score costs, in C and in numpy: CPU time and memory by image size.

    python -m benchmarks.metric [--megapixels 0.4 2 8 18] [--rounds 3]

Each figure is the lowest of the rounds, in processes of their own that take turns: other load on
the machine can only add to it. Linux, for the memory.
"""

from __future__ import annotations

import argparse
import ctypes
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from leanpix_engine import native
from leanpix_engine.metric.sampling import Rgb
from leanpix_engine.metric.ssimulacra2 import Reference

WAYS: Final = ("numpy", "native")
_MEGAPIXELS: Final = (0.4, 2.0, 8.0, 18.0)
_SCORES: Final = 3


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megapixels", type=float, nargs="+", default=_MEGAPIXELS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help="measure one, and print JSON")
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measure(arguments.way, arguments.megapixels[0])))
        return 0
    _show(arguments.megapixels, arguments.rounds)
    return 0


def measure(way: str, megapixels: float) -> dict[str, float]:
    """Prepare a reference and score against it in this process."""
    original = photo(megapixels)
    distorted = _as_jpeg(original)
    with patch.object(native, "available", return_value=way == "native"):
        before = _begin_peak()
        prepare, reference = _cpu_seconds(lambda: Reference(original))
        scores = [_cpu_seconds(lambda: reference.score(distorted)) for _ in range(_SCORES)]
    return {
        "prepare_ms_per_mp": 1000 * prepare / megapixels,
        "score_ms_per_mp": 1000 * min(seconds for seconds, _ in scores) / megapixels,
        "added_mb": _peak_megabytes() - before,
        "score": scores[0][1],
    }


def photo(megapixels: float) -> Rgb:
    """Draw soft light, hard edges and sensor noise at 4:3."""
    random = np.random.default_rng(3)
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(megapixels * 1e6 / height)
    coarse = random.integers(40, 216, (height // 24 + 1, width // 24 + 1, 3), np.uint8)
    resized = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    result = np.array(resized)
    for top in range(0, height, 64):  # strip by strip, so that the picture is not what is measured
        strip = result[top : top + 64]
        noise = random.normal(0, 3, strip.shape).astype(np.int16)
        np.clip(strip + noise, 0, 255, out=strip, casting="unsafe")
    return result


def _as_jpeg(rgb: Rgb) -> Rgb:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=75)
    return np.array(Image.open(buffer))


def _cpu_seconds(action: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = action()
    return time.process_time() - started, result


def _begin_peak() -> float:
    """Reset the highest resident memory and return the current one (proc(5))."""
    ctypes.CDLL(None).malloc_trim(0)  # what is free already would hide what is added
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak_megabytes()


def _peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return int(kilobytes) / 1024


def _show(sizes: Sequence[float], rounds: int) -> None:
    table = Table(title="SSIMULACRA2, CPU milliseconds per megapixel")
    for column in ("MP", "way", "prepare", "score", "times faster", "added MB", "score"):
        table.add_column(column, justify="right")
    for megapixels in sizes:
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                runs[way].append(_in_a_process(way, megapixels))
        lowest = {
            way: {key: min(run[key] for run in runs[way]) for key in runs[way][0]} for way in WAYS
        }
        for way, found in lowest.items():
            faster = lowest["numpy"]["score_ms_per_mp"] / found["score_ms_per_mp"]
            table.add_row(
                f"{megapixels:g}",
                way,
                f"{found['prepare_ms_per_mp']:.1f}",
                f"{found['score_ms_per_mp']:.1f}",
                f"{faster:.1f}",
                f"{found['added_mb']:.0f}",
                f"{found['score']:.3f}",
            )
    Console().print(table)


def _in_a_process(way: str, megapixels: float) -> dict[str, float]:
    command = (sys.executable, "-m", "benchmarks.metric", "--way", way)
    done = subprocess.run(
        [*command, "--megapixels", str(megapixels)], capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
