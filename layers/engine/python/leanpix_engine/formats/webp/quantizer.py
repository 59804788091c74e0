"""Read the quantizer of a lossy WebP from its frame header (RFC 6386, sections 9.2 to 9.6)."""

from __future__ import annotations

from typing import Final

from leanpix_engine.errors import Reason, Refused

_FRAME_TAG, _KEY_FRAME_HEADER = 3, 10
_SEGMENTS, _TREE_PROBABILITIES, _FILTER_DELTAS = 4, 3, 8
_LARGEST: Final = 127
_HEADER_BYTES: Final = 256
"""The fields that are read here need fewer."""


class _BoolDecoder:
    """The boolean entropy decoder of RFC 6386, section 7, for header fields of even odds."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._bits_left = 8 * len(data)
        self._range = 255
        self._value_bits = 8
        self._window = self._take(8)

    def _take(self, count: int) -> int:
        if count > self._bits_left:
            raise Refused(Reason.CORRUPT_IMAGE)
        self._bits_left -= count
        return self._value >> self._bits_left & ((1 << count) - 1)

    def flag(self) -> bool:
        """Read one bit of even odds."""
        split = 1 + ((self._range - 1) * 128 >> 8)
        is_set = self._window >= split
        if is_set:
            self._window -= split
            self._range -= split
        else:
            self._range = split
        while self._range < 128:  # noqa: PLR2004 - RFC 6386: the range stays within 128 and 255
            self._range <<= 1
            self._window = self._window << 1 | self._take(1)
        return is_set

    def literal(self, bits: int) -> int:
        """Read an unsigned number, most significant bit first."""
        value = 0
        for _ in range(bits):
            value = value << 1 | self.flag()
        return value

    def signed(self, bits: int) -> int:
        """Read a magnitude and its sign."""
        magnitude = self.literal(bits)
        return -magnitude if self.flag() else magnitude

    def optional(self, bits: int) -> int:
        """Read a signed number that stands behind a flag; 0 where the flag is not set."""
        return self.signed(bits) if self.flag() else 0


def read_quantizer(source: bytes) -> float | None:
    """Return the mean quantizer index (0 to 127) of a lossy WebP's segments; None if lossless.

    Of an animation it is the first lossy frame's.

    Raises:
        Refused: the frame header is cut off or damaged.
    """
    at = source.find(b"VP8 ", 12)
    if at < 0 or len(source) < at + 8 + _KEY_FRAME_HEADER:
        return None
    start = at + 8
    if source[start] & 1 or source[start + 3 : start + 6] != b"\x9d\x01\x2a":
        raise Refused(Reason.CORRUPT_IMAGE)
    fields = _BoolDecoder(
        source[start + _KEY_FRAME_HEADER : start + _KEY_FRAME_HEADER + _HEADER_BYTES]
    )
    fields.literal(2)  # colour space, clamping
    segments, is_absolute = _read_segments(fields)
    fields.literal(1 + 6 + 3)  # loop filter: type, level, sharpness
    if fields.flag() and fields.flag():  # deltas of the loop filter, and whether they follow
        for _ in range(_FILTER_DELTAS):
            fields.optional(6)
    fields.literal(2)  # partitions
    base = fields.literal(7)
    if segments is None:
        return float(base)
    chosen = [value if is_absolute else base + value for value in segments]
    return sum(min(_LARGEST, max(0, value)) for value in chosen) / _SEGMENTS


def _read_segments(fields: _BoolDecoder) -> tuple[list[int] | None, bool]:
    """Read each segment's quantizer, and whether it is absolute; None without segments."""
    if not fields.flag():
        return None, False
    has_map, has_data = fields.flag(), fields.flag()
    values, is_absolute = [0] * _SEGMENTS, False
    if has_data:
        is_absolute = fields.flag()
        values = [fields.optional(7) for _ in range(_SEGMENTS)]
        for _ in range(_SEGMENTS):
            fields.optional(6)  # loop filter
    if has_map:
        for _ in range(_TREE_PROBABILITIES):
            if fields.flag():
                fields.literal(8)
    return values, is_absolute
