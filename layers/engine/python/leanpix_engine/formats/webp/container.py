"""Write the container of WebP: RIFF chunks around a lossy frame (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from leanpix_engine.picture.picture import Picture
from leanpix_engine.picture.vips import pyvips

_HAS_ICC, _HAS_ALPHA, _HAS_EXIF, _HAS_XMP = 0x20, 0x10, 0x08, 0x04
_ALPHA_EFFORT = 4
"""At 6, alpha takes 20 s/MP for 2 % of its bytes."""
_EXIF_PREFIX = b"Exif\x00\x00"
"""JPEG's; a chunk of WebP begins without it."""


def assembled(frame: bytes, picture: Picture, alpha: bytes | None) -> bytes:
    """Return a file of a `VP8 ` frame, the picture's metadata and the data of an `ALPH` chunk."""
    exif = (picture.exif or b"").removeprefix(_EXIF_PREFIX)
    flags = (
        _HAS_ICC * bool(picture.icc)
        | _HAS_ALPHA * bool(alpha)
        | _HAS_EXIF * bool(exif)
        | _HAS_XMP * bool(picture.xmp)
    )
    sides = (picture.width - 1).to_bytes(3, "little") + (picture.height - 1).to_bytes(3, "little")
    chunks = (
        (b"VP8X", bytes([flags, 0, 0, 0]) + sides if flags else None),
        (b"ICCP", picture.icc),
        (b"ALPH", alpha),
        (b"VP8 ", frame),
        (b"EXIF", exif),
        (b"XMP ", picture.xmp),
    )
    body = b"WEBP" + b"".join(_chunk(kind, payload) for kind, payload in chunks if payload)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def alpha_of(alpha: npt.NDArray[np.uint8]) -> bytes:
    """Return the data of an `ALPH` chunk: a plane of (height, width), without loss, by libwebp."""
    height, width = alpha.shape
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., 3] = alpha
    image = pyvips.Image.new_from_memory(pixels.data, width, height, 4, "uchar")
    black = image.copy(interpretation="srgb")
    data = bytes(black.webpsave_buffer(Q=1, alpha_q=100, effort=_ALPHA_EFFORT, keep="none"))
    return dict(chunks(data)).get(b"ALPH", b"")


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the payload of each chunk of a file."""
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)


def _chunk(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "little") + payload + b"\x00" * (len(payload) & 1)
