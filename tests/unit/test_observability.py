"""Test that a job's history can be read from the logs and counted."""

from __future__ import annotations

import io
import json
import logging
import time
from dataclasses import dataclass, replace
from typing import Any

import pytest

from leanpix.contract import CORRELATION_ATTRIBUTE, ErrorName, MetricName
from leanpix.domain.callbacks import CallbackState
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import Image, ImageState, Outcome, Rendition, UploadedSource
from leanpix.domain.options import ImageOptions
from leanpix.gateway import serves
from leanpix.http import Response
from leanpix.messages import handle_batch
from leanpix.metrics import count_image, count_sweep, report_anomaly
from leanpix.observability import begin_log, logger
from leanpix.services.recovery import SweepReport

Lines = list[dict[str, Any]]


@dataclass
class Context:
    """Lambda's context, as far as it is read."""

    aws_request_id: str = "lambda-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEANPIX_SITE_URL", "https://site.example")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Leanpix/test")


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a reader of what was logged and measured since it was asked last."""
    logged = io.StringIO()
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", logged)

    def read() -> Lines:
        lines = [*logged.getvalue().splitlines(), *capsys.readouterr().out.splitlines()]
        logged.seek(0)
        logged.truncate()
        return [json.loads(line) for line in lines]

    return read


def metrics_in(lines: Lines) -> list[tuple[str, float, dict[str, str]]]:
    """Return each metric's name, value and dimensions."""
    found = []
    for line in lines:
        for block in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            assert block["Namespace"] == "Leanpix/test"
            (dimensions,) = block["Dimensions"]
            named = {name: line[name] for name in dimensions}
            found += [(each["Name"], line[each["Name"]][0], named) for each in block["Metrics"]]
    return found


def logs_in(lines: Lines) -> Lines:
    return [line for line in lines if "_aws" not in line]


def sqs_event(correlation_id: str | None = None, *, waited_seconds: float = 0) -> dict[str, Any]:
    attribute = {"stringValue": correlation_id, "dataType": "String"}
    return {
        "Records": [
            {
                "messageId": "message-1",
                "body": '{"job_id": 7, "index": 0}',
                "attributes": {"SentTimestamp": str(int((time.time() - waited_seconds) * 1000))},
                "messageAttributes": (
                    {CORRELATION_ATTRIBUTE: attribute} if correlation_id else {}
                ),
                "eventSource": "aws:sqs",
            }
        ]
    }


def api_event(path: str = "/v1/optimize/7/result") -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": path,
        "resource": "/v1/optimize/{process_id}/result",
        "pathParameters": {"process_id": "7"},
        "headers": {},
        "body": "",
        "requestContext": {"requestId": "api-1", "authorizer": {"accountId": "acc_1"}},
    }


def make_image(state: ImageState = ImageState.DONE, **outcome: Any) -> Image:
    facts = {"original_bytes": 1_000, "format": "jpg", "original_format": "jpg", "seconds": 0.5}
    return Image(
        job_id=7,
        index=0,
        account_id="acc_1",
        public_id="p",
        file_name="a.jpg",
        source=UploadedSource(object_key="uploads/p"),
        options=ImageOptions(),
        state=state,
        outcome=Outcome(**{**facts, **outcome}),
    )


SMALLER = Rendition(file_name="a.jpg", format="jpg", bytes=400)


def test_a_message_is_logged_under_the_request_that_it_goes_back_to(written: Any) -> None:
    handle_batch(sqs_event("api-1"), Context(), lambda *_: None)  # type: ignore[arg-type]  # Context has what the code reads
    (line,) = logs_in(written())
    assert line["correlation_id"] == "api-1"
    assert line["request_id"] == "lambda-1"
    assert line["message_id"] == "message-1"
    assert line["job_id"] == 7


def test_a_message_without_a_request_is_logged_under_its_own_call(written: Any) -> None:
    handle_batch(sqs_event(), Context(), lambda *_: None)  # type: ignore[arg-type]  # Context has what the code reads
    (line,) = logs_in(written())
    assert line["correlation_id"] == "lambda-1"


def test_a_request_is_logged_under_the_id_that_the_client_is_told(written: Any) -> None:
    serves()(lambda _: Response(status=200))(api_event(), Context())  # type: ignore[arg-type]  # Context has what the code reads
    (line,) = logs_in(written())
    assert line["correlation_id"] == "api-1"
    assert line["job_id"] == 7
    assert logger.get_correlation_id() == "api-1"


def test_what_was_said_of_one_call_is_not_said_of_the_next(written: Any) -> None:
    handle_batch(sqs_event("api-1"), Context(), lambda *_: None)  # type: ignore[arg-type]  # Context has what the code reads
    written()
    begin_log(request_id="lambda-2")
    logger.info("next")
    (line,) = logs_in(written())
    assert "job_id" not in line
    assert "message_id" not in line


def test_how_long_a_message_waited_is_measured(written: Any) -> None:
    handle_batch(sqs_event(waited_seconds=30), Context(), lambda *_: None)  # type: ignore[arg-type]  # Context has what the code reads
    ((name, seconds, dimensions),) = metrics_in(written())
    assert name == MetricName.QUEUE_SECONDS
    assert 29 < seconds < 35
    assert set(dimensions) == {"service"}


