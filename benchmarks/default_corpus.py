"""Make the default folder from scikit-image's pictures and drawn ones.

Its photos come as PNG, so that JPEGs are made of them as cameras and editors store them; how is
in `_PHOTOS`. Written to `build/bench/corpus`.
"""

from __future__ import annotations

import io
import shutil
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageCms

from benchmarks import drawings
from benchmarks.rivals_setup import BUILD

FOLDER: Final = BUILD / "corpus"
_MARK: Final = ".complete"
_PHOTOS: Final[dict[str, dict[str, Any]]] = {
    "astronaut.png": {"quality": 92},
    "chelsea.png": {"quality": 95, "subsampling": 0},
    "coffee.png": {"quality": 94, "subsampling": 1},
    "motorcycle_left.png": {"quality": 92},
    "ihc.png": {"quality": 95},
    "gravel.png": {"quality": 92},
}
_AS_THEY_ARE: Final = ("rocket.jpg", "hubble_deep_field.jpg", "retina.jpg")
_GRAPHICS: Final = ("logo.png", "horse.png", "color.png", "text.png", "page.png", "phantom.png")
LARGE: Final = {9: (3600, 2400), 18: (4896, 3672), 24: (6000, 4000)}
"""Megapixels and sides of large photos; memory is measured with 18 and 24."""


def make() -> Path:
    """Return the folder, and write it where it is missing or stale."""
    mark, state = FOLDER / _MARK, _state()
    if mark.exists() and mark.read_text("utf-8") == state:
        return FOLDER
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        message = "bench: scikit-image is missing; run `make setup`, or name a CORPUS"
        raise SystemExit(message)
    source = Path(spec.origin).parent / "data"
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name in ("photos", "bigphotos", "graphics", "anim", "odd"):
        (FOLDER / name).mkdir(parents=True)
    _write_photos(source)
    _write_graphics(source)
    _write_animations(source)
    _write_odd(source)
    mark.write_text(state, "utf-8")
    return FOLDER


def _state() -> str:
    """Return a hash of all that decides over the folder's content."""
    paths = (Path(__file__), Path(drawings.__file__))
    return sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def large_photo(photo: Path, megapixels: int) -> Path:
    """Write a JPEG of that size: an enlarged photo with a camera's noise, at quality 92."""
    path = BUILD / f"large-{megapixels}mp.jpg"
    image = Image.open(photo).convert("RGB").resize(LARGE[megapixels], Image.Resampling.BICUBIC)
    noise = np.random.default_rng(megapixels).normal(0, 3, (*image.size[::-1], 1))
    noisy = np.clip(np.asarray(image) + noise.astype(np.float32), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(path, quality=92)
    return path


def _write_photos(source: Path) -> None:
    for name, settings in _PHOTOS.items():
        if (source / name).exists():
            picture = Image.open(source / name)
            picture.save(FOLDER / "photos" / f"{Path(name).stem}.jpg", **settings)
    for name in _AS_THEY_ARE:
        shutil.copyfile(source / name, FOLDER / "photos" / name)
    shutil.move(
        large_photo(source / "coffee.png", 9), FOLDER / "bigphotos" / "coffee-enlarged.jpg"
    )


def _write_graphics(source: Path) -> None:
    folder = FOLDER / "graphics"
    for name in _GRAPHICS:
        shutil.copyfile(source / name, folder / name)
    drawings.screenshot(1440, 900, dark=False).save(folder / "screenshot-light.png")
    drawings.screenshot(1440, 900, dark=True).save(folder / "screenshot-dark.png")
    drawings.chart(800, 500).save(folder / "chart.png")
    drawings.icon(256).save(folder / "icon.png")


def _write_animations(source: Path) -> None:
    folder = FOLDER / "anim"
    photo = Image.open(source / "coffee.png").convert("RGB")
    for name, frames, delay in (
        ("spinner", drawings.spinner(120, 24), 40),
        ("terminal", drawings.terminal(420, 300, 16), 120),
        ("pan", drawings.pan(photo, 240, 20), 80),
    ):
        frames[0].save(
            folder / f"{name}.gif", save_all=True, append_images=frames[1:], duration=delay, loop=0
        )
    frames[0].save(
        folder / "pan.webp", save_all=True, append_images=frames[1:], duration=80, quality=90
    )
    dots = drawings.spinner(120, 24)
    dots[0].save(folder / "spinner.png", save_all=True, append_images=dots[1:], duration=40)


def _write_odd(source: Path) -> None:
    folder = FOLDER / "odd"
    photo = Image.open(source / "chelsea.png").convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation, EXIF 2.32
    photo.save(folder / "orientation-6.jpg", quality=92, exif=exif)
    photo.convert("L").save(folder / "gray.jpg", quality=92)
    photo.convert("CMYK").save(folder / "cmyk.jpg", quality=92)
    photo.save(folder / "progressive.jpg", quality=90, progressive=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    photo.save(folder / "profile.jpg", quality=92, icc_profile=profile.tobytes())
    deep = np.linspace(0, 65535, 256 * 200).reshape(200, 256).astype(np.uint16)
    Image.fromarray(deep).save(folder / "gray-16-bit.png")
    photo.convert("1").save(folder / "one-bit.png")
    photo.quantize(200).save(folder / "palette.png")
    photo.convert("LA").save(folder / "gray-alpha.png")
    photo.crop((0, 0, 2, 2)).save(folder / "2x2.png")
    drawings.icon(128).save(folder / "alpha.webp", lossless=True)
    drawings.icon(128).save(folder / "alpha.avif", quality=80)
    photo.save(folder / "photo.avif", quality=80)
    cut = io.BytesIO()
    photo.save(cut, "JPEG")
    (folder / "cut-off.jpg").write_bytes(cut.getvalue()[:9000])
    (folder / "drawing.svg").write_text(_SVG, "utf-8")


_SVG: Final = """<?xml version="1.0" encoding="UTF-8"?>
<!-- drawn by an editor that leaves its traces -->
<svg xmlns="http://www.w3.org/2000/svg" width="200" height="120" viewBox="0 0 200 120">
  <metadata>none</metadata>
  <g id="layer1" style="fill:#2563eb;fill-opacity:1.0000000">
    <rect x="10.000000" y="10.000000" width="80.000000" height="100.000000" />
    <circle cx="150.000000" cy="60.000000" r="40.000000" style="fill:#dc2626" />
  </g>
</svg>
"""
