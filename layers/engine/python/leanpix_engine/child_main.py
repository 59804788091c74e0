"""The child's side of `child.call`: `python -m leanpix_engine.child_main OPERATION`, bytes in, bytes out."""

from __future__ import annotations

import sys


def _mozjpeg_lossless(source: bytes, keep: str) -> bytes:
    """Rewrites a JPEG's entropy coding (progressive scans, best tables); `keep` names the markers to copy."""
    from mozjpeg_lossless_optimization import COPY_MARKERS, optimize

    return bytes(optimize(source, copy=COPY_MARKERS[keep]))


OPERATIONS = {"mozjpeg_lossless": _mozjpeg_lossless}


def main(arguments: list[str]) -> int:
    """Runs one operation from standard input to standard output."""
    operation, *rest = arguments
    sys.stdout.buffer.write(OPERATIONS[operation](sys.stdin.buffer.read(), *rest))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
