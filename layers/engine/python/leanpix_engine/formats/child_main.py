"""Run one operation in the child that `child.call` starts, from standard input to output."""

from __future__ import annotations

import importlib
import sys

from leanpix_engine.formats.child import STARTED


def _mozjpeg_lossless(source: bytes) -> bytes:
    """Rewrite a JPEG's entropy coding as progressive scans, and drop its metadata.

    mozjpeg reads what may be hostile; what it wrote is then written again by our own C.
    """
    from mozjpeg_lossless_optimization import (  # noqa: PLC0415 - each child loads one codec
        COPY_MARKERS,
        optimize,
    )

    from leanpix_engine.formats.jpeg import rewrite  # noqa: PLC0415 - the same

    return rewrite.smaller(bytes(optimize(source, copy=COPY_MARKERS.NONE)))


OPERATIONS = {"mozjpeg_lossless": _mozjpeg_lossless}
MODULES = {
    "mozjpeg_lossless": ("mozjpeg_lossless_optimization", "leanpix_engine.formats.jpeg.rewrite")
}


def _load(operation: str) -> None:
    """Import what an operation needs, so that a missing library fails early."""
    for name in MODULES[operation]:
        importlib.import_module(name)


def main(arguments: list[str]) -> int:
    """Run one operation from standard input to standard output."""
    operation, *rest = arguments
    _load(operation)
    sys.stderr.buffer.write(STARTED)
    sys.stderr.buffer.flush()
    sys.stdout.buffer.write(OPERATIONS[operation](sys.stdin.buffer.read(), *rest))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
