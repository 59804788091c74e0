"""The fields of MegaOptim's requests, and what their words stand for."""

from __future__ import annotations

from typing import Final

from leanpix.contract import (
    DEFAULT_WAIT_SECONDS,
    MAX_DIMENSION_PIXELS,
    MAX_SOURCE_BYTES,
    MAX_WAIT_SECONDS,
    MIN_WAIT_SECONDS,
)
from leanpix.dialects.fields import Field, Kind, Variant
from leanpix.domain.options import Compression, TargetFormat

SOURCE_TYPES: Final = ("url", "file", "urls", "files")
"""Those of the document, which its error text names; ``upload`` is ours beside them."""
UPLOAD_TYPE: Final = "upload"

TYPE: Final = Field(
    name="type",
    kind=Kind.CHOICE,
    text="Where the images come from.",
    choices={word: word for word in (*SOURCE_TYPES, UPLOAD_TYPE)},
    is_required=True,
)
URL: Final = Field(
    name="url",
    kind=Kind.URL,
    text="The image's URL.",
    is_required=True,
    example="https://example.com/photo.jpg",
)
FILE: Final = Field(name="file", kind=Kind.FILE, text="The image.", is_required=True)
UPLOAD_ID: Final = Field(
    name="upload_id",
    kind=Kind.TEXT,
    text="An upload that POST /v1/uploads granted and that is complete.",
    is_required=True,
)
URLS: Final = URL.numbered()
FILES: Final = FILE.numbered()
UPLOAD_IDS: Final = UPLOAD_ID.numbered()

COMPRESSION: Final = Field(
    name="compression",
    kind=Kind.CHOICE,
    text="How much may be given up for a smaller file: ultra is another word for high,"
    " intelligent for medium.",
    choices={
        "high": Compression.HIGH,
        "ultra": Compression.HIGH,
        "medium": Compression.MEDIUM,
        "intelligent": Compression.MEDIUM,
        "lossless": Compression.LOSSLESS,
    },
    default="medium",
)
FORMAT: Final = Field(
    name="format",
    kind=Kind.CHOICE,
    text="The format to convert to.",
    choices={"webp": TargetFormat.WEBP, "avif": TargetFormat.AVIF},
    is_required=True,
)
WEBP: Final = Field(
    name="webp",
    kind=Kind.FLAG,
    text="1 gives a WebP beside the optimized image, free of charge.",
    default="0",
)
KEEP_EXIF: Final = Field(
    name="keep_exif",
    kind=Kind.FLAG,
    text="1 keeps EXIF and XMP metadata, with any position in it; it is stripped otherwise.",
    default="0",
)
CMYK_TO_RGB: Final = Field(
    name="cmyktorgb", kind=Kind.FLAG, text="1 converts CMYK images to sRGB.", default="0"
)
MAX_WIDTH: Final = Field(
    name="max_width",
    kind=Kind.WHOLE,
    text="Fit inside this width in pixels, the aspect kept, never enlarged; 0 is no limit.",
    default="0",
    minimum=0,
    maximum=MAX_DIMENSION_PIXELS,
)
MAX_HEIGHT: Final = Field(
    name="max_height",
    kind=Kind.WHOLE,
    text="Fit inside this height in pixels, the aspect kept, never enlarged; 0 is no limit.",
    default="0",
    minimum=0,
    maximum=MAX_DIMENSION_PIXELS,
)
HTTP_USER: Final = Field(
    name="http_user",
    kind=Kind.TEXT,
    text="User for HTTP Basic authentication at the URLs; ignored with files.",
)
HTTP_PASS: Final = Field(
    name="http_pass",
    kind=Kind.TEXT,
    text="Password for HTTP Basic authentication; required where http_user is set.",
)
CALLBACK_URL: Final = Field(
    name="callback_url",
    kind=Kind.URL,
    text="Where the result is posted once the job has ended, signed in X-Leanpix-Signature.",
)

TIMEOUT: Final = Field(
    name="timeout",
    kind=Kind.WHOLE,
    text="For how many seconds to hold the request at most. What is out of range is brought into"
    " it, and what is no number counts as not sent.",
    default=str(DEFAULT_WAIT_SECONDS),
    minimum=MIN_WAIT_SECONDS,
    maximum=MAX_WAIT_SECONDS,
)

UPLOAD_NAME: Final = Field(
    name="name",
    kind=Kind.TEXT,
    text="The file's name.",
    is_required=True,
    example="photo.jpg",
)
UPLOAD_SIZE: Final = Field(
    name="size",
    kind=Kind.WHOLE,
    text="The file's size in bytes; more cannot be uploaded.",
    is_required=True,
    minimum=1,
    maximum=MAX_SOURCE_BYTES,
    example="8388608",
)
UPLOAD_CONTENT_TYPE: Final = Field(
    name="content_type",
    kind=Kind.TEXT,
    text="The file's media type, such as image/jpeg. The upload has to carry the same.",
    is_required=True,
    example="image/jpeg",
)

_OPTIONS: Final = (
    COMPRESSION,
    WEBP,
    KEEP_EXIF,
    CMYK_TO_RGB,
    MAX_WIDTH,
    MAX_HEIGHT,
    CALLBACK_URL,
)
_SOURCES: Final = (
    Variant("url", (URL, HTTP_USER, HTTP_PASS)),
    Variant("file", (FILE,)),
    Variant("urls", (*URLS, HTTP_USER, HTTP_PASS)),
    Variant("files", FILES),
    Variant(UPLOAD_TYPE, (UPLOAD_ID,)),
)

OPTIMIZE_VARIANTS: Final = tuple(
    Variant(source.name, (*source.fields, *_OPTIONS)) for source in _SOURCES
)
CONVERT_VARIANTS: Final = tuple(
    Variant(source.name, (*source.fields, FORMAT, *_OPTIONS)) for source in _SOURCES
)
UPLOAD_FIELDS: Final = (UPLOAD_NAME, UPLOAD_SIZE, UPLOAD_CONTENT_TYPE)
