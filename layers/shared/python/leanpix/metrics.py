"""Count what services did: handlers call it with what services return.

Metrics are log lines in CloudWatch's embedded metric format: no call, no delay. No dimension may
come from a client: each of its values is a metric that costs money.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from leanpix.contract import FORMATS, MetricName
from leanpix.domain.jobs import ImageState, KeptReason
from leanpix.observability import logger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanpix.domain.callbacks import CallbackState
    from leanpix.domain.jobs import Image, Outcome
    from leanpix.services.recovery import SweepReport


_OTHER: Final = "other"


def count(name: MetricName, number: int = 1) -> None:
    """Add to a counter without dimensions."""
    write_metrics({name: (MetricUnit.Count, number)})


def count_internal_error() -> None:
    """Count an exception nobody expected: for the stage, and by the version in which it came up.

    A canary is taken back by what the new version does, not by what the old one does beside it.
    """
    count(MetricName.INTERNAL_ERRORS)
    write_metrics(
        {MetricName.INTERNAL_ERRORS: (MetricUnit.Count, 1)},
        service=logger.service,
        version=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    )


def report_anomaly(what: str, **details: Any) -> None:
    """Tell the operator that tokens and images may not agree (docs/operations.md)."""
    logger.error("ledger anomaly", what=what, **details)
    count(MetricName.LEDGER_ANOMALIES)


def write_metrics(
    values: Mapping[MetricName, tuple[MetricUnit, float]], **dimensions: str
) -> None:
    """Write metrics that share their dimensions."""
    metrics = EphemeralMetrics(
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Leanpix"),
        # Powertools would add the service to every metric's dimensions otherwise.
        service="",
    )
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for metric, (unit, number) in values.items():
        metrics.add_metric(metric.value, unit, number)
    metrics.flush_metrics()


def known_format(name: str) -> str:
    """Return a format as a dimension: what a client made up is `other`."""
    return name if name in FORMATS else _OTHER


def known_reason(reason: str) -> str:
    """Return a reason as a dimension; all that there are look like this."""
    return reason if re.fullmatch(r"[a-z_]{1,40}", reason) else _OTHER


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
    if report.anomalies:
        count(MetricName.LEDGER_ANOMALIES, report.anomalies)
    if report.unreadable:
        count(MetricName.UNREADABLE_RECORDS, report.unreadable)
    for _ in range(report.given_up):
        _count_failed(KeptReason.INTERNAL_ERROR.value)


def _count_failed(reason: str) -> None:
    # Without a dimension for the alarm, with one for whoever looks into it.
    count(MetricName.IMAGES_FAILED)
    write_metrics({MetricName.IMAGES_FAILED: (MetricUnit.Count, 1)}, reason=known_reason(reason))


def _saved_bytes(outcome: Outcome) -> int:
    return outcome.original_bytes - outcome.main.bytes if outcome.main else 0
