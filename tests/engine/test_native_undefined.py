"""Test that the engine's C does nothing that the language leaves undefined."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from layers import native as builder
from layers.uv import ROOT

TRAPS = ("-fsanitize=undefined", "-fsanitize-trap=undefined")

LOAD_IT = """
import ctypes, sys
import numpy as np
from leanpix_engine import native
library = ctypes.CDLL(sys.argv[1])
native._library = lambda: library
random = np.random.default_rng(0)
"""

SCORE_ALL_KINDS_OF_IMAGES = """
from leanpix_engine.metric import scales_native
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.metric.worst import worst
sizes = [(8, 8), (9, 13), (17, 400), (1600, 2100), *random.integers(8, 100, (40, 2))]
for height, width in sizes:
    image = random.integers(0, 256, (height, width, 3), np.uint8)
    reference = Reference(image)
    assert reference.score(image) == 100
    reference.score(255 - image)
    scales_native.quarter(image)
    assert worst(image, image) == 0 < worst(image, 255 - image)
"""

ENCODE_ALL_KINDS_OF_IMAGES = """
from leanpix_engine.formats.jpeg.encoder import Encoder
def encode(image, qualities=(1, 30, 80, 100)):
    for halved in (True, False):
        encoder = Encoder(image, halved=halved)
        for quality in qualities:
            encoder.preview(quality)
            encoder.encode(quality)
for height, width in [(1, 1), (8, 8), (16, 17), (7, 300), *random.integers(1, 90, (20, 2))]:
    for channels in (1, 3):
        encode(random.integers(0, 256, (height, width, channels), np.uint8))
        encode(random.choice(np.array([0, 255], np.uint8), (height, width, channels)))
        encode(random.integers(120, 124, (height, width, channels), np.uint8))
encode(np.zeros((2048, 1280, 1), np.uint8), (80,))
"""

READ_DAMAGED_FILES = """
from dataclasses import replace
from leanpix_engine.formats.jpeg import rewrite as jpeg_rewrite
from leanpix_engine.formats.jpeg.encoder import Encoder
from leanpix_engine.formats.jpeg.scans import parsed
def damaged(scan):
    data = bytearray(scan.data)
    for at in random.integers(0, len(data), random.integers(0, 4)):
        data[at] = random.integers(0, 256)
    missing = random.integers(0, 2) * random.integers(0, len(data))
    return replace(scan, data=bytes(data[: len(data) - missing]))
for height, width, channels in random.integers(1, (60, 60, 3), (40, 3)):
    image = random.integers(0, 256, (height, width, 2 * channels - 1), np.uint8)
    file = parsed(Encoder(image, halved=bool(height % 2)).encode(20 + width))
    jpeg_rewrite._written(file.frame, jpeg_rewrite.coefficients(file), 100_000)
    whole = file.scans
    for _ in range(50):
        file.scans = [damaged(scan) for scan in whole]
        try:
            jpeg_rewrite.coefficients(file)
        except native.Broken:
            pass
"""

ENCODE_WEBP_OF_ALL_KINDS_OF_IMAGES = """
from dataclasses import replace
from leanpix_engine.formats.webp.design import DESIGN
from leanpix_engine.formats.webp.encoder import Encoder
filtered = replace(DESIGN, filter_level=40, filter_from=-100, filter_sharpness=3)
designs = (DESIGN, replace(filtered, luma_correction=1.0))
def encode(image):
    for design in designs:
        encoder = Encoder(image, design)
        for quality in (0, 30, 80, 100):
            encoder.preview(quality)
            encoder.encode(quality)
for height, width in [(1, 1), (16, 16), (17, 16), (7, 300), *random.integers(1, 90, (16, 2))]:
    encode(random.integers(0, 256, (height, width, 3), np.uint8))
    encode(random.choice(np.array([0, 255], np.uint8), (height, width, 3)))
    encode(random.integers(120, 124, (height, width, 3), np.uint8))
"""


@pytest.mark.skipif(
    not builder.variants("host") or not list(ROOT.glob("build/zig/*/ziglang/zig")),
    reason="no compiler here",
)
@pytest.mark.parametrize(
    "work",
    [
        SCORE_ALL_KINDS_OF_IMAGES,
        ENCODE_ALL_KINDS_OF_IMAGES,
        READ_DAMAGED_FILES,
        ENCODE_WEBP_OF_ALL_KINDS_OF_IMAGES,
    ],
    ids=["the metric", "the JPEG encoder", "the reader of JPEG scans", "the WebP encoder"],
)
def test_nothing_undefined_is_done_by(work: str, tmp_path: Path) -> None:
    library = tmp_path / "trapping.so"
    builder.compile_library(library, (*builder.variants("host")[0].arguments, *TRAPS))
    done = subprocess.run(
        [sys.executable, "-c", LOAD_IT + work, library],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no compiler with an address sanitizer")
def test_the_webp_encoder_stays_within_its_memory(tmp_path: Path) -> None:
    library = tmp_path / "guarded.so"
    sanitizers = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    flags = ("-std=c11", "-O1", "-g", "-shared", "-fPIC", "-ffp-contract=off", *sanitizers)
    home = ROOT / "layers" / "engine" / "native"
    sources = sorted(home.rglob("*.c"))
    subprocess.run(["gcc", *flags, f"-I{home}", "-o", library, *sources, "-lm"], check=True)
    runtimes = [
        subprocess.run(
            ["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    done = subprocess.run(
        [sys.executable, "-c", LOAD_IT + ENCODE_WEBP_OF_ALL_KINDS_OF_IMAGES, library],
        env={**os.environ, "LD_PRELOAD": ":".join(runtimes), "ASAN_OPTIONS": "detect_leaks=0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
