"""Read TinyJPG's requests: one uploaded image and a quality."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from leanpix.contract import Api, TinyJpgPath
from leanpix.dialects.downloads import to_download_request
from leanpix.dialects.form_reader import FormReader, to_whole
from leanpix.dialects.identifiers import read_idempotency_key
from leanpix.dialects.tinyjpg import fields
from leanpix.domain.file_names import clean_file_name
from leanpix.domain.options import ImageOptions, Operation
from leanpix.domain.results import result_object_key, upload_object_key
from leanpix.domain.submission import Submission, Upload
from leanpix.forms import parse_form

if TYPE_CHECKING:
    from leanpix.domain.results import DownloadRequest
    from leanpix.http import Request


def parse_submission(request: Request, *, account_id: str) -> Submission:
    """Return the submission in a request to optimize.

    Raises:
        LeanpixError: the request has at least one problem; the error names them all, by field.
    """
    reader = FormReader(parse_form(request, file_names={fields.IMAGE.name}))
    upload = _read_image(reader)
    quality = _read_quality(reader)
    reader.check()
    return Submission(
        account_id=account_id,
        api=Api.TINYJPG,
        operation=Operation.COMPRESS,
        options=ImageOptions(quality=quality),
        inputs=(upload,) if upload else (),
        always_has_result=True,
        idempotency_key=read_idempotency_key(request),
    )


def parse_download(request: Request) -> DownloadRequest:
    """Return the file that a link names: the public id, a hyphen, the file name."""
    # Stored names hold no percent sign, so a name that was decoded already stays as it is.
    public_id, _, file_name = unquote(request.path_parameters["name"]).partition("-")
    is_original = request.route == TinyJpgPath.ORIGINAL
    key = upload_object_key(public_id) if is_original else result_object_key(public_id, file_name)
    return to_download_request(request, public_id, key, may_come=not is_original)


def _read_image(reader: FormReader) -> Upload | None:
    if not reader.has(fields.IMAGE):
        reader.complain(fields.IMAGE, "The image field is required.")
        return None
    file = reader.file(fields.IMAGE)
    if file is None or not file.data:
        reader.complain(fields.IMAGE, "The image field must be an image file.")
        return None
    return Upload(
        file_name=clean_file_name(file.file_name), data=file.data, field=fields.IMAGE.name
    )


def _read_quality(reader: FormReader) -> int | None:
    field = fields.QUALITY
    lowest, highest = field.minimum or 0, field.maximum or 0
    quality = to_whole(reader.raw(field).strip() or field.default or "")
    if quality is None or not lowest <= quality <= highest:
        reader.complain(field, f"The quality must be between {lowest} and {highest}.")
        return None
    return quality
