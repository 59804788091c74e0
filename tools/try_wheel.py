"""Try an installed wheel: one image of each format, and the bytes that Linux made of it.

python tools/try_wheel.py --make FOLDER    make the images and note what this machine makes
python tools/try_wheel.py FOLDER           compare; needs the installed engine alone
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from leanpix_engine import native, optimize

NOTES = "expected.json"
KINDS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg">  <rect width="9" height="9"/> </svg>\n'


def main() -> int:
    """Make the images, or try them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--make", action="store_true")
    arguments = parser.parse_args()
    if arguments.make:
        make(arguments.folder)
        notes = {path.name: digest_of(path) for path in images(arguments.folder)}
        (arguments.folder / NOTES).write_text(json.dumps(notes, indent=1), "utf-8")
        return 0
    return compare(arguments.folder)


def make(folder: Path) -> None:
    """Write a part of a photo in each format."""
    from PIL import Image  # noqa: PLC0415 - where the images are made
    from skimage.data import rocket  # noqa: PLC0415 - the same

    folder.mkdir(parents=True, exist_ok=True)
    part = Image.fromarray(rocket()[100:260, 100:300])  # type: ignore[no-untyped-call]  # skimage types none
    for ending, kind in KINDS.items():
        part.save(folder / f"photo.{ending}", kind)
    (folder / "drawing.svg").write_text(SVG, "utf-8")


def compare(folder: Path) -> int:
    """Return 1 where the C does not load or a format makes other bytes than on Linux."""
    expected = json.loads((folder / NOTES).read_text("utf-8"))
    if not native.available():
        print("the engine's C does not load")
        return 1
    wrong = 0
    for path in images(folder):
        same = digest_of(path) == expected[path.name]
        print(f"{path.name}: {'the same bytes' if same else 'other bytes'}")
        wrong += not same
    return int(wrong > 0)


def digest_of(path: Path) -> str:
    """Return the digest of what the engine makes of an image."""
    source = path.read_bytes()
    output = optimize(source).output
    return hashlib.sha256(output.data if output else source).hexdigest()


def images(folder: Path) -> list[Path]:
    """Return the images."""
    return sorted(path for path in folder.iterdir() if path.name != NOTES)


if __name__ == "__main__":
    sys.exit(main())
