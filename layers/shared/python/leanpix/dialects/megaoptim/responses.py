"""Write MegaOptim's responses to the letter of its document."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING
from urllib.parse import quote

from leanpix.contract import (
    APP_VERSION,
    ERRORS,
    FORMATS,
    UNKNOWN_FORMAT,
    WEBP,
    ErrorName,
    MegaOptimPath,
)
from leanpix.dialects.bodies import error_headers, fill_text, render
from leanpix.dialects.megaoptim import models
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanpix.domain.accounts import Account
    from leanpix.domain.jobs import FinishedJob, Image, Job, Rendition
    from leanpix.domain.submission import UploadGrant
    from leanpix.http import Request, Response

STRING_ID_USER_AGENT = "MegaOptim Python Client"
"""The client that concatenates the id to a URL and fails on an integer (docs/api-coverage.md)."""


def render_accepted(job: Job, request: Request, *, warnings: Sequence[str] = ()) -> Response:
    """Return 202 with the id for the polls."""
    wants_text = request.user_agent.startswith(STRING_ID_USER_AGENT)
    return render(
        models.Accepted(
            process_id=str(job.job_id) if wants_text else job.job_id,
            warnings=list(warnings) or None,
        ),
        status=202,
    )


def render_result(finished: FinishedJob, *, base_url: str) -> Response:
    """Return 200 with the result of each image, in the order of the submission."""
    job, account = finished.job, finished.account
    return render(
        models.Result(
            result=[_to_result(image, job, base_url) for image in job.images],
            id=job.job_id,
            user=models.ResultUser(name=account.name, email=account.email, tokens=account.tokens),
        )
    )


def render_callback(finished: FinishedJob, *, base_url: str, site_url: str) -> bytes:
    """Return the body of a callback: that of a poll, also where all images failed."""
    if finished.job.has_failed:
        failure = LeanpixError(ErrorName.OPTIMIZATION_FAILED)
        return render_error(failure, site_url=site_url).body
    return render_result(finished, base_url=base_url).body


def render_account(account: Account) -> Response:
    """Return 200 with the account's own data."""
    return render(
        models.AccountInfo(
            result=models.AccountUser(
                name=account.name,
                email=account.email,
                tokens=account.tokens,
                verified=1 if account.verified else 0,
            )
        )
    )


def render_upload_grant(grant: UploadGrant) -> Response:
    """Return 200 with the form for the upload."""
    return render(
        models.UploadGranted(
            upload_id=grant.upload_id,
            url=grant.url,
            fields=dict(grant.fields),
            expires_in=grant.expires_in_seconds,
        )
    )


def render_health() -> Response:
    """Return the response to `GET /`."""
    return render(models.Health())


def render_status() -> Response:
    """Return the response to `GET /status`."""
    software = models.Software(python=platform.python_version(), app=APP_VERSION)
    return render(models.Status(software=software))


def render_ping() -> Response:
    """Return the response to `GET /ping`."""
    return render(models.Pong())


def render_error(error: LeanpixError, *, site_url: str) -> Response:
    """Return an error in MegaOptim's envelope."""
    entry = ERRORS[error.name]
    texts = [problem.text for problem in error.problems]
    return render(
        models.Error(
            code=entry.status,
            errors=texts or [fill_text(entry, error, site_url=site_url)],
            hint=entry.hint,
        ),
        status=entry.status,
        headers=error_headers(entry, error),
    )


def image_url(public_id: str, file_name: str, *, base_url: str) -> str:
    """Return the link to a rendition, its name percent-encoded (RFC 3986)."""
    name = quote(file_name, safe="")
    return base_url + MegaOptimPath.IMAGE.format(public_id=public_id, file_name=name)


def _to_result(image: Image, job: Job, base_url: str) -> models.ImageResult:
    outcome = image.outcome or Outcome(original_bytes=0, format="")
    main = outcome.main
    saved_bytes, saved_percent = _savings(outcome, main)
    return models.ImageResult(
        success=main is not None,
        file_name=image.file_name,
        original_size=outcome.original_bytes,
        optimized_size=main.bytes if main else 0,
        saved_bytes=saved_bytes,
        saved_percent=saved_percent,
        url=image_url(image.public_id, main.file_name, base_url=base_url) if main else None,
        type=job.operation.value,
        format=outcome.format if outcome.format in FORMATS else UNKNOWN_FORMAT,
        reason=None if main else outcome.reason,
        detail=_to_sentence(outcome.detail) if outcome.detail else None,
        quality=main.quality if main else None,
        score=main.score if main else None,
        webp=_to_webp(image, outcome, base_url),
    )


def _to_sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _to_webp(image: Image, outcome: Outcome, base_url: str) -> models.WebpFile | None:
    webp = outcome.webp
    # "Left out when the target is WebP already" (docs/api-coverage.md).
    if webp is None or not image.options.also_webp or outcome.format == WEBP.name:
        return None
    saved_bytes, saved_percent = _savings(outcome, webp)
    return models.WebpFile(
        url=image_url(image.public_id, webp.file_name, base_url=base_url),
        saved_bytes=saved_bytes,
        optimized_size=webp.bytes,
        saved_percent=saved_percent,
    )


def _savings(outcome: Outcome, rendition: Rendition | None) -> tuple[int, float]:
    if rendition is None or outcome.original_bytes == 0:
        return 0, 0
    saved = outcome.original_bytes - rendition.bytes
    return saved, round(saved * 100 / outcome.original_bytes, 2)
