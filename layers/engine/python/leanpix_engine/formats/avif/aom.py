"""Encode a still by libaom, called directly: no other library passes all of its options on.

The encoder also tells what a decoder will show, pixel by pixel, so that looking at a quality needs
no decoding. Struct layouts and numbers are those of libaom 3.15's headers (`aom_encoder.h`,
`aom_image.h`, `aomcx.h`); another version counts as none.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_int, c_int64, c_long, c_size_t, c_uint, c_ulong, c_void_p
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leanpix_engine import native

Rgb = npt.NDArray[np.uint8]
Planes = npt.NDArray[np.uint16]

WORST_QUANTIZER: Final = 63
_PACKAGE, _LIBRARY = "leanpix_aom", "libaom.so"
_VERSION: Final = b"3.15."
_ENCODER_ABI: Final = 29
_ALL_INTRA: Final = 2
_CONSTANT_QUALITY: Final = 3
_PROFILE_444: Final = 1
_KEY_FRAME: Final = 1
_USE_PSNR, _USE_HIGH_DEPTH = 0x10000, 0x40000
"""The first makes the encoder filter its own picture as decoders do, to which nothing refers."""
_FRAME_PACKET: Final = 0
_I444, _HIGH_DEPTH = 0x106, 0x800
_BYTE: Final = 8
_PRIMARIES, _TRANSFER, _MATRIX, _RANGE = 45, 46, 47, 52
"""Numbers of controls."""
BT709, SRGB, BT601 = 1, 13, 6
"""The primaries, transfer and matrix that are written (ITU-T H.273)."""
_CHANNELS: Final = 3
_CONFIG_WORDS, _CONTEXT_BYTES = 512, 256
"""More than the structs have."""
_CONFIG_AT: Final = {
    "threads": 1,
    "profile": 2,
    "width": 3,
    "height": 4,
    "limit": 5,
    "bits": 8,
    "input_bits": 9,
    "lag": 14,
    "rate_control": 24,
    "min_quantizer": 35,
    "max_quantizer": 36,
}
"""Places in `aom_codec_enc_cfg`, in words of four bytes."""


class AomError(RuntimeError):
    """libaom does not do what it was asked for."""


class _Image(ctypes.Structure):
    """`aom_image`."""

    _fields_ = [
        *((name, c_int) for name in ("format", "primaries", "transfer", "matrix")),
        *((name, c_int) for name in ("monochrome", "chroma_position", "range")),
        *((name, c_uint) for name in ("width", "height", "depth", "shown_width", "shown_height")),
        *((name, c_uint) for name in ("render_width", "render_height", "x_shift", "y_shift")),
        ("planes", c_void_p * _CHANNELS),
        ("strides", c_int * _CHANNELS),
        ("rest", ctypes.c_char * 128),
    ]


class _Packet(ctypes.Structure):
    """The beginning of `aom_codec_cx_pkt`."""

    _fields_ = [("kind", c_int), ("data", c_void_p), ("size", c_size_t)]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A coded still."""

    data: bytes
    """AV1: a sequence header and a frame."""
    shown: Rgb
    """The pixels that it decodes to."""


def available() -> bool:
    """Return whether libaom is there, in the version that the calls are written for."""
    return _library() is not None and native.available()


def planes_of(rgb: Rgb, bits: int) -> Planes:
    """Return (3, height, width) of luma, blue and red difference."""
    height, width = rgb.shape[:2]
    planes = np.empty((_CHANNELS, height, width), np.uint16)
    _convert("leanpix_avif_planes")(
        native.address(rgb, np.uint8, (height, width, _CHANNELS)),
        height * width,
        bits,
        planes.ctypes.data,
    )
    return planes


def encode(planes: Planes, bits: int, options: Mapping[str, str]) -> Encoded:
    """Encode a still of 4:4:4 over the full range.

    Args:
        planes: what `planes_of` returned.
        bits: the depth of those planes.
        options: libaom's options by their names, such as `cq-level`.

    Raises:
        AomError: libaom refuses an option or fails.
    """
    library = _library()
    if library is None:
        message = "no libaom 3.15"
        raise AomError(message)
    stored = np.ascontiguousarray(planes if bits > _BYTE else planes.astype(np.uint8))
    with _context(library, stored, bits, options) as context:
        image = _image_of(stored)
        _check(library.aom_codec_encode(context, byref(image), 0, 1, _KEY_FRAME), "encode")
        data = b"".join(_packets(library, context))
        shown = library.aom_codec_get_preview_frame(context)
        if not data or not shown:
            message = "no frame"
            raise AomError(message)
        return Encoded(data, _rgb_of(_planes_in(shown, stored.shape), bits))


