"""The fields of TinyJPG's request."""

from __future__ import annotations

from typing import Final

from leanpix.dialects.fields import Field, Kind

IMAGE: Final = Field(
    name="image",
    kind=Kind.FILE,
    text="The image: JPEG, PNG, GIF, WebP or AVIF.",
    is_required=True,
)
QUALITY: Final = Field(
    name="quality",
    kind=Kind.WHOLE,
    text="The quality of the result, on one perceptual scale for all formats.",
    default="80",
    minimum=1,
    maximum=100,
)
OPTIMIZE_FIELDS: Final = (IMAGE, QUALITY)
