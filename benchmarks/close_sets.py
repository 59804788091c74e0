"""Make the sets of pictures to look at closely: icons, thumbnails, skies, dark scenes, text.

Icons are those of Debian's package `tango-icon-theme` (public domain), where `apt-get download`
has it, or else drawn; the photos are scikit-image's.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks import drawings
from benchmarks.rivals_setup import BUILD

Named = tuple[str, bytes]
"""A name and a file."""

_ICON_PACKAGE: Final = "tango-icon-theme"
_ICONS: Final = 24
_ICON_SIDES: Final = ("16x16", "22x22", "32x32")
_PHOTOS: Final = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
_THUMBNAIL_SIDES: Final = (32, 64, 128)
_DRAWN_SIDES: Final = (16, 24, 32, 48, 64, 96)
_SECONDS: Final = 120


def icons() -> Iterator[Named]:
    """Yield icons as PNG: some of each size, spread over the names."""
    for number, path in enumerate(_tango()):
        yield f"{number:02d}-{path.parent.parent.name}-{path.stem}", path.read_bytes()
    if not _tango():
        for side in _DRAWN_SIDES:
            yield f"drawn-{side}", _png(drawings.icon(side))


def _tango() -> list[Path]:
    folder = BUILD / "close" / _ICON_PACKAGE
    if not folder.is_dir() and not _unpack(folder):
        return []
    found = []
    for side in _ICON_SIDES:
        names = sorted(path for path in folder.rglob("*.png") if side in path.parts)
        some = _ICONS // len(_ICON_SIDES)
        found += names[:: max(1, len(names) // some)][:some]
    return found


def _unpack(folder: Path) -> bool:
    """Return whether Debian's package could be had."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    download = ["apt-get", "download", _ICON_PACKAGE]
    try:
        subprocess.run(
            download, cwd=folder.parent, check=True, capture_output=True, timeout=_SECONDS
        )
        package = next(folder.parent.glob(f"{_ICON_PACKAGE}_*.deb"))
        unpack = ["dpkg-deb", "-x", str(package), str(folder)]
        subprocess.run(unpack, check=True, capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError, StopIteration):
        return False
    return True


def thumbnails() -> Iterator[Named]:
    """Yield small JPEGs of photos, as galleries make them."""
    for name in _PHOTOS:
        for side in _THUMBNAIL_SIDES:
            image = _photo(name)
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
            yield f"{Path(name).stem}-{side}", _jpeg(image)


def skies() -> Iterator[Named]:
    """Yield smooth gradients with the grain of a camera, and one without any."""
    for number, (top, low, grain) in enumerate(
        (
            ((40, 80, 150), (150, 180, 215), 0.8),
            ((90, 60, 80), (230, 160, 110), 0.8),
            ((10, 12, 30), (60, 50, 70), 0.6),
            ((200, 210, 225), (240, 240, 245), 0.0),
        )
    ):
        share = np.linspace(0, 1, 320)[:, None, None]
        noise = np.random.default_rng(number).normal(0, grain, (320, 480, 1))
        shade = np.array(top) * (1 - share) + np.array(low) * share + noise
        pixels = np.clip(np.rint(shade), 0, 255).astype(np.uint8)
        yield f"sky-{number}", _jpeg(Image.fromarray(pixels))


def dark_scenes() -> Iterator[Named]:
    """Yield photos as taken at night."""
    for name in _PHOTOS:
        image = _photo(name)
        image.thumbnail((480, 480), Image.Resampling.LANCZOS)
        yield Path(name).stem, _jpeg(image.point(lambda value: int(4 + 90 * (value / 255) ** 1.4)))


def small_text() -> Iterator[Named]:
    """Yield text of 9 to 14 pixels, dark on light and light on dark, in gray and in colour."""
    for number, (paper, ink) in enumerate(
        (("#ffffff", "#202020"), ("#1a1b1e", "#d8d8d8"), ("#fdf6e3", "#b0281e"))
    ):
        image = Image.new("RGB", (360, 140), paper)
        top = 8
        for size in (9, 10, 11, 12, 13, 14):
            font = ImageFont.load_default(size)
            text = "The quick brown fox jumps over the lazy dog 0123456789"
            ImageDraw.Draw(image).text((8, top), text, fill=ink, font=font)
            top += size + 8
        yield f"text-{number}", _png(image)


SETS: Final[dict[str, Callable[[], Iterator[Named]]]] = {
    "icons": icons,
    "thumbnails": thumbnails,
    "skies": skies,
    "dark": dark_scenes,
    "text": small_text,
}


def _photo(name: str) -> Image.Image:
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        message = "close sets: scikit-image is missing; run `make setup`"
        raise SystemExit(message)
    return Image.open(Path(spec.origin).parent / "data" / name).convert("RGB")


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()