@contextmanager
def _context(
    library: ctypes.CDLL, planes: npt.NDArray[Any], bits: int, options: Mapping[str, str]
) -> Iterator[Any]:
    config = (c_uint * _CONFIG_WORDS)()
    interface = library.aom_codec_av1_cx()
    _check(library.aom_codec_enc_config_default(interface, config, _ALL_INTRA), "configure")
    quantizer = int(options["cq-level"])
    values = {
        "threads": 1,
        "profile": _PROFILE_444,
        "width": planes.shape[2],
        "height": planes.shape[1],
        "limit": 1,
        "bits": bits,
        "input_bits": bits,
        "lag": 0,
        "rate_control": _CONSTANT_QUALITY,
        "min_quantizer": quantizer,
        "max_quantizer": quantizer,
    }
    for name, value in values.items():
        config[_CONFIG_AT[name]] = value
    context = (ctypes.c_ulong * (_CONTEXT_BYTES // ctypes.sizeof(ctypes.c_ulong)))()
    flags = _USE_PSNR | (_USE_HIGH_DEPTH if bits > _BYTE else 0)
    outcome = library.aom_codec_enc_init_ver(context, interface, config, flags, _ENCODER_ABI)
    _check(outcome, "start")
    try:
        for option, text in options.items():
            outcome = library.aom_codec_set_option(context, option.encode(), text.encode())
            _check(outcome, f"{option}={text}")
        for control, number in ((_PRIMARIES, BT709), (_TRANSFER, SRGB), (_MATRIX, BT601)):
            _check(library.aom_codec_control(context, control, c_int(number)), "colours")
        _check(library.aom_codec_control(context, _RANGE, c_int(1)), "range")
        yield context
    finally:
        library.aom_codec_destroy(context)


def _image_of(planes: npt.NDArray[Any]) -> _Image:
    _, height, width = planes.shape
    is_deep = planes.itemsize > 1
    image = _Image(
        format=_I444 | (_HIGH_DEPTH if is_deep else 0),
        primaries=BT709,
        transfer=SRGB,
        matrix=BT601,
        range=1,
        width=width,
        height=height,
        depth=_BYTE * planes.itemsize,
        shown_width=width,
        shown_height=height,
    )
    for index, plane in enumerate(planes):
        image.planes[index] = plane.ctypes.data
        image.strides[index] = plane.strides[0]
    return image


def _packets(library: ctypes.CDLL, context: object) -> Iterator[bytes]:
    place = c_void_p()
    while found := library.aom_codec_get_cx_data(context, byref(place)):
        packet = _Packet.from_address(found)
        if packet.kind == _FRAME_PACKET:
            yield ctypes.string_at(packet.data, packet.size)


def _planes_in(address: int, shape: tuple[int, ...]) -> Planes:
    """Copy the planes of an `aom_image`, whose rows are padded."""
    image = _Image.from_address(address)
    channels, height, width = shape
    element = np.uint16 if image.format & _HIGH_DEPTH else np.uint8
    planes = np.empty((channels, height, width), np.uint16)
    for channel in range(channels):
        stride = image.strides[channel]
        # The last row may end with its last pixel.
        size = stride * (height - 1) + width * np.dtype(element).itemsize
        raw = (ctypes.c_ubyte * size).from_address(image.planes[channel])
        rows = np.ndarray(
            (height, width), element, raw, strides=(stride, np.dtype(element).itemsize)
        )
        planes[channel] = rows
    return planes


def _rgb_of(planes: Planes, bits: int) -> Rgb:
    _, height, width = planes.shape
    rgb = np.empty((height, width, _CHANNELS), np.uint8)
    _convert("leanpix_avif_rgb")(planes.ctypes.data, height * width, bits, rgb.ctypes.data)
    return rgb


@cache
def _convert(name: str) -> Callable[..., None]:
    return native.function(name, c_void_p, c_size_t, ctypes.c_uint32, c_void_p)


def _check(outcome: int, what: str) -> None:
    if outcome:
        message = f"libaom: {what}: error {outcome}"
        raise AomError(message)


@cache
def _library() -> ctypes.CDLL | None:
    spec = find_spec(_PACKAGE)
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / _LIBRARY
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue  # none, or for another processor or C library
        _declare(library)
        if bytes(library.aom_codec_version_str()).startswith(_VERSION):
            return library
    return None


def _declare(library: ctypes.CDLL) -> None:
    context = c_void_p
    signatures: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "aom_codec_version_str": (c_char_p, ()),
        "aom_codec_av1_cx": (c_void_p, ()),
        "aom_codec_enc_config_default": (c_int, (c_void_p, c_void_p, c_uint)),
        "aom_codec_enc_init_ver": (c_int, (context, c_void_p, c_void_p, c_long, c_int)),
        "aom_codec_set_option": (c_int, (context, c_char_p, c_char_p)),
        "aom_codec_encode": (c_int, (context, c_void_p, c_int64, c_ulong, c_long)),
        "aom_codec_get_cx_data": (c_void_p, (context, c_void_p)),
        "aom_codec_get_preview_frame": (c_void_p, (context,)),
        "aom_codec_destroy": (c_int, (context,)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    # Takes any further arguments (C's `...`), so only the first two have a type.
    library.aom_codec_control.argtypes = (context, c_int)
