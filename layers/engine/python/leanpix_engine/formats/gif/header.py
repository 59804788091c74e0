"""Read GIF's blocks: frames, loop count (GIF89a; NETSCAPE2.0 application extension)."""

from __future__ import annotations

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.history import mark
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe
from leanpix_engine.picture.exif import NOTHING, Kept

MARK = mark.GIF
"""The place of our mark in a file."""

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_DESCRIPTOR_BYTES = 10
"""The length of an image descriptor, its introducer included (GIF89a, 20)."""
_GRAPHIC_CONTROL, _COMMENT, _APPLICATION = 0xF9, 0xFE, 0xFF


def matches(source: bytes) -> bool:
    """Return True where the content is a GIF file's."""
    return source.startswith((b"GIF87a", b"GIF89a"))


def read(source: bytes, limits: Limits) -> Probe:
    """Return a GIF's facts; frames are counted block by block, up to one more than the limit."""
    if len(source) < 13:
        raise Refused(Reason.CORRUPT_IMAGE)
    width, height = _u16(source, 6), _u16(source, 8)
    frames, loop, alpha = 0, 1, False
    at = 13 + _palette_bytes(source[10])
    while at < len(source) and frames <= limits.max_frames:
        kind = source[at]
        if kind == _TRAILER:
            break
        if kind == _EXTENSION and at + 2 < len(source):
            label = source[at + 1]
            if label == _GRAPHIC_CONTROL and at + 3 < len(source):
                alpha = alpha or bool(source[at + 3] & 1)
            elif label == _APPLICATION:
                loop = _loop_count(source, at, otherwise=loop)
            at = _after_blocks(source, at + 2)
        elif kind == _IMAGE and at + 10 < len(source):
            if frames == 0:  # decoders enlarge a canvas that the first frame does not fit
                width = max(width, _u16(source, at + 1) + _u16(source, at + 5))
                height = max(height, _u16(source, at + 3) + _u16(source, at + 7))
            frames += 1
            at = _after_blocks(source, at + 11 + _palette_bytes(source[at + 9]))
        else:
            break
    if frames == 0:
        raise Refused(Reason.CORRUPT_IMAGE)
    return Probe(
        format=Format.GIF,
        width=width,
        height=height,
        frames=frames,
        alpha=alpha,
        loop=loop,
        lossless=True,
    )


def _u16(source: bytes, at: int) -> int:
    return int.from_bytes(source[at : at + 2], "little")


def _loop_count(source: bytes, at: int, *, otherwise: int) -> int:
    is_loop = source[at + 3 : at + 14] == b"NETSCAPE2.0" and len(source) > at + 18
    return _u16(source, at + 16) if is_loop else otherwise


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(source: bytes, at: int) -> int:
    """Return where a chain of data sub-blocks ends: past the file where it is cut off."""
    while at < len(source) and source[at]:
        at += 1 + source[at]
    return at + 1


def without_metadata(source: bytes, kept: Kept = NOTHING) -> bytes:
    """Return a GIF without comments and applications' data; its loop and our mark stay."""
    del kept  # the format has no place for it
    parts, at = [], 13 + _palette_bytes(source[10])
    start = 0
    while at + 2 < len(source) and source[at] in (_EXTENSION, _IMAGE):
        is_image = source[at] == _IMAGE
        if is_image and at + _DESCRIPTOR_BYTES > len(source):
            break
        blocks = at + _DESCRIPTOR_BYTES + _palette_bytes(source[at + 9]) if is_image else at + 2
        end = _after_blocks(source, blocks + is_image)
        if not is_image and _is_private(source[at + 1], source[at + 2 : end]):
            parts.append(source[start:at])
            start = end
        at = end
    return b"".join(parts) + source[start:]


def _is_private(label: int, blocks: bytes) -> bool:
    """Return whether an extension is metadata that a viewer does not need."""
    if label == _COMMENT:
        return not blocks.startswith(b"\x09lpx1")
    return label == _APPLICATION and blocks[1:12] not in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
