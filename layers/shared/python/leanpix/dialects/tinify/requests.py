"""Read Tinify's requests for an image: the upload, the URL, the id of an output."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

from leanpix.contract import (
    MAX_INLINE_BYTES,
    MAX_URL_CHARACTERS,
    PHOTO_FORMATS,
    Api,
    ErrorName,
)
from leanpix.dialects.tinify.errors import (
    INPUT_MISSING,
    JSON_INVALID,
    SOURCE_NOT_FOUND,
    RefusedError,
)
from leanpix.domain.errors import LeanpixError
from leanpix.domain.options import ImageOptions, Operation
from leanpix.domain.results import DownloadRequest
from leanpix.domain.submission import Link, Submission, Upload
from leanpix.domain.web_addresses import AddressInvalidError, parse_address
from leanpix.http import JSON_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanpix.domain.estimates import ImageFacts
    from leanpix.domain.submission import Input
    from leanpix.http import Request

ACCEPTED_FORMATS: Final = frozenset(PHOTO_FORMATS) - {"gif"}
"""The formats that Tinify's API takes, by their names in the contract."""
FILE_NAME: Final = "image"
"""The name of every result: this API knows no file names."""
RESEND_SECONDS: Final = 60
"""For how long the same request of an account is one job: the SDKs send again after half a second,
without a name for it."""
_JOB_DIGITS: Final = 14
_OUTPUT_ID: Final = re.compile(r"([0-9a-f]{14})([0-9a-f]{40})")


def parse_submission(
    request: Request,
    *,
    account_id: str,
    probe: Callable[[bytes], ImageFacts | None],
    any_port: bool = False,
) -> Submission:
    """Return the submission in a request to shrink.

    The body's first bytes decide: clients send images under any content type, or none.

    Args:
        request: the request.
        account_id: the account of the key.
        probe: returns the facts in an image's headers, or None for a file that is no image.
        any_port: allows URLs with ports other than 80 and 443, as the local cloud does.

    Raises:
        LeanpixError: `TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`.
        RefusedError: there is no body, or it is no JSON with a URL.
    """
    body = request.body
    if not body:
        raise RefusedError(INPUT_MISSING, "File is empty")
    if len(body) > MAX_INLINE_BYTES:
        raise LeanpixError(ErrorName.TOO_LARGE)
    facts = probe(body)
    if facts and facts.format in ACCEPTED_FORMATS:
        upload = Upload(file_name=FILE_NAME, data=body, content_type=facts.content_type)
        return _to_submission(account_id, upload, name=hashlib.sha256(body).hexdigest())
    if facts is None and _is_json(request):
        url = _read_url(body, any_port=any_port)
        return _to_submission(account_id, Link(file_name=FILE_NAME, url=url), name=url)
    raise LeanpixError(ErrorName.UNSUPPORTED_MEDIA_TYPE)


def _to_submission(account_id: str, item: Input, *, name: str) -> Submission:
    return Submission(
        account_id=account_id,
        api=Api.TINIFY,
        operation=Operation.COMPRESS,
        options=ImageOptions(),
        inputs=(item,),
        always_has_result=True,
        idempotency_key=f"shrink {name}",
        idempotency_seconds=RESEND_SECONDS,
    )


def parse_output_id(request: Request) -> tuple[int, str]:
    """Return the job and the public id in the id of an output.

    Raises:
        LeanpixError: `JOB_NOT_FOUND`, it is no id of ours.
    """
    found = _OUTPUT_ID.fullmatch(request.path_parameters.get("output_id", ""))
    if not found:
        raise LeanpixError(ErrorName.JOB_NOT_FOUND)
    return int(found[1], 16), found[2]


def make_output_id(job_id: int, public_id: str) -> str:
    """Return the id of an output: the job, so that it is found, and 128 random bits."""
    return f"{job_id:0{_JOB_DIGITS}x}{public_id}"


def read_conditions(request: Request) -> DownloadRequest:
    """Return the conditions of a download, without its file."""
    if request.method == "POST":
        return DownloadRequest(object_key=None)
    return DownloadRequest(
        object_key=None,
        byte_range=request.headers.get("range", ""),
        if_range=request.headers.get("if-range", "").strip(),
        if_none_match=request.headers.get("if-none-match", ""),
        is_head=request.method == "HEAD",
    )


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body.

    Raises:
        RefusedError: it is none.
    """
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        refuse("The request body is no valid JSON")
    if not isinstance(values, dict):
        refuse("The request body must be a JSON object")
    return values


def refuse(text: str) -> NoReturn:
    """Refuse a JSON body.

    Raises:
        RefusedError: always.
    """
    raise RefusedError(JSON_INVALID, text)


def _is_json(request: Request) -> bool:
    # Some clients send two types, which reach us joined by a comma.
    kinds = re.split("[;,]", request.headers.get("content-type", "").lower())
    return JSON_TYPE in {kind.strip() for kind in kinds}


def _read_url(body: bytes, *, any_port: bool) -> str:
    source = read_object(body).get("source")
    url = source.get("url") if isinstance(source, dict) else None
    if not isinstance(url, str) or not url:
        refuse("The source must have a url")
    if len(url) <= MAX_URL_CHARACTERS and _is_address(url, any_port=any_port):
        return url
    raise RefusedError(SOURCE_NOT_FOUND, "Cannot parse URL")


def _is_address(url: str, *, any_port: bool) -> bool:
    try:
        url.encode()  # a lone surrogate is no text
        parse_address(url, any_port=any_port)
    except (AddressInvalidError, ValueError):
        return False
    return True
