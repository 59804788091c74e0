"""Fill a layer's folder where its digest has changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from layers.uv import ROOT


def build_once(layer: str, flavour: str, digest: str, fill: Callable[[Path], None]) -> None:
    """Fill `build/layers/<flavour>/<layer>/python` where its digest has changed.

    It is filled elsewhere and moved when it is whole; the digest beside it is written last.
    """
    home = ROOT / "build" / "layers" / flavour
    stamp = home / f"{layer}.digest"
    if stamp.is_file() and stamp.read_text(encoding="ascii").strip() == digest:
        return
    stamp.unlink(missing_ok=True)
    print(f"  layer {layer} for {flavour}", flush=True)
    fresh = home / f".{layer}.fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "python").mkdir(parents=True)
    fill(fresh / "python")
    shutil.rmtree(home / layer, ignore_errors=True)
    fresh.rename(home / layer)
    stamp.write_text(digest + "\n", encoding="ascii")
