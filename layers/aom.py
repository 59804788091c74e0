"""Take libaom, the AV1 encoder, out of the wheel `imagecodecs`, for each processor.

It becomes `leanpix_aom/libaom.so` beside the engine's own C: the one file that the engine calls
(`leanpix_engine/formats/avif/aom.py`), 8 MB of the wheel's 80. Its name in the wheel carries a
hash, so it is found by pattern; what is not the library that the calls are written for is refused.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from layers import uv
from layers.uv import BuildError

PACKAGE: Final = "leanpix_aom"
GROUP: Final = "aom"
LIBRARY: Final = "libaom.so"
_PATTERN: Final = "imagecodecs.libs/libaom-*.so.3.15.*"
_LICENCE: Final = "imagecodecs/licenses/LICENSE-aom"
_PYTHON: Final = "3.13"
"""The wheels want 3.12 or later; no Python ever runs what is taken from them."""
_MACHINES: Final = {"x86_64": 62, "aarch64": 183}
"""Numbers of processors in the header of an ELF file."""
_MACHINE_AT: Final = 18
_CALLED: Final = (
    b"aom_codec_av1_cx",
    b"aom_codec_control",
    b"aom_codec_destroy",
    b"aom_codec_enc_config_default",
    b"aom_codec_enc_init_ver",
    b"aom_codec_encode",
    b"aom_codec_get_cx_data",
    b"aom_codec_get_preview_frame",
    b"aom_codec_set_option",
    b"aom_codec_version_str",
)


def add_library(folder: Path, architecture: str) -> None:
    """Put the library of an architecture and its licence into `folder`.

    Raises:
        BuildError: the wheel holds none, several, or one that is not what is called.
    """
    wheel = folder / ".wheel"
    wheel.mkdir()
    uv.install(
        uv.export(GROUP),
        wheel,
        (
            *("--python", sys.executable),
            *("--python-version", _PYTHON),
            *("--python-platform", f"{architecture}-manylinux_2_28"),
        ),
    )
    found = sorted(wheel.glob(_PATTERN))
    if len(found) != 1:
        message = f"imagecodecs for {architecture} holds {len(found)} files like {_PATTERN}"
        raise BuildError(message)
    _check(found[0], architecture)
    package = folder / PACKAGE
    package.mkdir()
    shutil.copyfile(found[0], package / LIBRARY)
    shutil.copyfile(wheel / _LICENCE, package / "LICENSE")
    shutil.rmtree(wheel)


def _check(library: Path, architecture: str) -> None:
    data = library.read_bytes()
    machine = int.from_bytes(data[_MACHINE_AT : _MACHINE_AT + 2], "little")
    missing = [name.decode() for name in _CALLED if b"\0" + name + b"\0" not in data]
    if data[:4] != b"\x7fELF" or machine != _MACHINES[architecture] or missing:
        message = f"{library.name} is not the libaom that is called: {machine=}, {missing=}"
        raise BuildError(message)
