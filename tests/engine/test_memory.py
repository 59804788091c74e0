"""Test the peak memory of a large photo in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import photo, saved

MEGABYTES_AT_18_MEGAPIXELS = 400
SCRIPT = """
import re, sys
from leanpix_engine import optimize
result = optimize(open(sys.argv[1], "rb").read())
assert result.output
# Not ru_maxrss, which begins with what the process that started this one held.
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's own figures of a process")
def test_an_18_megapixel_jpeg_fits_a_small_function(tmp_path: Path) -> None:
    tile = photo(1200, 900)
    large = tile.resize((4896, 3672))
    (tmp_path / "large.jpg").write_bytes(saved(large, quality=92))
    measured = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "large.jpg")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(measured.stdout) <= MEGABYTES_AT_18_MEGAPIXELS
