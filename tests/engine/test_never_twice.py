"""An image that is sent again is not made worse again."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from leanpix_engine import Format, Level, Options, optimize
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.model import ALL_METADATA
from leanpix_engine.picture.vips import pyvips
from tests.engine.conftest import opened, photo, saved

PHOTO = Path(skimage.__file__).parent / "data" / "chelsea.png"
TIMES = 5
FILES = 200
BARE = Options(mark=False)


def _original() -> Image.Image:
    return Image.open(PHOTO).convert("RGB").crop((0, 0, 384, 256))


def _score(data: bytes) -> float:
    shown = np.ascontiguousarray(np.asarray(opened(data).convert("RGB")))
    return Reference(np.ascontiguousarray(np.asarray(_original()))).score(shown)


def _made(source: bytes, options: Options) -> bytes:
    output = optimize(source, options).output
    return source if output is None else output.data


def _source(kind: str) -> bytes:
    if kind == "WEBP":
        return saved(_original(), "WEBP", lossless=True)
    if kind == "GIF":
        return saved(_original(), "GIF")
    return saved(_original(), kind, quality=95)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
@pytest.mark.parametrize(("options", "most_lost"), [(Options(), 2), (BARE, 4)])
def test_five_times_medium_is_as_good_as_once(
    kind: str, options: Options, most_lost: float
) -> None:
    data = once = _made(_source(kind), options)
    for _ in range(TIMES - 1):
        data = _made(data, options)
    assert _score(data) > _score(once) - most_lost


def test_a_jpeg_that_became_a_webp_is_not_made_worse_as_a_webp() -> None:
    once = _made(_source("JPEG"), replace(BARE, target_format=Format.WEBP))
    assert _score(_made(once, BARE)) > _score(once) - 4


def _lean(kind: str) -> bytes:
    image = pyvips.Image.new_from_array(np.asarray(_original()))
    match kind:
        case "libjpeg":
            return saved(_original(), "JPEG", quality=82)
        case "mozjpeg":
            return bytes(image.jpegsave_buffer(Q=75, trellis_quant=True, quant_table=3))
        case "webp":
            return bytes(image.webpsave_buffer(Q=80))
        case "avif":
            return bytes(image.heifsave_buffer(Q=50, compression="av1", effort=2))
    return bytes(image.pngsave_buffer(palette=True, Q=90))


@pytest.mark.parametrize("kind", ["libjpeg", "mozjpeg", "webp", "avif", "palette"])
def test_what_another_tool_made_lean_keeps_its_look(kind: str) -> None:
    before = _score(_lean(kind))
    assert _score(_made(_lean(kind), Options())) >= min(before - 3, 74)


def test_its_own_output_is_told_without_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    once = _made(_source("JPEG"), Options())
    monkeypatch.setattr("leanpix_engine.pipeline.decode", None)
    for options in (Options(), Options(level=Level.LOSSLESS), Options(quality=90)):
        result = optimize(once, options)
        assert (result.output, result.reason) == (None, "already_optimized")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_second_run_over_a_folder_reads_at_least_500_files_a_second(
    kind: str, tmp_path: Path
) -> None:
    once = _made(_source(kind), Options())
    for number in range(FILES):
        (tmp_path / f"{number}").write_bytes(once)
    started = time.process_time()
    reasons = {optimize(path.read_bytes(), Options()).reason for path in tmp_path.iterdir()}
    seconds = time.process_time() - started
    assert reasons == {"already_optimized"}
    assert FILES / seconds >= 500


def test_a_sharper_level_goes_on_with_what_is_left() -> None:
    medium = optimize(
        _source("PNG"), Options(level=Level.MEDIUM, target_format=Format.WEBP)
    ).output
    assert medium is not None
    high = optimize(medium.data, Options(level=Level.HIGH)).output
    assert high is None or _score(high.data) > 62


def test_a_mark_does_not_hide_metadata_that_has_to_go() -> None:
    exif = Image.Exif()
    exif[0x010E] = "private"
    source = saved(photo(), quality=98, exif=exif)
    kept = _made(source, Options(keep=ALL_METADATA))
    assert b"private" in kept
    again = _made(kept, Options(min_saving=0))
    assert b"private" not in again
