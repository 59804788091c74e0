"""Write Tinify's responses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from leanpix.contract import FORMATS, TinifyPath
from leanpix.dialects.bodies import error_headers, fill_text, render
from leanpix.dialects.downloads import render_download
from leanpix.dialects.tinify import models
from leanpix.dialects.tinify.errors import TINIFY_ERRORS, RefusedError
from leanpix.dialects.tinify.requests import make_output_id

if TYPE_CHECKING:
    from leanpix.domain.accounts import Standing
    from leanpix.domain.errors import LeanpixError
    from leanpix.domain.jobs import Job, Outcome
    from leanpix.domain.results import Download
    from leanpix.domain.submission import Submission
    from leanpix.http import Response

COUNT_HEADER: Final = "Compression-Count"
FREE_PLAN: Final = "free"
_RATIO_DIGITS: Final = 4


def render_shrunk(job: Job, submission: Submission, *, base_url: str) -> Response:
    """Return 201 with the place of the output, and its facts where it is there."""
    image = job.images[0]
    path = TinifyPath.OUTPUT.format(output_id=make_output_id(job.job_id, image.public_id))
    url = base_url + path
    return render(
        models.Shrunk(
            input=_to_input(submission, image.outcome),
            output=_to_output(image.outcome, url) if image.outcome else None,
        ),
        status=201,
        # SDKs put their endpoint before any place that does not begin with https.
        headers={"Location": url if url.startswith("https:") else path},
    )


def render_output(job: Job, download: Download, *, now: float) -> Response:
    """Return the output itself, or where it is if it is too large for an answer."""
    response = render_download(download, now=now)
    return replace(response, headers={**response.headers, **_size_headers(job)})


def render_stored(job: Job, url: str) -> Response:
    """Return 200 with the place in the caller's store."""
    return render(models.Stored(), headers={"Location": url, **_size_headers(job)})


def render_key(standing: Standing) -> Response:
    """Return 200 about a key, with the facts of its account in the headers."""
    headers = {**count_headers(standing), "Email-Address": standing.account.email}
    return render(models.Key(), headers=headers)


def count_headers(standing: Standing | None) -> dict[str, str]:
    """Return what every answer says of the account: its count of this month, and what is left."""
    if standing is None:
        return {}
    account = standing.account
    headers = {
        COUNT_HEADER: str(standing.used_in(account.month)),
        "Paying-State": "free" if account.plan == FREE_PLAN else "paid",
    }
    if not account.is_unlimited:
        headers["Compression-Count-Remaining"] = str(account.tokens)
    return headers


def render_error(error: LeanpixError, *, site_url: str) -> Response:
    """Return an error in Tinify's envelope."""
    entry = TINIFY_ERRORS[error.name]
    if isinstance(error, RefusedError):
        body = models.Error(error=error.title, message=error.text)
    else:
        body = models.Error(error=entry.title, message=fill_text(entry, error, site_url=site_url))
    return render(body, status=entry.status, headers=error_headers(entry, error))


def _to_input(submission: Submission, outcome: Outcome | None) -> models.InputFile:
    if outcome:
        return models.InputFile(
            size=outcome.original_bytes, type=_content_type(outcome.original_format)
        )
    (item,) = submission.inputs
    data = getattr(item, "data", None)
    return models.InputFile(
        size=None if data is None else len(data), type=getattr(item, "content_type", None)
    )


def _to_output(outcome: Outcome, url: str) -> models.OutputFile:
    size = outcome.main.bytes if outcome.main else outcome.original_bytes
    return models.OutputFile(
        size=size,
        type=_content_type(outcome.format),
        width=outcome.width,
        height=outcome.height,
        ratio=round(size / outcome.original_bytes, _RATIO_DIGITS),
        url=url,
    )


def _content_type(image_format: str) -> str:
    return FORMATS[image_format].content_type


def _size_headers(job: Job) -> dict[str, str]:
    outcome = job.images[0].outcome
    if outcome is None or not outcome.width:
        return {}
    return {"Image-Width": str(outcome.width), "Image-Height": str(outcome.height)}
