"""Write TinyJPG's responses to the letter of its document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from leanpix.contract import TinyJpgPath
from leanpix.dialects.bodies import error_headers, fill_text, render
from leanpix.dialects.tinyjpg import models
from leanpix.dialects.tinyjpg.errors import TINYJPG_ERRORS
from leanpix.domain.jobs import ImageState, UrlSource
from leanpix.domain.ledger import month_of, next_month_starts_at
from leanpix.domain.results import upload_object_key

if TYPE_CHECKING:
    from leanpix.domain.accounts import Standing, Usage
    from leanpix.domain.errors import LeanpixError
    from leanpix.domain.jobs import Image, Job, Outcome
    from leanpix.http import Response

ACCEPTED_TEXT = "Image uploaded and queued for optimization"
FAILED_TEXT = "The image could not be optimized: {reason}."


def render_accepted(
    job: Job, *, base_url: str, original_bytes: int, estimated_bytes: int
) -> Response:
    """Return 200 with the id and the links of the image."""
    image = job.images[0]
    return render(
        models.Accepted(
            message=ACCEPTED_TEXT,
            data=models.AcceptedImage(
                image_id=job.job_id,
                original_url=_file_url(TinyJpgPath.ORIGINAL, image, image.file_name, base_url),
                optimized_url=_file_url(TinyJpgPath.OPTIMIZED, image, image.file_name, base_url),
                original_size=original_bytes,
                estimated_optimized_size=estimated_bytes,
            ),
        )
    )


def render_job(job: Job, *, base_url: str) -> Response:
    """Return 200 with the status of the image, and its result once it has ended."""
    image = job.images[0]
    status = _tell_status(image)
    original_url = _original_url(image, base_url)
    optimized_url = None if status == "failed" else _optimized_url(image, base_url)
    outcome = image.outcome
    if status == "completed" and outcome:
        optimized_bytes = outcome.main.bytes if outcome.main else outcome.original_bytes
        data = models.ImageStatus(
            image_id=job.job_id,
            status=status,
            original_size=outcome.original_bytes,
            optimized_size=optimized_bytes,
            compression_ratio=percent_saved(outcome.original_bytes, optimized_bytes),
            processing_time=round(outcome.seconds, 2),
            original_url=original_url,
            optimized_url=optimized_url,
        )
    else:
        data = models.ImageStatus(
            image_id=job.job_id,
            status=status,
            original_url=original_url,
            optimized_url=optimized_url,
            message=_tell_failure(outcome) if status == "failed" else None,
        )
    return render(models.Status(data=data))


def render_usage(standing: Standing, *, now: float) -> Response:
    """Return 200 with the usage of this month and of the last twelve."""
    months = standing.recent_months(now=now)
    optimized = sum(usage.optimized_images for usage in months)
    types: dict[str, int] = {}
    for usage in months:
        for name, count in usage.images_by_type.items():
            types[name] = types.get(name, 0) + count
    data = models.UsageData(
        current_month=_to_month(months[0]),
        months=[_to_month(usage) for usage in months],
        types=types,
        compression=models.CompressionStatistics(
            mean_ratio=round(sum(usage.saved_percent_sum for usage in months) / optimized, 2)
            if optimized
            else 0.0,
            best_ratio=max((usage.best_saved_percent for usage in months), default=0),
            total_saved=sum(usage.bytes_in - usage.bytes_out for usage in months),
        ),
    )
    return render(models.Usage(data=data))


def render_stats(standing: Standing, *, now: float) -> Response:
    """Return 200 with the plan and the quota of this month.

    `monthly_limit` is the sum of the used and the remaining tokens, so it includes top-ups.
    """
    account = standing.account
    used = standing.used_in(month_of(now))
    remaining = None if account.is_unlimited else account.tokens
    resets_at = datetime.fromtimestamp(next_month_starts_at(now), UTC)
    data = models.StatsData(
        plan=account.plan,
        monthly_limit=None if remaining is None else used + remaining,
        used=used,
        remaining=remaining,
        resets_at=resets_at.isoformat().replace("+00:00", "Z"),
    )
    return render(models.Stats(data=data))


def render_error(error: LeanpixError, *, site_url: str) -> Response:
    """Return an error in TinyJPG's envelope, the problems of a request by field."""
    entry = TINYJPG_ERRORS[error.name]
    by_field: dict[str, list[str]] = {}
    for problem in error.problems:
        by_field.setdefault(problem.field, []).append(problem.text)
    return render(
        models.Error(message=fill_text(entry, error, site_url=site_url), errors=by_field or None),
        status=entry.status,
        headers=error_headers(entry, error),
    )


def percent_saved(bytes_in: int, bytes_out: int) -> float:
    """Return the saved bytes in percent of the original."""
    return round((bytes_in - bytes_out) * 100 / bytes_in, 2) if bytes_in else 0.0


def _original_url(image: Image, base_url: str) -> str | None:
    """Return the link to the original, or the URL that it was fetched from."""
    if isinstance(image.source, UrlSource):
        return image.source.url
    if image.source.object_key != upload_object_key(image.public_id):
        # Uploaded to S3 by the client itself: it is not handed out.
        return None
    return _file_url(TinyJpgPath.ORIGINAL, image, image.file_name, base_url)


def _optimized_url(image: Image, base_url: str) -> str | None:
    """Return the link to the result, or to the original if there is no smaller file."""
    main = image.outcome.main if image.outcome else None
    if image.state is ImageState.DONE and main is None and not image.always_has_result:
        return _original_url(image, base_url)
    file_name = main.file_name if main else image.file_name
    return _file_url(TinyJpgPath.OPTIMIZED, image, file_name, base_url)


def _file_url(path: str, image: Image, file_name: str, base_url: str) -> str:
    return base_url + path.format(name=quote(f"{image.public_id}-{file_name}", safe=""))


def _tell_status(image: Image) -> Literal["processing", "completed", "failed"]:
    if not image.state.is_final:
        return "processing"
    is_refused = image.outcome is not None and image.outcome.is_refused
    return "failed" if is_refused or image.state is ImageState.FAILED else "completed"


def _tell_failure(outcome: Outcome | None) -> str:
    reason = outcome.reason if outcome and outcome.reason else "internal_error"
    return FAILED_TEXT.format(reason=reason.replace("_", " "))


def _to_month(usage: Usage) -> models.MonthUsage:
    return models.MonthUsage(
        month=usage.month,
        images=usage.images,
        bytes_in=usage.bytes_in,
        bytes_out=usage.bytes_out,
        bytes_saved=usage.bytes_in - usage.bytes_out,
    )
