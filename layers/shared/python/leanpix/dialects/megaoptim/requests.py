"""Read MegaOptim's requests; a refusal names every problem of a request at once."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from leanpix.contract import (
    DEFAULT_WAIT_SECONDS,
    MAX_IMAGES_PER_JOB,
    MAX_SOURCE_BYTES,
    MAX_WAIT_SECONDS,
    MIN_WAIT_SECONDS,
    Api,
    MegaOptimPath,
)
from leanpix.dialects.downloads import to_download_request
from leanpix.dialects.form_reader import OFF, FormReader, to_whole
from leanpix.dialects.identifiers import read_idempotency_key
from leanpix.dialects.megaoptim import fields
from leanpix.domain.errors import LeanpixError
from leanpix.domain.file_names import clean_file_name, name_from_url
from leanpix.domain.jobs import Credentials
from leanpix.domain.options import Compression, ImageOptions, Operation
from leanpix.domain.results import result_object_key
from leanpix.domain.submission import (
    Input,
    Link,
    Submission,
    Upload,
    UploadReference,
    UploadRequest,
)
from leanpix.forms import parse_form

if TYPE_CHECKING:
    from leanpix.dialects.fields import Field
    from leanpix.domain.results import DownloadRequest
    from leanpix.http import Request


def parse_submission(request: Request, *, account_id: str, any_port: bool = False) -> Submission:
    """Return the submission in a request to optimize or to convert.

    Args:
        request: the request.
        account_id: the account of the key.
        any_port: allows URLs with ports other than 80 and 443, as the local cloud does.

    Raises:
        LeanpixError: the request has at least one problem; the error names them all.
    """
    reader = FormReader(parse_form(request, file_names=fields.FILE_NAMES), any_port=any_port)
    inputs = _read_inputs(reader)
    converts = request.route == MegaOptimPath.CONVERT
    target_format = reader.choice(fields.FORMAT) if converts else None
    options = _read_options(reader, target_format)
    callback_url = reader.url(fields.CALLBACK_URL) if reader.text(fields.CALLBACK_URL) else None
    reader.check()
    return Submission(
        account_id=account_id,
        api=Api.MEGAOPTIM,
        operation=_tell_operation(reader, converts=converts),
        options=options,
        inputs=inputs,
        callback_url=callback_url,
        idempotency_key=read_idempotency_key(request),
        warnings=reader.find_misspelled(fields.KNOWN_NAMES),
    )


def parse_wait_seconds(request: Request) -> int:
    """Return for how long to hold a poll, clamped to the bounds of the document.

    Clients send 1, 75, 300 and `?timeout300`; none of them is an error (docs/api-coverage.md).
    """
    name = fields.TIMEOUT.name
    text = request.query.get(name) or _read_body_leniently(request).get(name, "")
    if not (text.isascii() and text.isdecimal()):
        return DEFAULT_WAIT_SECONDS
    seconds = to_whole(text)
    return MAX_WAIT_SECONDS if seconds is None else _clamp(seconds)


def parse_upload_request(request: Request, *, account_id: str) -> UploadRequest:
    """Return the upload that a request wants to begin.

    Raises:
        LeanpixError: the request has at least one problem; the error names them all.
    """
    reader = FormReader(parse_form(request))
    size = to_whole(reader.text(fields.UPLOAD_SIZE)) or 0
    if not 1 <= size <= MAX_SOURCE_BYTES:
        reader.complain(
            fields.UPLOAD_SIZE,
            f"The size field is required and must be a number of bytes from 1 to"
            f" {MAX_SOURCE_BYTES}.",
        )
    if not reader.text(fields.UPLOAD_NAME):
        reader.complain(fields.UPLOAD_NAME, "The name field is required and must be a file name.")
    content_type = reader.text(fields.UPLOAD_CONTENT_TYPE)
    if not _is_image_type(content_type):
        reader.complain(
            fields.UPLOAD_CONTENT_TYPE,
            "The content_type field is required and must be an image type, such as image/jpeg.",
        )
    reader.check()
    return UploadRequest(
        account_id=account_id,
        file_name=clean_file_name(reader.text(fields.UPLOAD_NAME)),
        size_bytes=size,
        content_type=content_type,
    )


def parse_download(request: Request) -> DownloadRequest:
    """Return the result that a link names."""
    public_id = request.path_parameters["public_id"]
    # Stored names hold no percent sign, so a name that was decoded already stays as it is.
    file_name = unquote(request.path_parameters["file_name"])
    return to_download_request(request, public_id, result_object_key(public_id, file_name))


def _is_image_type(text: str) -> bool:
    kind, _, subtype = text.partition("/")
    # RFC 6838 §4.2: what a subtype's name is made of.
    allowed = subtype.replace("+", "").replace("-", "").replace(".", "")
    return kind == "image" and allowed.isascii() and allowed.isalnum()


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
    return Operation.COMPRESS_CONVERT if reader.text(fields.COMPRESSION) else Operation.CONVERT


def _read_inputs(reader: FormReader) -> tuple[Input, ...]:
    kind = reader.text(fields.TYPE)
    if kind in {"url", "urls"}:
        return _read_links(reader, fields.URLS if kind == "urls" else (fields.URL,))
    if kind in {"file", "files"}:
        return _read_uploads(reader, fields.FILES if kind == "files" else (fields.FILE,))
    if kind == fields.UPLOAD_TYPE:
        return _read_references(reader)
    words = ", ".join(fields.SOURCE_TYPES)
    reader.complain(fields.TYPE, f"The type field is required and must be one of: {words}.")
    reader.complain(
        fields.TYPE,
        f"Or {fields.UPLOAD_TYPE}, for an upload_id that POST {MegaOptimPath.UPLOADS} granted.",
    )
    return ()


def _read_links(reader: FormReader, candidates: tuple[Field, ...]) -> tuple[Link, ...]:
    urls = [reader.url(field) for field in _sent(reader, candidates)]
    credentials = _read_credentials(reader)
    return tuple(
        Link(file_name=name_from_url(url), url=url, credentials=credentials) for url in urls if url
    )


def _read_uploads(reader: FormReader, candidates: tuple[Field, ...]) -> tuple[Upload, ...]:
    uploads = [reader.upload(field) for field in _sent(reader, candidates)]
    return tuple(upload for upload in uploads if upload)


def _read_references(reader: FormReader) -> tuple[UploadReference, ...]:
    sent = [field for field in (fields.UPLOAD_ID, *fields.UPLOAD_IDS) if reader.text(field)]
    if not sent:
        reader.complain(
            fields.UPLOAD_ID,
            "The upload_id field is required and must be an id that POST /v1/uploads gave.",
        )
    return tuple(
        UploadReference(field=field.name, upload_id=reader.text(field))
        for field in sent[:MAX_IMAGES_PER_JOB]
    )


def _sent(reader: FormReader, candidates: tuple[Field, ...]) -> list[Field]:
    """Return the required fields, and those of the others that were sent."""
    return [field for field in candidates if field.is_required or reader.has(field)]


def _read_credentials(reader: FormReader) -> Credentials | None:
    user, password = reader.text(fields.HTTP_USER), reader.raw(fields.HTTP_PASS)
    if not user:
        return None
    if not password or password.strip() == OFF:
        reader.complain(fields.HTTP_PASS, "The http_pass field is required when http_user is set.")
        return None
    return Credentials(user=user, password=password)


def _read_options(reader: FormReader, target_format: str | None) -> ImageOptions:
    return ImageOptions(
        compression=reader.choice(fields.COMPRESSION) or Compression.MEDIUM,
        target_format=target_format,
        also_webp=reader.flag(fields.WEBP) and target_format is None,
        keep_exif=reader.flag(fields.KEEP_EXIF),
        cmyk_to_rgb=reader.flag(fields.CMYK_TO_RGB),
        max_width=reader.pixels(fields.MAX_WIDTH),
        max_height=reader.pixels(fields.MAX_HEIGHT),
    )
