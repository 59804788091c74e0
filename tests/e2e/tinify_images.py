"""Images like those of Tinify's own integration tests: a small logo that names its maker."""

from __future__ import annotations

import io
import math
from typing import Final

from PIL import Image, ImageDraw, PngImagePlugin

WIDTH, HEIGHT = 137, 21
OWNER: Final = "Copyright Voormedia"
XMP: Final = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmp:CreateDate="2014-08-12T12:00:00"><dc:rights><rdf:Alt><rdf:li xml:lang="x-default">'
    f"{OWNER}</rdf:li></rdf:Alt></dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def make_logo() -> bytes:
    """Return a logo as PNG: transparent around soft shapes, with its owner's name in XMP."""
    large = Image.new("RGBA", (WIDTH * 8, HEIGHT * 8), (0, 0, 0, 0))
    draw = ImageDraw.Draw(large)
    for place in range(9):
        left = place * 120 + 20
        colour = tuple(int(127 + 120 * math.sin(place + phase)) for phase in (0, 2, 4))
        draw.ellipse((left, 20, left + 100, 150), fill=(*colour, 255))
        draw.rectangle((left + 40, 60, left + 90, 110), fill=(255, 255, 255, 160))
    logo = large.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    about = PngImagePlugin.PngInfo()
    about.add_itxt("XML:com.adobe.xmp", XMP)
    buffer = io.BytesIO()
    logo.save(buffer, "PNG", pnginfo=about, compress_level=1)
    return buffer.getvalue()


def read_size(data: bytes) -> tuple[int, int]:
    """Return the width and the height of an image."""
    with Image.open(io.BytesIO(data)) as image:
        return image.size
