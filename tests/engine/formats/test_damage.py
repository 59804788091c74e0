"""Test that any bytes give a result that decodes or a refusal with a reason."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanpix_engine import Level, Options, Reason, Refused, optimize
from tests.engine.conftest import opened, photo, saved

SMALL = {
    "JPEG": saved(photo(48, 32), "JPEG"),
    "PNG": saved(photo(48, 32), "PNG"),
    "WEBP": saved(photo(48, 32), "WEBP"),
    "GIF": saved(photo(48, 32), "GIF"),
    "AVIF": saved(photo(48, 32), "AVIF", speed=9),
}
damage = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4)


@pytest.mark.parametrize("kind", list(SMALL))
@given(changes=damage, level=st.sampled_from(list(Level)))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_changed_bytes_never_break_the_engine(
    kind: str, changes: list[tuple[int, int]], level: Level
) -> None:
    data = bytearray(SMALL[kind])
    for at, value in changes:
        data[at % len(data)] = value
    try:
        output = optimize(bytes(data), Options(level=level)).output
    except Refused as refusal:
        if refusal.reason is Reason.ENGINE_FAILURE:
            raise
        return
    if output:
        assert len(output.data) < len(data)
        opened(output.data)


@pytest.mark.parametrize("kind", list(SMALL))
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_file_that_is_cut_off_is_refused_or_left_alone(kind: str, share: float) -> None:
    """A GIF may end early and still be whole to every viewer; no other format may."""
    data = SMALL[kind][: int(len(SMALL[kind]) * share)]
    try:
        output = optimize(data).output
    except Refused as refusal:
        assert refusal.reason in (Reason.CORRUPT_IMAGE, Reason.UNSUPPORTED_FEATURE)  # noqa: PT017 - one of two reasons is right
    else:
        assert kind == "GIF"
        assert output is None or len(output.data) < len(data)


def test_an_image_that_memory_does_not_suffice_for_is_told_so() -> None:
    """In a process of its own with little address space, which cannot be given back."""
    program = """
import resource, sys
from leanpix_engine import Options, Refused, optimize
from leanpix_engine.picture.vips import pyvips
source = (pyvips.Image.black(8000, 8000, bands=3) + 90).cast("uchar").pngsave_buffer()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000,) * 2)
try:
    optimize(source, Options())
except Refused as refusal:
    print(refusal.reason.value)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == Reason.TOO_LARGE.value, done.stderr[-2000:]
