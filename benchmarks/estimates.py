"""Fit the curves by which `leanpix.domain.estimates` foretells an optimized size.

    python -m benchmarks.estimates [--corpus FOLDER] [--json FILE]

takes photos and drawings of scikit-image, and of a folder, stores each as clients would
send it (several formats and qualities), lets the engine optimize all of them at three qualities,
and fits one curve a format by least squares. The error it prints is of images that the fit has
not seen: each picture is predicted by a curve fitted to the others.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from leanpix_engine import Format, Options, Refused, optimize, probe
from leanpix_engine.formats.jpeg.header import mean_quantizer

QUALITIES: Final = (40, 70, 90)
LARGEST_SIDE: Final = 512
"""Pictures are made no larger, so that it ends within minutes."""
LEAST_SIDE: Final = 200
STORED: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("JPEG", {"quality": 75}),
    ("JPEG", {"quality": 88}),
    ("JPEG", {"quality": 96, "subsampling": 0}),
    ("PNG", {}),
    ("WEBP", {"quality": 80}),
    ("WEBP", {"quality": 95}),
    ("AVIF", {"quality": 85}),
    ("GIF", {}),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The outcome for one file at one quality."""

    picture: str
    format: str
    bits_per_pixel: float
    quality: int
    share: float
    """Of the file's bytes that were left."""
    quantizer: float
    """Of a JPEG; 1 for every other format."""


def main() -> int:
    """Measure the samples, fit the curves and print them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", type=Path, help="a folder of images besides our own")
    parser.add_argument("--json", type=Path, help="where to write the numbers as well")
    parser.add_argument("--formats", nargs="*", help="only these, such as JPEG")
    parser.add_argument("--most", type=int, default=16, help="how many pictures to take")
    arguments = parser.parse_args()
    pictures = _find_pictures(arguments.corpus)
    pictures = pictures[:: max(1, len(pictures) // arguments.most)]
    with ProcessPoolExecutor() as pool:
        samples = [
            sample
            for some in pool.map(partial(_measure, formats=arguments.formats), pictures)
            for sample in some
        ]
    report = {}
    for name, some in _by_format(samples).items():
        curve = _fit(some)
        report[name] = {
            "constant": round(float(curve[0]), 3),
            "per_log_bits": round(float(curve[1]), 3),
            "per_quality": round(float(curve[2]), 4),
            "per_log_quantizer": round(float(curve[3]), 3),
            "samples": len(some),
            "pictures": len({sample.picture for sample in some}),
            "mean_error_percent": round(_unseen_error(some) * 100, 1),
        }
        print(name, report[name])
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return 0


def _find_pictures(corpus: Path | None) -> list[Path]:
    import skimage  # noqa: PLC0415 - slow, and wanted for its folder alone

    folders = [Path(skimage.__file__).parent / "data", *([corpus] if corpus else [])]
    suffixes = {".jpg", ".png"}
    found = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return [path for path in found if path.suffix in suffixes]


def _measure(path: Path, *, formats: list[str] | None) -> list[Sample]:
    return [sample for data in _store(path, formats) for sample in _optimize(path.name, data)]


def _store(path: Path, formats: list[str] | None) -> Iterator[bytes]:
    try:
        picture = Image.open(path)
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return
    if min(picture.size) < LEAST_SIDE or max(picture.size) > LARGEST_SIDE * 10:
        return
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    plain = picture.convert("RGB")
    for name, options in STORED:
        if formats and name not in formats:
            continue
        buffer = io.BytesIO()
        plain.save(buffer, name, **options)
        yield buffer.getvalue()


def _optimize(picture: str, data: bytes) -> Iterator[Sample]:
    try:
        facts = probe(data)
        for quality in QUALITIES:
            output = optimize(data, Options(quality=quality)).output
            yield Sample(
                picture=picture,
                format=facts.format.value,
                bits_per_pixel=len(data) * 8 / (facts.width * facts.height * facts.frames),
                quality=quality,
                share=len(output.data) / len(data) if output else 1.0,
                quantizer=mean_quantizer(data) or 1.0 if facts.format is Format.JPEG else 1.0,
            )
    except Refused as refused:
        print(f"{picture}: {refused}", file=sys.stderr)


def _by_format(samples: list[Sample]) -> dict[str, list[Sample]]:
    found = defaultdict(list)
    for sample in samples:
        found[sample.format].append(sample)
    return found


def _features(samples: list[Sample]) -> Any:
    return np.array(
        [[1.0, np.log(one.bits_per_pixel), one.quality, np.log(one.quantizer)] for one in samples]
    )


def _fit(samples: list[Sample]) -> Any:
    shares = np.log([sample.share for sample in samples])
    return np.linalg.lstsq(_features(samples), shares, rcond=None)[0]


def _unseen_error(samples: list[Sample]) -> float:
    """Return the mean error, as a share of the true optimized size."""
    errors: list[float] = []
    for picture in sorted({sample.picture for sample in samples}):
        unseen = [sample for sample in samples if sample.picture == picture]
        curve = _fit([sample for sample in samples if sample.picture != picture])
        told = np.clip(np.exp(_features(unseen) @ curve), 0.05, 1.0)
        true = np.array([sample.share for sample in unseen])
        errors.extend(np.abs(told - true) / true)
    return float(np.mean(errors))


if __name__ == "__main__":
    sys.exit(main())
