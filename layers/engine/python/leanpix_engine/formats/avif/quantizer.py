"""Read the quantizer of an AVIF's first frame (AV1 specification, sections 5.5 and 5.9)."""

from __future__ import annotations

from dataclasses import dataclass

_SEQUENCE_HEADER, _FRAME_HEADER, _FRAME = 1, 3, 6
_KEY_FRAME = 0
_SELECT = 2
"""A tool that each frame switches by itself (SELECT_SCREEN_CONTENT_TOOLS)."""
_HEADER_BYTES = 64
_MOST_OBUS = 8
_MAX_TILE_WIDTH, _MAX_TILE_AREA, _MAX_TILES = 4096, 4096 * 2304, 64
_EXTENSION, _HAS_SIZE = 4, 2


class _NotReadError(Exception):
    """The header uses a feature that is not read here, or is cut off."""


class _Bits:
    """Bits of a header, most significant first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        """Read an unsigned number of `count` bits."""
        if count > self._left:
            raise _NotReadError
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def flag(self) -> bool:
        """Read one bit."""
        return self.read(1) == 1


@dataclass(slots=True)
class _Sequence:
    """The fields of a sequence header that say how a frame header is read."""

    is_reduced: bool
    width_bits: int
    height_bits: int
    width: int
    height: int
    screen_content: int = _SELECT
    integer_motion: int = _SELECT
    order_hint_bits: int = 0
    id_bits: int = 0
    superblock: int = 64
    superres: bool = False


def read_quantizer(source: bytes) -> int | None:
    """Return base_q_idx (0 to 255) of an AVIF's first coded colour frame; None if it is not read.

    It is 0 with lossless coding. The frame is the one behind the first sequence header, which is
    the colour image's in files of the usual encoders.
    """
    start = source.find(b"mdat")
    while start >= 0:
        at = start + 4
        for skip in (0, 2):  # a temporal delimiter may stand before the sequence header
            if source[at + skip : at + skip + 1] in (b"\x0a", b"\x0e"):
                try:
                    return _read_obus(source, at + skip)
                except _NotReadError:
                    return None
        start = source.find(b"mdat", at)
    return None


def _read_obus(source: bytes, at: int) -> int | None:
    sequence: _Sequence | None = None
    for _ in range(_MOST_OBUS):
        header = source[at : at + 1]
        if not header:
            return None
        kind = header[0] >> 3 & 15
        at += 2 if header[0] & _EXTENSION else 1
        if not header[0] & _HAS_SIZE:
            return None
        size, at = _leb128(source, at)
        data = source[at : at + min(size, _HEADER_BYTES)]
        if kind == _SEQUENCE_HEADER:
            sequence = _read_sequence(_Bits(data))
        elif kind in (_FRAME_HEADER, _FRAME) and sequence is not None:
            return _read_frame(_Bits(data), sequence)
        at += size
    return None


def _leb128(source: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(4):
        if at + index >= len(source):
            raise _NotReadError
        value |= (source[at + index] & 127) << 7 * index
        if not source[at + index] & 128:
            return value, at + index + 1
    raise _NotReadError


def _read_sequence(bits: _Bits) -> _Sequence:
    bits.read(3 + 1)  # profile, still picture
    is_reduced = bits.flag()
    if is_reduced:
        bits.read(5)
    else:
        if bits.flag():  # timing information
            raise _NotReadError
        has_delay = bits.flag()
        for _ in range(bits.read(5) + 1):
            bits.read(12)
            if bits.read(5) > 7:  # noqa: PLR2004 - AV1: levels above 7 carry a tier
                bits.read(1)
            if has_delay and bits.flag():
                bits.read(4)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    width, height = bits.read(width_bits) + 1, bits.read(height_bits) + 1
    sequence = _Sequence(is_reduced, width_bits, height_bits, width, height)
    if not is_reduced and bits.flag():
        sequence.id_bits = bits.read(4) + bits.read(3) + 3
    sequence.superblock = 128 if bits.flag() else 64
    bits.read(2)  # filter intra, intra edge filter
    if not is_reduced:
        _read_inter_tools(bits, sequence)
    sequence.superres = bits.flag()
    return sequence


def _read_inter_tools(bits: _Bits, sequence: _Sequence) -> None:
    bits.read(4)
    has_order_hint = bits.flag()
    if has_order_hint:
        bits.read(2)
    sequence.screen_content = _SELECT if bits.flag() else bits.read(1)
    if sequence.screen_content:
        sequence.integer_motion = _SELECT if bits.flag() else bits.read(1)
    if has_order_hint:
        sequence.order_hint_bits = bits.read(3) + 1


def _read_frame(bits: _Bits, sequence: _Sequence) -> int:
    is_shown = True
    if not sequence.is_reduced:
        if bits.flag() or bits.read(2) != _KEY_FRAME:  # an earlier frame, or no key frame
            raise _NotReadError
        is_shown = bits.flag()
        if not is_shown:
            bits.read(1)
            bits.read(1)
    disables_update = bits.flag()
    screen = bits.flag() if sequence.screen_content == _SELECT else bool(sequence.screen_content)
    if screen and sequence.integer_motion == _SELECT:
        bits.read(1)
    bits.read(sequence.id_bits)
    overrides_size = False if sequence.is_reduced else bits.flag()
    bits.read(sequence.order_hint_bits)
    if not is_shown:
        bits.read(8)
    width, is_scaled = _read_size(bits, sequence, overrides=overrides_size)
    if screen and not is_scaled:
        bits.read(1)  # intra block copy
    if not (sequence.is_reduced or disables_update):
        bits.read(1)
    _skip_tiles(bits, sequence, width)
    return bits.read(8)


def _read_size(bits: _Bits, sequence: _Sequence, *, overrides: bool) -> tuple[int, bool]:
    """Read the frame's size; return its width and whether super-resolution scales it."""
    width = sequence.width
    if overrides:
        width = bits.read(sequence.width_bits) + 1
        sequence.height = bits.read(sequence.height_bits) + 1
    is_scaled = sequence.superres and bits.flag()
    if is_scaled:
        bits.read(3)
    if bits.flag():  # another size to render at
        bits.read(32)
    return width, is_scaled


def _skip_tiles(bits: _Bits, sequence: _Sequence, width: int) -> None:
    """Read over the tile information (section 5.9.15)."""
    block = sequence.superblock
    columns, rows = -(-width // block), -(-sequence.height // block)
    if not bits.flag():
        raise _NotReadError
    area = _MAX_TILE_AREA // (block * block)
    least_columns = _log2_up(_MAX_TILE_WIDTH // block, columns)
    least = max(least_columns, _log2_up(area, rows * columns))
    column_bits = _count_up(bits, least_columns, _log2_up(1, min(columns, _MAX_TILES)))
    row_bits = _count_up(bits, max(0, least - column_bits), _log2_up(1, min(rows, _MAX_TILES)))
    if column_bits or row_bits:
        bits.read(column_bits + row_bits + 2)


def _count_up(bits: _Bits, value: int, most: int) -> int:
    while value < most and bits.flag():
        value += 1
    return value


def _log2_up(block: int, target: int) -> int:
    exponent = 0
    while block << exponent < target:
        exponent += 1
    return exponent
