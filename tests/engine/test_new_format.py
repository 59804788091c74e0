"""A new format is one package and one row: a toy one is added to a copy of the engine and used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import leanpix_engine
from tests.engine.conftest import opened, photo

PIXELS = photo(64, 48).tobytes()
SMALL = b"P6 64 48 255\n" + PIXELS
LARGE = b"P6\n#" + 4_000 * b"a comment " + b"\n64 48 255\n" + PIXELS

ROW = '    PPM = Traits(extension="ppm", title="PPM", content_type="image/x-portable-pixmap")\n'
HEADER = '''
"""Read the header of a PPM file (netpbm, ppm(5)): P6, 8 bits."""

import re

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe

START = re.compile(rb"P6\\s+(?:#[^\\n]*\\n\\s*)*(\\d+)\\s+(\\d+)\\s+255\\s")


MARK = None


def without_metadata(source: bytes, kept: object = None) -> bytes:
    return source


def matches(source: bytes) -> bool:
    return source.startswith(b"P6")


def read(source: bytes, limits: Limits) -> Probe:
    found = START.match(source)
    if found is None:
        raise Refused(Reason.CORRUPT_IMAGE)
    return Probe(format=Format.PPM, width=int(found[1]), height=int(found[2]), lossless=True)
'''
CODEC = '''
"""Decode PPM files, and write them without comments."""

import numpy as np

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats.ppm import header
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Candidate


def decode(source, limits, shrink=1):
    facts = header.read(source, limits)
    pixels = np.frombuffer(source[header.START.match(source).end() :], np.uint8)
    if pixels.size != facts.width * facts.height * 3:
        raise Refused(Reason.CORRUPT_IMAGE)
    return Picture(frames=pixels.reshape(1, facts.height, facts.width, 3), mode=Mode.RGB)


shown = decode


def lossless(task):
    start = f"P6 {task.picture.width} {task.picture.height} 255\\n".encode()
    yield Candidate(data=start + task.picture.pixels.tobytes(), how="no comments")


def ladders(task, goal):
    return iter(())


def source_score(source, picture):
    return 100.0
'''


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the engine's sources with one package and one row more."""
    folder = tmp_path_factory.mktemp("sources")
    engine = folder / "leanpix_engine"
    shutil.copytree(Path(leanpix_engine.__file__).parent, engine)
    package = engine / "formats" / "ppm"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "header.py").write_text(HEADER)
    (package / "codec.py").write_text(CODEC)
    table = engine / "format.py"
    before, last_row, after = table.read_text().partition("    SVG = ")
    assert last_row
    table.write_text(before + ROW + last_row + after)
    return folder


def run(sources: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(sources)},
        capture_output=True,
        text=True,
        check=False,
    )


def optimized(sources: Path, source: bytes, target: Path, *options: str) -> dict[str, Any]:
    """Return the line of JSON that the command prints for a file."""
    original = target.with_name("source")
    original.write_bytes(source)
    done = run(sources, "-m", "leanpix_engine", original, target, *options)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_it_is_told_by_its_content_and_probed(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(SMALL)
    script = (
        "import sys; from pathlib import Path; from leanpix_engine import probe\n"
        "facts = probe(Path(sys.argv[1]).read_bytes())\n"
        "print(facts.format.value, facts.format.content_type, facts.width, facts.height)"
    )
    done = run(sources, "-c", script, tmp_path / "image")
    assert done.stdout.split() == ["ppm", "image/x-portable-pixmap", "64", "48"]


def test_it_goes_through_the_pipeline_to_a_result(sources: Path, tmp_path: Path) -> None:
    report = optimized(sources, LARGE, tmp_path / "out")
    assert (report["format"], report["type"]) == ("ppm", "image/x-portable-pixmap")
    assert (report["width"], report["height"], report["frames"]) == (64, 48, 1)
    assert (tmp_path / "out").read_bytes() == SMALL


def test_what_is_small_already_has_no_savings(sources: Path, tmp_path: Path) -> None:
    assert optimized(sources, SMALL, tmp_path / "out")["reason"] == "no_savings"


def test_it_is_resized(sources: Path, tmp_path: Path) -> None:
    report = optimized(sources, SMALL, tmp_path / "out", "--max-width", "32")
    assert (report["format"], report["width"], report["height"]) == ("ppm", 32, 24)
    assert (tmp_path / "out").read_bytes().startswith(b"P6 32 24 255\n")


def test_it_is_converted(sources: Path, tmp_path: Path) -> None:
    report = optimized(sources, SMALL, tmp_path / "out", "--format", "webp")
    assert report["format"] == "webp"
    assert opened((tmp_path / "out").read_bytes()).size == (64, 48)


def test_it_goes_through_the_sandbox(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(LARGE)
    script = (
        "import sys; from pathlib import Path\n"
        "from leanpix_engine.sandbox.client import SandboxedOptimizer\n"
        "result = SandboxedOptimizer().optimize(Path(sys.argv[1]).read_bytes())\n"
        "print(result.original_format, result.output.format, len(result.output.data))"
    )
    done = run(sources, "-c", script, tmp_path / "image")
    assert done.stdout.split() == ["ppm", "ppm", str(len(SMALL))], done.stderr


def test_a_damaged_one_is_refused(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(SMALL[:-1])
    done = run(sources, "-m", "leanpix_engine", tmp_path / "image", tmp_path / "out")
    assert (done.returncode, done.stderr.partition(":")[0]) == (2, "corrupt_image")


def test_the_text_for_other_files_names_it(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"no image")
    done = run(sources, "-m", "leanpix_engine", tmp_path / "image", tmp_path / "out")
    assert "PPM" in done.stderr
