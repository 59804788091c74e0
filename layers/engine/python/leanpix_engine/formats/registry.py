"""The codecs by their formats."""

from __future__ import annotations

from collections.abc import Callable

from leanpix_engine.formats.avif import codec as avif
from leanpix_engine.formats.codec import Codec
from leanpix_engine.formats.gif import codec as gif
from leanpix_engine.formats.jpeg import codec as jpeg
from leanpix_engine.formats.png import codec as png
from leanpix_engine.formats.svg import codec as svg
from leanpix_engine.formats.webp import codec as webp
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture.picture import Picture

_CODECS: dict[Format, Codec] = {
    Format.JPEG: jpeg,
    Format.PNG: png,
    Format.GIF: gif,
    Format.WEBP: webp,
    Format.AVIF: avif,
    Format.SVG: svg,
}


def decoder_of_outputs(kind: Format) -> Callable[[bytes, Limits], Picture]:
    """What outputs of a format are judged by: as common viewers show them."""
    return avif.shown if kind is Format.AVIF else codec_of(kind).decode


def codec_of(kind: Format) -> Codec:
    """The codec of a format."""
    return _CODECS[kind]
