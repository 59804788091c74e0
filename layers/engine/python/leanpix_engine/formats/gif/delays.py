"""Give a rewritten GIF exactly the delays of the file it was made from (GIF89a, section 23).

gifsicle leaves the graphic control block out where it says nothing; viewers then take a delay of
0 for one of 100 ms.
"""

from __future__ import annotations

from collections.abc import Iterator

from leanpix_engine.errors import Reason, Refused

_EXTENSION, _IMAGE, _TRAILER, _GRAPHIC_CONTROL = 0x21, 0x2C, 0x3B, 0xF9
_EMPTY_CONTROL = b"\x21\xf9\x04\x00\x00\x00\x00\x00"
_DELAY = slice(4, 6)
"""Of a graphic control block, in hundredths of a second."""


def with_delays_of(data: bytes, source: bytes) -> bytes:
    """Return `data` with the delays of `source`; unchanged where their numbers of frames differ.

    Raises:
        Refused: `CORRUPT_IMAGE` where the blocks of `source` cannot be followed.
    """
    delays = [control[_DELAY] for _, control in _frames(source)]
    frames = list(_frames(data))
    if len(frames) != len(delays):
        return data
    parts: list[bytes] = []
    done = 0
    for (at, control), delay in zip(frames, delays, strict=True):
        parts += [data[done:at], control[:4], delay, control[6:]]
        done = at if data[at] == _IMAGE else at + len(control)
    return b"".join([*parts, data[done:]])


def _frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where each frame begins, and its graphic control block (an empty one for none)."""
    at = 13 + _palette_bytes(data[10])
    control_at: int | None = None
    try:
        while data[at] != _TRAILER:
            if data[at] == _IMAGE:
                yield (
                    (at, _EMPTY_CONTROL)
                    if control_at is None
                    else (
                        control_at,
                        data[control_at : control_at + len(_EMPTY_CONTROL)],
                    )
                )
                control_at = None
                at = _after_blocks(data, at + 11 + _palette_bytes(data[at + 9]))
            elif data[at] == _EXTENSION:
                if data[at + 1] == _GRAPHIC_CONTROL:
                    control_at = at
                at = _after_blocks(data, at + 2)
            else:
                return
    except IndexError as error:
        raise Refused(Reason.CORRUPT_IMAGE) from error


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1
