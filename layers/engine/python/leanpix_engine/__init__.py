"""Leanpix's image optimizer: bytes in, smaller bytes of the same visual quality out.

    from leanpix_engine import Level, Options, optimize
    result = optimize(source, Options(level=Level.MEDIUM))
    if result.output: ...

Importing this package loads no imaging library; the first `optimize` does. `probe` never does.
"""

from __future__ import annotations

import leanpix_engine.environment  # noqa: F401 - before any native library is loaded
from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.probe import probe
from leanpix_engine.limits import Limits
from leanpix_engine.model import (
    Crop,
    CropMethod,
    Level,
    Metadata,
    Options,
    Output,
    Probe,
    Result,
)

__version__ = "0.1.0"

__all__ = [
    "Crop",
    "CropMethod",
    "Format",
    "Level",
    "Limits",
    "Metadata",
    "Options",
    "Output",
    "Probe",
    "Reason",
    "Refused",
    "Result",
    "optimize",
    "probe",
]


def optimize(
    source: bytes, options: Options | None = None, limits: Limits | None = None
) -> Result:
    """Make `source` smaller; `Options` says how much may change.

    The output is verified by decoding it: right size, frames and alpha, and at least the visual
    quality asked for. It is never larger than the source (unless converted to another format):
    then `output` is None and `reason` says why.

    Raises:
        Refused: the image is damaged, unsupported or beyond `limits`.
    """
    from leanpix_engine.pipeline import run  # noqa: PLC0415 - loads the imaging libraries

    return run(source, options or Options(), limits or Limits())
