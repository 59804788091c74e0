"""What services did, as metrics and one log line. Handlers call it with what services return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from leanpix.contract import MetricName
from leanpix.domain.jobs import ImageState, KeptReason
from leanpix.observability import (
    count,
    known_format,
    known_reason,
    logger,
    write_metrics,
)

if TYPE_CHECKING:
    from leanpix.domain.callbacks import CallbackState
    from leanpix.domain.jobs import Image, Outcome
    from leanpix.services.recovery import SweepReport


def count_image(image: Image | None) -> None:
    """Count an image that ended now; None ended before."""
    if image is None or image.outcome is None:
        return
    outcome, options = image.outcome, image.options
    level = "quality" if options.quality is not None else options.compression.value
    saved = _saved_bytes(outcome)
    logger.info(
        "image ended",
        state=image.state.value,
        format=outcome.format,
        compression=level,
        seconds=round(outcome.seconds, 3),
        original_bytes=outcome.original_bytes,
        saved_bytes=saved,
        reason=outcome.reason,
        attempts=image.attempts,
    )
    if image.state is ImageState.FAILED:
        _count_failed(outcome.reason or KeptReason.INTERNAL_ERROR.value)
        return
    write_metrics(
        {
            MetricName.IMAGE_SECONDS: (MetricUnit.Seconds, outcome.seconds),
            MetricName.BYTES_SAVED: (MetricUnit.Bytes, saved),
        },
        format=known_format(outcome.original_format),
        level=level,
    )
    if outcome.main is None and outcome.reason:
        write_metrics(
            {MetricName.IMAGES_KEPT: (MetricUnit.Count, 1)}, reason=known_reason(outcome.reason)
        )


def count_given_up(has_ended_now: bool) -> None:  # noqa: FBT001 - what the service returns
    """Count an image that was given up on, unless it had ended before."""
    if has_ended_now:
        _count_failed(KeptReason.INTERNAL_ERROR.value)


def count_callback(state: CallbackState | None) -> None:
    """Count a try to call back; None was none."""
    if state is not None:
        write_metrics({MetricName.CALLBACKS: (MetricUnit.Count, 1)}, state=state.value)


def count_sweep(report: SweepReport) -> None:
    """Count what a sweep had to heal."""
    found = report.resent + report.given_up + report.announced
    if found:
        count(MetricName.SWEEPER_FINDS, found)
    for _ in range(report.given_up):
        _count_failed(KeptReason.INTERNAL_ERROR.value)


def _count_failed(reason: str) -> None:
    # Without a dimension for the alarm, with one for whoever looks into it.
    count(MetricName.IMAGES_FAILED)
    write_metrics({MetricName.IMAGES_FAILED: (MetricUnit.Count, 1)}, reason=known_reason(reason))


def _saved_bytes(outcome: Outcome) -> int:
    return outcome.original_bytes - outcome.main.bytes if outcome.main else 0
