"""Optimize a folder of images with whatever engine is on the path: a JSON line for each result.

    python arm64_probe.py FOLDER

`tools/arm64.py` runs it with the layers of this machine and with those of Lambda, and compares.
Standard library and engine alone.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from leanpix_engine import Format, Level, Limits, Options, Refused, optimize

# Time-outs that emulation does not reach: a search that ends early would choose another file.
LIMITS = Limits(
    max_seconds=3_600.0,
    max_child_seconds=900.0,
    # An emulator needs an address space of its own.
    max_memory_bytes=1 << 40,
    max_process_bytes=1 << 40,
)
LEVELS = {level.value: Options(level=level, min_saving=0.0) for level in Level}
EXTRAS = {
    "to webp": Options(target_format=Format.WEBP),
    "to avif": Options(target_format=Format.AVIF),
    "and webp": Options(also=(Format.WEBP,)),
    "resized": Options(max_width=48),
}
EXTRAS_OF = ("photo.png",)
"""The images that are converted and resized too: the codecs are the same for all."""


def main() -> None:
    """Optimize every image of a folder in every way."""
    for path in sorted(Path(sys.argv[1]).iterdir()):
        ways = LEVELS | (EXTRAS if path.name in EXTRAS_OF else {})
        for name, options in ways.items():
            print(json.dumps({"image": path.name, "way": name, **describe(path, options)}))
            sys.stdout.flush()


def describe(path: Path, options: Options) -> dict[str, Any]:
    """Return the digest, size and score of what is made of an image, or why nothing is."""
    try:
        result = optimize(path.read_bytes(), options, LIMITS)
    except Refused as refusal:
        return {"refused": refusal.reason.value}
    made: dict[str, Any] = {}
    for kind, output in (("main", result.output), *(("webp", one) for one in result.also)):
        if output is not None:
            made[kind] = {
                "sha256": hashlib.sha256(output.data).hexdigest()[:16],
                "bytes": len(output.data),
                "score": None if output.score is None else round(output.score, 2),
            }
    return {"reason": result.reason, **made}


if __name__ == "__main__":
    main()
