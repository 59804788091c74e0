"""Measure what is left of a picture after it was made small more than once.

    python -m benchmarks.again

It writes benchmarks/AGAIN.md: five times in a row, chains of formats, what other tools made lean,
photos as cameras save them, and how many of our own files are found by their headers in a second.
Scores are the benchmarks' own (`judge.py`), against the picture that everything began with.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from PIL import Image

from benchmarks import judge
from leanpix_engine import Format, Options, optimize
from leanpix_engine.picture.vips import pyvips

_PAGE: Final = Path(__file__).resolve().parent / "AGAIN.md"
_PHOTOS: Final = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
_SIDE: Final = 320
_TIMES: Final = 5
_KEPT_BELOW, _LEAST_KEPT = 3.0, 74.0
"""What a lean source may lose, and what it need not keep."""
_READS: Final = 400
_INTRODUCTION: Final = f"""# Made small again

Made by `python -m benchmarks.again` from {len(_PHOTOS)} photos of scikit-image, {_SIDE} pixels a
side. Scores are SSIMULACRA2 against the first picture: of the median photo, and of the worst.
"""

Encode = Callable[[Image.Image], bytes]


def _pillow(kind: str, **options: object) -> Encode:
    def encode(image: Image.Image) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return encode


def _vips(method: str, **options: object) -> Encode:
    def encode(image: Image.Image) -> bytes:
        save = getattr(pyvips.Image.new_from_array(np.asarray(image)), method)
        return bytes(save(**options))

    return encode


_mozjpeg = _vips("jpegsave_buffer", Q=75, trellis_quant=True, quant_table=3, interlace=True)
_SOURCES: Final[dict[str, Encode]] = {
    "jpg": _pillow("JPEG", quality=95),
    "png": _pillow("PNG"),
    "gif": _pillow("GIF"),
    "webp": _pillow("WEBP", lossless=True),
    "avif": _pillow("AVIF", quality=92, subsampling="4:4:4"),
}
_LEAN: Final[dict[str, Encode]] = {
    "mozjpeg, quality 75": _mozjpeg,
    "libjpeg, quality 82": _pillow("JPEG", quality=82),
    "libwebp, quality 80": _vips("webpsave_buffer", Q=80, effort=4),
    "libaom, quality 50": _vips("heifsave_buffer", Q=50, compression="av1", effort=4),
    "palette (libimagequant)": _vips("pngsave_buffer", palette=True, Q=90),
}
_CAMERA: Final[dict[str, Encode]] = {
    f"libjpeg, quality {quality}": _pillow("JPEG", quality=quality) for quality in (85, 90, 92, 95)
}
_CHAINS: Final = (("jpg", "webp", "webp"), ("png", "png", "png"), ("jpg", "webp", "avif"))


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture and the judge of what is made of it."""

    image: Image.Image
    original: judge.Original

    def score(self, data: bytes) -> float:
        """Return the score of a file against the picture."""
        return self.original.score(data)


def main() -> None:
    """Measure all and write the page."""
    photos = list(_photos())
    lines = [_INTRODUCTION, *_five_times(photos), *_chains(photos), *_lean(photos)]
    lines += [*_camera(photos), *_headers(photos)]
    _PAGE.write_text("\n".join(lines), "utf-8")


