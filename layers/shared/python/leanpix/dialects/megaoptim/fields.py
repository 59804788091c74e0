"""The fields of MegaOptim's requests, and the meanings of their words."""

from __future__ import annotations

from typing import Final

from leanpix.contract import (
    DEFAULT_WAIT_SECONDS,
    MAX_CONTENT_TYPE_CHARACTERS,
    MAX_CREDENTIAL_CHARACTERS,
    MAX_DIMENSION_PIXELS,
    MAX_SOURCE_BYTES,
    MAX_WAIT_SECONDS,
    MIN_WAIT_SECONDS,
    TARGET_FORMATS,
    MegaOptimPath,
)
from leanpix.dialects.fields import Field, Kind, Variant
from leanpix.domain.options import Compression

SOURCE_TYPES: Final = ("url", "file", "urls", "files")
"""The types of the document, which its error text names; `upload` is Leanpix's own."""
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
    text=f"The id of a complete upload that POST {MegaOptimPath.UPLOADS} granted.",
    is_required=True,
)
URLS: Final = URL.numbered()
FILES: Final = FILE.numbered()
UPLOAD_IDS: Final = UPLOAD_ID.numbered()
FILE_NAMES: Final = frozenset(field.name for field in (FILE, *FILES))

COMPRESSION: Final = Field(
    name="compression",
    kind=Kind.CHOICE,
    text="The compression level. ultra means the same as high, and intelligent the same as"
    " medium.",
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
    choices={target.name: target.name for target in TARGET_FORMATS},
    is_required=True,
)
WEBP: Final = Field(
    name="webp",
    kind=Kind.FLAG,
    text="1 adds a WebP to the optimized image, free of charge. It is left out if it is not"
    " smaller than the optimized image.",
    default="0",
)
KEEP_EXIF: Final = Field(
    name="keep_exif",
    kind=Kind.FLAG,
    text="1 keeps EXIF and XMP metadata, GPS positions included; otherwise it is removed.",
    default="0",
)
CMYK_TO_RGB: Final = Field(
    name="cmyktorgb", kind=Kind.FLAG, text="1 converts CMYK images to sRGB.", default="0"
)
MAX_WIDTH: Final = Field(
    name="max_width",
    kind=Kind.WHOLE,
    text="Fits the image inside this width in pixels. The aspect ratio stays, and no image is"
    " enlarged; 0 means no limit.",
    default="0",
    minimum=0,
    maximum=MAX_DIMENSION_PIXELS,
)
MAX_HEIGHT: Final = Field(
    name="max_height",
    kind=Kind.WHOLE,
    text="Fits the image inside this height in pixels. The aspect ratio stays, and no image is"
    " enlarged; 0 means no limit.",
    default="0",
    minimum=0,
    maximum=MAX_DIMENSION_PIXELS,
)
HTTP_USER: Final = Field(
    name="http_user",
    kind=Kind.TEXT,
    text="The user for HTTP Basic authentication at the URLs; ignored with files.",
    max_characters=MAX_CREDENTIAL_CHARACTERS,
)
HTTP_PASS: Final = Field(
    name="http_pass",
    kind=Kind.TEXT,
    text="The password for HTTP Basic authentication; required with http_user.",
    max_characters=MAX_CREDENTIAL_CHARACTERS,
)
CALLBACK_URL: Final = Field(
    name="callback_url",
    kind=Kind.URL,
    text="The URL that gets the result by POST once the job has ended, with a signature in"
    " X-Leanpix-Signature.",
)

TIMEOUT: Final = Field(
    name="timeout",
    kind=Kind.WHOLE,
    text="The longest time in seconds to hold the request. A value out of range counts as the"
    " nearest bound, and a value that is no number counts as not sent.",
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
    text="The size of the file in bytes; a larger file is refused.",
    is_required=True,
    minimum=1,
    maximum=MAX_SOURCE_BYTES,
    example="8388608",
)
UPLOAD_CONTENT_TYPE: Final = Field(
    name="content_type",
    kind=Kind.TEXT,
    text="The media type of the file, such as image/jpeg. The upload must send the same one.",
    max_characters=MAX_CONTENT_TYPE_CHARACTERS,
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
KNOWN_NAMES: Final = frozenset(
    {
        TYPE.name,
        TIMEOUT.name,
        *(field.name for variant in CONVERT_VARIANTS for field in variant.fields),
        *(field.name for field in UPLOAD_IDS),
    }
)
"""The names of all fields of submits and polls."""
UPLOAD_FIELDS: Final = (UPLOAD_NAME, UPLOAD_SIZE, UPLOAD_CONTENT_TYPE)
