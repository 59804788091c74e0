"""Write the responses of our own routes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leanpix.contract import REASONS
from leanpix.dialects.bodies import render
from leanpix.dialects.leanpix import models
from leanpix.dialects.leanpix.requests import write_cursor
from leanpix.dialects.megaoptim.responses import image_url
from leanpix.domain.callbacks import to_standard_secret
from leanpix.domain.jobs import UrlSource
from leanpix.domain.ledger import next_month_starts_at
from leanpix.domain.options import ImageOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leanpix.domain.accounts import Account, KeyRecord, Usage
    from leanpix.domain.callbacks import Callback
    from leanpix.domain.jobs import Image, Job, JobPage, Outcome
    from leanpix.domain.usage import UsageReport
    from leanpix.http import Response


def render_job_page(page: JobPage, *, base_url: str) -> Response:
    """Return 200 with some jobs."""
    return render(
        models.JobsAnswer(
            result=[_to_job(job, base_url) for job in page.jobs],
            next_cursor=write_cursor(page.next_place) if page.next_place else None,
        )
    )


def render_job(job: Job, *, base_url: str) -> Response:
    """Return 200 with a job."""
    return render(models.JobAnswer(result=_to_job(job, base_url)))


def render_usage(report: UsageReport, *, now: float) -> Response:
    """Return 200 with the usage of each day, and the tokens as they stand."""
    account = report.account
    tokens = models.Tokens(
        plan=account.plan,
        left=account.tokens,
        used_this_month=account.current.month_spent,
        monthly=account.monthly_tokens,
        renews_at=_to_time(next_month_starts_at(now)),
    )
    days = [_to_day(usage) for usage in report.days]
    return render(models.UsageAnswer(result=models.UsageResult(tokens=tokens, days=days)))


def render_keys(account: Account, keys: Iterable[KeyRecord]) -> Response:
    """Return 200 with the keys of an account."""
    return render(
        models.KeysAnswer(
            result=models.KeysResult(
                keys=[_to_key(key) for key in keys],
                signing_secret=to_standard_secret(account.callback_secret),
            )
        )
    )


def render_created_key(key: KeyRecord, api_key: str) -> Response:
    """Return 201 with a new key, which nobody can read again."""
    created = models.CreatedKey(
        id=key.key_id,
        name=key.name,
        prefix=key.prefix,
        created_at=_to_time(key.created_at),
        last_used_on=None,
        api_key=api_key,
    )
    return render(models.CreatedKeyAnswer(result=created), status=201)


def render_revoked_key(key: KeyRecord) -> Response:
    """Return 200 with the key that works no more."""
    return render(models.RevokedKeyAnswer(result=_to_key(key)))


def _to_job(job: Job, base_url: str) -> models.OwnJob:
    outcomes = [image.outcome for image in job.images if image.outcome]
    return models.OwnJob(
        id=job.job_id,
        state=job.state.value,
        api=job.api,
        operation=job.operation.value,
        created_at=_to_time(job.created_at),
        expires_at=_to_time(job.expires_at),
        tokens=job.cost_tokens,
        original_size=sum(outcome.original_bytes for outcome in outcomes),
        saved_bytes=sum(map(_saved_bytes, outcomes)),
        images=[_to_image(image, base_url) for image in job.images],
        callback=_to_callback(job.callback) if job.callback else None,
    )


def _to_image(image: Image, base_url: str) -> models.OwnImage:
    outcome = image.outcome
    main = outcome.main if outcome else None
    reason = outcome.reason if outcome and not main else None
    saved = _saved_bytes(outcome) if outcome else 0
    entry = REASONS.get(reason) if reason else None
    return models.OwnImage(
        file_name=image.file_name,
        source=image.source.url if isinstance(image.source, UrlSource) else "upload",
        state=image.state.value,
        success=main is not None,
        original_size=outcome.original_bytes if outcome else None,
        optimized_size=main.bytes if main else None,
        saved_bytes=saved,
        saved_percent=(
            round(saved * 100 / outcome.original_bytes, 2)
            if outcome and outcome.original_bytes
            else 0.0
        ),
        original_format=(outcome.original_format or None) if outcome else None,
        format=main.format if main else None,
        url=image_url(image.public_id, main.file_name, base_url=base_url) if main else None,
        reason=reason,
        reason_text=entry.meaning if entry else None,
        what_to_do=entry.what_to_do if entry else None,
        detail=outcome.detail if outcome else None,
        quality=main.quality if main else None,
        score=main.score if main else None,
        seconds=round(outcome.seconds, 2) if outcome else None,
        tokens=image.cost_tokens,
        options=_to_options(image.options),
        webp=_to_webp(image, base_url),
    )


def _to_webp(image: Image, base_url: str) -> models.Webp | None:
    webp = image.outcome.webp if image.outcome else None
    if webp is None:
        return None
    url = image_url(image.public_id, webp.file_name, base_url=base_url)
    return models.Webp(url=url, optimized_size=webp.bytes)


def _to_options(options: ImageOptions) -> dict[str, object]:
    """Return the options that say more than that nothing was asked for, and the level."""
    usual = asdict(ImageOptions())
    told = {name: value for name, value in asdict(options).items() if value != usual[name]}
    return {"compression": options.compression.value, **told}


def _to_callback(callback: Callback) -> models.CallbackLog:
    return models.CallbackLog(
        url=callback.url,
        state=callback.state.value,
        attempts=callback.attempts,
        tries=[
            models.Try(at=_to_time(one.at), status=one.status, error=one.error)
            for one in callback.deliveries
        ],
    )


def _to_day(usage: Usage) -> models.DayUsage:
    return models.DayUsage(
        day=usage.day,
        images=usage.images,
        optimized_images=usage.optimized_images,
        failed_images=usage.failed_images,
        original_bytes=usage.bytes_in,
        saved_bytes=usage.bytes_in - usage.bytes_out,
        tokens=usage.charged_tokens,
        images_by_format=dict(usage.images_by_type),
    )


def _to_key(key: KeyRecord) -> models.OwnKey:
    return models.OwnKey(
        id=key.key_id,
        name=key.name,
        prefix=key.prefix,
        created_at=_to_time(key.created_at),
        last_used_on=key.last_used_on,
    )


def _to_time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _saved_bytes(outcome: Outcome) -> int:
    return outcome.original_bytes - outcome.main.bytes if outcome.main else 0