def test_an_unexpected_fault_is_counted(written: Any) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    answer = handle_batch(sqs_event(), Context(), fail)  # type: ignore[arg-type]  # Context has what the code reads
    assert len(answer["batchItemFailures"]) == 1
    assert (MetricName.INTERNAL_ERRORS, 1, {}) in metrics_in(written())
    serves()(fail)(api_event(), Context())  # type: ignore[arg-type]  # Context has what the code reads
    assert (MetricName.INTERNAL_ERRORS, 1, {}) in metrics_in(written())


def test_an_unexpected_fault_is_counted_by_its_version_too(
    written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_VERSION", "42")

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    serves()(fail)(api_event(), Context())  # type: ignore[arg-type]  # Context has what the code reads
    dimensions = {"service": logger.service, "version": "42"}
    assert (MetricName.INTERNAL_ERRORS, 1, dimensions) in metrics_in(written())


def test_a_poll_whose_time_is_up_is_counted_apart_from_errors(written: Any) -> None:
    def time_out(_: Any) -> Response:
        raise LeanpixError(ErrorName.WAIT_TIMED_OUT, wait_seconds=80)

    serves()(time_out)(api_event(), Context())  # type: ignore[arg-type]  # Context has what the code reads
    assert metrics_in(written()) == [(MetricName.WAITS_TIMED_OUT, 1, {})]


def test_an_image_is_counted_by_format_and_level(written: Any) -> None:
    count_image(make_image(main=SMALLER))
    lines = written()
    dimensions = {"format": "jpg", "level": "medium"}
    assert metrics_in(lines) == [
        (MetricName.IMAGE_SECONDS, 0.5, dimensions),
        (MetricName.BYTES_SAVED, 600, dimensions),
    ]
    assert logs_in(lines)[0]["saved_bytes"] == 600


def test_an_image_that_was_kept_is_counted_by_its_reason(written: Any) -> None:
    count_image(make_image(reason="no_savings"))
    assert (MetricName.IMAGES_KEPT, 1, {"reason": "no_savings"}) in metrics_in(written())


def test_a_failed_image_is_counted_for_the_alarm_and_by_its_reason(written: Any) -> None:
    count_image(make_image(ImageState.FAILED, reason="internal_error"))
    assert metrics_in(written()) == [
        (MetricName.IMAGES_FAILED, 1, {}),
        (MetricName.IMAGES_FAILED, 1, {"reason": "internal_error"}),
    ]


def test_what_a_client_makes_up_is_no_dimension(written: Any) -> None:
    """Each value of a dimension is a metric that costs money."""
    count_image(make_image(original_format="exe1234", reason="Whatever a/b"))
    dimensions = [named for _, _, named in metrics_in(written())]
    assert {named.get("format", "other") for named in dimensions} == {"other"}
    assert {named.get("reason", "other") for named in dimensions} == {"other"}


def test_an_image_that_had_ended_before_is_not_counted_again(written: Any) -> None:
    count_image(None)
    count_image(replace(make_image(), outcome=None))
    assert written() == []


def test_a_sweep_counts_what_it_found_and_is_silent_where_it_found_nothing(written: Any) -> None:
    count_sweep(SweepReport())
    assert written() == []
    count_sweep(SweepReport(resent=2, given_up=1, announced=3, postponed=9))
    names = metrics_in(written())
    assert names[:1] == [(MetricName.SWEEPER_FINDS, 6, {})]
    assert (MetricName.IMAGES_FAILED, 1, {}) in names


def test_an_anomaly_of_the_ledger_is_logged_and_counted(written: Any) -> None:
    report_anomaly("a refund found no account", job_id=7)
    lines = written()
    assert logs_in(lines)[0]["message"] == "ledger anomaly"
    assert metrics_in(lines) == [(MetricName.LEDGER_ANOMALIES, 1, {})]


def test_every_state_of_a_callback_is_short_enough_to_be_a_dimension() -> None:
    assert {state.value for state in CallbackState} == {"delivered", "failed", "pending"}


def test_what_a_service_logs_is_written_like_all_else(written: Any) -> None:
    begin_log(request_id="lambda-1", correlation_id="api-1")
    facts = {"job_id": 7, "why": "https://host/a?token=secret"}
    logging.getLogger("leanpix.services.recovery").warning("left", extra=facts)
    (line,) = logs_in(written())
    assert (line["message"], line["level"]) == ("left", "WARNING")
    assert (line["job_id"], line["correlation_id"]) == (7, "api-1")
    assert "secret" not in line["why"]


def test_a_sweep_counts_the_anomalies_that_it_found(written: Any) -> None:
    count_sweep(SweepReport(anomalies=2))
    assert metrics_in(written()) == [(MetricName.LEDGER_ANOMALIES, 2, {})]


def test_a_sweep_counts_what_it_could_not_read(written: Any) -> None:
    count_sweep(SweepReport(unreadable=3))
    assert metrics_in(written()) == [(MetricName.UNREADABLE_RECORDS, 3, {})]
