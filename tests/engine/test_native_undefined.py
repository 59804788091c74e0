"""The engine's C does nothing that C leaves undefined: such a thing ends the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from layers import native as builder

TRAPS = ("-fsanitize=undefined", "-fsanitize-trap=undefined")

SCORE_ALL_KINDS_OF_IMAGES = """
import ctypes, sys
import numpy as np
from leanpix_engine import native, scales_native
from leanpix_engine.metric import Reference
library = ctypes.CDLL(sys.argv[1])
native._library = lambda: library
random = np.random.default_rng(0)
sizes = [(8, 8), (9, 13), (17, 400), (1600, 2100), *random.integers(8, 100, (40, 2))]
for height, width in sizes:
    image = random.integers(0, 256, (height, width, 3), np.uint8)
    reference = Reference(image)
    assert reference.score(image) == 100
    reference.score(255 - image)
    scales_native.quarter(image)
"""


@pytest.mark.skipif(
    not builder.variants("host") or not list(Path(builder.ROOT).glob("build/zig/*/ziglang/zig")),
    reason="no compiler here",
)
def test_the_metric_does_nothing_undefined(tmp_path: Path) -> None:
    library = tmp_path / "trapping.so"
    builder.compile_library(library, (*builder.variants("host")[0].arguments, *TRAPS))
    done = subprocess.run(
        [sys.executable, "-c", SCORE_ALL_KINDS_OF_IMAGES, library],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
