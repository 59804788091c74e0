"""Print a digest of what the engine makes of each image of a folder, for comparing two commits.

    .venv/bin/python tools/fingerprints.py FOLDER > before.txt

Each image is optimized at every level, converted, resized and given an extra WebP, by the engine's
own command; two commits that print the same lines make the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REQUESTS = (
    ("--level", "lossless"),
    ("--level", "medium"),
    ("--level", "high"),
    ("--quality", "60"),
    ("--format", "webp"),
    ("--format", "avif"),
    ("--webp", "--max-width", "96"),
    ("--max-height", "80", "--keep-exif"),
    ("--cmyk-to-rgb",),
)
NOT_COMPARED = ("seconds",)
"""Members of the command's JSON that differ from run to run."""


def print_fingerprints(folder: Path) -> None:
    """Print one line for each image of a folder and each request."""
    images = sorted(path for path in folder.iterdir() if path.is_file())
    pairs = [(image, request) for image in images for request in REQUESTS]
    with ThreadPoolExecutor(2) as pool:
        for line in pool.map(lambda pair: fingerprint(*pair), pairs):
            print(line, flush=True)


def fingerprint(image: Path, request: tuple[str, ...]) -> str:
    """Return the digests of the files made, and what the command said."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out"
        done = subprocess.run(
            [sys.executable, "-m", "leanpix_engine", str(image), str(target), *request],
            capture_output=True,
            text=True,
            check=False,
        )
        made = [digest(path) for path in (target, Path(folder) / "out.webp") if path.exists()]
        said = done.stderr.strip()
        if done.returncode == 0:
            report = json.loads(done.stdout)
            said = " ".join(
                f"{name}={value}" for name, value in report.items() if name not in NOT_COMPARED
            )
    return " | ".join((image.name, " ".join(request), str(done.returncode), *made, said))


def digest(path: Path) -> str:
    """Return the first 16 hexadecimal digits of a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


if __name__ == "__main__":
    print_fingerprints(Path(sys.argv[1]))