def _photos() -> Iterator[Photo]:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        message = "again: scikit-image is missing; run `make setup`"
        raise SystemExit(message)
    for name in _PHOTOS:
        image = Image.open(Path(spec.origin).parent / "data" / name).convert("RGB")
        left, top = ((side - _SIDE) // 2 for side in image.size)
        part = image.crop((max(0, left), max(0, top), max(0, left) + _SIDE, max(0, top) + _SIDE))
        part = part.crop((0, 0, min(_SIDE, image.width), min(_SIDE, image.height)))
        yield Photo(part, judge.Original(_pillow("PNG")(part)))


def _made(source: bytes, options: Options) -> bytes:
    output = optimize(source, options).output
    return source if output is None else output.data


def _five_times(photos: Sequence[Photo]) -> Iterator[str]:
    yield f"## {_TIMES} times `medium`\n"
    yield "| format | source | first | last | last, mark stripped | bytes, last/first |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, encode in _SOURCES.items():
        rows: list[list[float]] = []
        for photo in photos:
            source = encode(photo.image)
            first = last = _made(source, Options())
            bare = _made(source, Options(mark=False))
            for _ in range(_TIMES - 1):
                last, bare = _made(last, Options()), _made(bare, Options(mark=False))
            scores = [photo.score(data) for data in (source, first, last, bare)]
            rows.append([*scores, len(last) / len(first)])
        cells = [_median_and_worst([row[column] for row in rows]) for column in range(4)]
        yield _row(name, *cells, f"{median(row[4] for row in rows):.3f}")


def _chains(photos: Sequence[Photo]) -> Iterator[str]:
    yield "\n## Chains\n"
    yield "| chain | first | last | most lost | last, mark stripped | most lost |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for first, *others in _CHAINS:
        cells = []
        firsts: list[float] = []
        for mark in (True, False):
            lasts: list[float] = []
            for photo in photos:
                data = _made(_SOURCES[first](photo.image), Options(mark=mark))
                if mark:
                    firsts.append(photo.score(data))
                for way in others:
                    data = _converted(data, way, mark=mark)
                lasts.append(photo.score(data))
            lost = max(before - after for before, after in zip(firsts, lasts, strict=True))
            cells += [_median_and_worst(lasts), f"{lost:.1f}"]
        yield _row(" → ".join((first, *others)), _median_and_worst(firsts), *cells)


def _converted(data: bytes, way: str, *, mark: bool) -> bytes:
    kept = optimize(data, Options(mark=mark)).original_format.value == way
    return _made(data, Options(mark=mark, target_format=None if kept else Format(way)))


def _lean(photos: Sequence[Photo]) -> Iterator[str]:
    yield "\n## Lean sources\n"
    yield f"To keep: the score before less {_KEPT_BELOW:g}, or {_LEAST_KEPT:g}.\n"
    yield "| source | before | after `medium` | least above the bound | bytes/source |"
    yield "| --- | --- | --- | --- | --- |"
    for name, encode in _LEAN.items():
        yield _against_source(name, encode, photos, None)


def _camera(photos: Sequence[Photo]) -> Iterator[str]:
    yield "\n## Photos as they are saved\n"
    yield "| source, to | before | after `medium` | least above the bound | bytes/source |"
    yield "| --- | --- | --- | --- | --- |"
    for name, encode in _CAMERA.items():
        for target in (None, Format.WEBP, Format.AVIF):
            title = f"{name}, {target.value if target else 'jpg'}"
            yield _against_source(title, encode, photos, target)


def _against_source(
    name: str, encode: Encode, photos: Sequence[Photo], target: Format | None
) -> str:
    before, after, shares = [], [], []
    for photo in photos:
        source = encode(photo.image)
        made = _made(source, Options(target_format=target))
        before.append(photo.score(source))
        after.append(photo.score(made))
        shares.append(len(made) / len(source))
    left = min(
        last - min(first - _KEPT_BELOW, _LEAST_KEPT)
        for first, last in zip(before, after, strict=True)
    )
    cells = (_median_and_worst(before), _median_and_worst(after), f"{left:+.1f}")
    return _row(name, *cells, f"{median(shares):.3f}")


def _headers(photos: Sequence[Photo]) -> Iterator[str]:
    yield "\n## Read by the headers alone\n"
    yield "Our own outputs, sent once more, in one process on one core.\n"
    yield "| format | files a second |"
    yield "| --- | --- |"
    for name, encode in _SOURCES.items():
        made = _made(encode(photos[1].image), Options(assume_pristine=True))
        started = time.process_time()
        reasons = {optimize(made, Options()).reason for _ in range(_READS)}
        seconds = time.process_time() - started
        told = reasons == {"already_optimized"}
        yield _row(name, f"{_READS / seconds:.0f}" if told else f"not told: {reasons}")


def _median_and_worst(scores: Sequence[float]) -> str:
    return f"{median(scores):.1f}, {min(scores):.1f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
