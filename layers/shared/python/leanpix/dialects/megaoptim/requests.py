"""MegaOptim's requests, read to the letter: every problem of a request is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from leanpix.contract import (
    DEFAULT_WAIT_SECONDS,
    MAX_IMAGES_PER_JOB,
    MAX_SOURCE_BYTES,
    MAX_WAIT_SECONDS,
    MIN_WAIT_SECONDS,
    Api,
)
from leanpix.dialects.form_reader import FormReader, to_whole
from leanpix.domain.errors import LeanpixError
from leanpix.domain.file_names import clean_file_name, name_from_url
from leanpix.domain.jobs import Credentials
from leanpix.domain.options import Compression, ImageOptions, Operation, TargetFormat
from leanpix.domain.submission import Input, Link, Submission, Upload, UploadReference
from leanpix.domain.uploads import UploadRequest
from leanpix.forms import parse_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanpix.http import Request

COMPRESSION_NAMES: Final = {
    "high": Compression.HIGH,
    "ultra": Compression.HIGH,
    "medium": Compression.MEDIUM,
    "intelligent": Compression.MEDIUM,
    "lossless": Compression.LOSSLESS,
}
TARGET_FORMAT_NAMES: Final = {"webp": TargetFormat.WEBP, "avif": TargetFormat.AVIF}
SOURCE_TYPES: Final = ("url", "file", "urls", "files")
"""Those of the document, which its error text names; ``upload`` is ours beside them."""
CONVERT_PATH: Final = "/v1/convert"
_NUMBERED: Final = range(1, MAX_IMAGES_PER_JOB + 1)


def parse_submission(request: Request, *, account_id: str) -> Submission:
    """Return what a request to optimize or to convert asks for.

    Raises ``LeanpixError`` with every problem that the request has.
    """
    reader = FormReader(parse_form(request))
    inputs = _read_inputs(reader)
    converts = request.path.rstrip("/").endswith(CONVERT_PATH)
    target_format = _read_target_format(reader) if converts else None
    options = _read_options(reader, target_format)
    callback_url = reader.url("callback_url") if reader.text("callback_url") else None
    reader.check()
    return Submission(
        account_id=account_id,
        api=Api.MEGAOPTIM,
        operation=_tell_operation(reader, converts=converts),
        options=options,
        inputs=inputs,
        callback_url=callback_url,
    )


def parse_wait_seconds(request: Request) -> int:
    """Return how long a poll is to be held, clamped to what the document allows.

    Clients send 1, 75, 300 and ``?timeout300``; none of them is an error (RESOLUTIONS).
    """
    text = request.query.get("timeout") or _read_body_leniently(request).get("timeout", "")
    if not (text.isascii() and text.isdecimal()):
        return DEFAULT_WAIT_SECONDS
    seconds = to_whole(text)
    return MAX_WAIT_SECONDS if seconds is None else _clamp(seconds)


def parse_upload_request(request: Request, *, account_id: str) -> UploadRequest:
    """Return what a request for a direct upload asks for."""
    reader = FormReader(parse_form(request))
    size = to_whole(reader.text("size")) or 0
    if not 1 <= size <= MAX_SOURCE_BYTES:
        reader.complain(
            "size",
            f"The size field is required and must be a number of bytes from 1 to"
            f" {MAX_SOURCE_BYTES}.",
        )
    if not reader.text("name"):
        reader.complain("name", "The name field is required and must be a file name.")
    content_type = reader.text("content_type")
    if not content_type.startswith("image/") or not content_type.isprintable():
        reader.complain(
            "content_type",
            "The content_type field is required and must be an image type, such as image/jpeg.",
        )
    reader.check()
    return UploadRequest(
        account_id=account_id,
        file_name=clean_file_name(reader.text("name")),
        size_bytes=size,
        content_type=content_type,
    )


def _clamp(seconds: int) -> int:
    return min(max(seconds, MIN_WAIT_SECONDS), MAX_WAIT_SECONDS)


def _read_body_leniently(request: Request) -> dict[str, str]:
    try:
        return dict(parse_form(request).fields)
    except LeanpixError:
        return {}


def _tell_operation(reader: FormReader, *, converts: bool) -> Operation:
    if not converts:
        return Operation.COMPRESS
    return Operation.COMPRESS_CONVERT if reader.text("compression") else Operation.CONVERT


def _read_inputs(reader: FormReader) -> tuple[Input, ...]:
    kind = reader.text("type")
    several = kind.endswith("s")
    if kind in {"url", "urls"}:
        return _read_links(reader, several=several)
    if kind in {"file", "files"}:
        return _read_uploads(reader, several=several)
    if kind == "upload":
        return _read_references(reader)
    reader.complain(
        "type", f"The type field is required and must be one of: {', '.join(SOURCE_TYPES)}."
    )
    return ()


def _read_links(reader: FormReader, *, several: bool) -> tuple[Link, ...]:
    credentials = _read_credentials(reader)
    names = _sent(_names("url", several=several), lambda name: bool(reader.text(name)))
    urls = [reader.url(name) for name in names]
    return tuple(
        Link(file_name=name_from_url(url), url=url, credentials=credentials) for url in urls if url
    )


def _read_uploads(reader: FormReader, *, several: bool) -> tuple[Upload, ...]:
    form = reader.form
    names = _sent(
        _names("file", several=several), lambda name: name in form.files or name in form.fields
    )
    uploads = [reader.upload(name) for name in names]
    return tuple(upload for upload in uploads if upload)


def _read_references(reader: FormReader) -> tuple[UploadReference, ...]:
    names = ("upload_id", *_names("upload_id", several=True))
    sent = [name for name in names if reader.text(name)]
    if not sent:
        reader.complain(
            "upload_id",
            "The upload_id field is required and must be an id that POST /v1/uploads gave.",
        )
    return tuple(
        UploadReference(field=name, upload_id=reader.text(name))
        for name in sent[:MAX_IMAGES_PER_JOB]
    )


def _names(base: str, *, several: bool) -> tuple[str, ...]:
    return tuple(f"{base}{number}" for number in _NUMBERED) if several else (base,)


def _sent(names: tuple[str, ...], is_sent: Callable[[str], bool]) -> list[str]:
    """Return the first name, which is required, and those of the others that were sent."""
    return [name for name in names if name == names[0] or is_sent(name)]


def _read_credentials(reader: FormReader) -> Credentials | None:
    user, password = reader.text("http_user"), reader.form.fields.get("http_pass", "")
    if not user:
        return None
    if not password:
        reader.complain("http_pass", "The http_pass field is required when http_user is set.")
        return None
    return Credentials(user=user, password=password)


def _read_options(reader: FormReader, target_format: TargetFormat | None) -> ImageOptions:
    return ImageOptions(
        compression=reader.choice("compression", COMPRESSION_NAMES, Compression.MEDIUM),
        target_format=target_format,
        also_webp=reader.flag("webp") and target_format is None,
        keep_exif=reader.flag("keep_exif"),
        cmyk_to_rgb=reader.flag("cmyktorgb"),
        max_width=reader.pixels("max_width"),
        max_height=reader.pixels("max_height"),
    )


def _read_target_format(reader: FormReader) -> TargetFormat | None:
    word = reader.text("format").lower()
    if word not in TARGET_FORMAT_NAMES:
        reader.complain("format", "The format field is required and must be one of: webp, avif.")
    return TARGET_FORMAT_NAMES.get(word)
