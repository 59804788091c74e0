"""The one logger of all functions, and their metrics.

What they are given must hold no key, password or signed URL. Metrics are log lines in CloudWatch's
embedded metric format: no call, no delay. No dimension may come from a client: each of its values
is a metric that costs money.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from leanpix.contract import FORMATS, MetricName
from leanpix.redaction import scrub


def _to_json(entry: Mapping[str, Any]) -> str:
    """Return a log entry as Powertools writes it, without what looks like a secret."""
    return scrub(json.dumps(entry, default=str, separators=(",", ":"), ensure_ascii=False))


logger = Logger(json_serializer=_to_json)

_OTHER: Final = "other"


def begin_log(*, request_id: str, correlation_id: str | None = None, **keys: Any) -> None:
    """Forget what was said of the call before, and tie all that follows to this one.

    ``correlation_id`` is the id of the API request that it goes back to; it travels with every
    message. Where there is none, the call is where it begins.
    """
    logger.clear_state()
    logger.append_keys(request_id=request_id, **keys)
    logger.set_correlation_id(correlation_id or request_id)


def count(name: MetricName, number: int = 1) -> None:
    """Add to a counter without dimensions."""
    write_metrics({name: (MetricUnit.Count, number)})


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
    """Return a format as a dimension: what a client made up is ``other``."""
    return name if name in FORMATS else _OTHER


def known_reason(reason: str) -> str:
    """Return a reason as a dimension; all that there are look like this."""
    return reason if re.fullmatch(r"[a-z_]{1,40}", reason) else _OTHER
