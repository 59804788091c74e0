"""TinyJPG's requests: one uploaded image and a quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from leanpix.contract import Api
from leanpix.dialects.form_reader import FormReader, to_whole
from leanpix.domain.file_names import clean_file_name
from leanpix.domain.options import ImageOptions, Operation
from leanpix.domain.submission import Submission, Upload
from leanpix.forms import parse_form

if TYPE_CHECKING:
    from leanpix.http import Request

DEFAULT_QUALITY: Final = 80
MIN_QUALITY: Final = 1
MAX_QUALITY: Final = 100


def parse_submission(request: Request, *, account_id: str) -> Submission:
    """Return what a request to optimize asks for.

    Raises ``LeanpixError`` with every problem that the request has, by field.
    """
    reader = FormReader(parse_form(request))
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
    )


def _read_image(reader: FormReader) -> Upload | None:
    file = reader.form.files.get("image")
    if file is None and not reader.text("image"):
        reader.complain("image", "The image field is required.")
        return None
    if file is None or not file.data:
        reader.complain("image", "The image field must be an image file.")
        return None
    return Upload(file_name=clean_file_name(file.file_name), data=file.data)


def _read_quality(reader: FormReader) -> int:
    text = reader.text("quality")
    quality = to_whole(text) if text else DEFAULT_QUALITY
    if quality is None or not MIN_QUALITY <= quality <= MAX_QUALITY:
        reader.complain("quality", f"The quality must be between {MIN_QUALITY} and {MAX_QUALITY}.")
        return DEFAULT_QUALITY
    return quality
