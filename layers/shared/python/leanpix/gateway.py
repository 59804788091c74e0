"""Turn API Gateway's events into requests, and responses into its answers.

See "Input format of a Lambda function for proxy integration" in the API Gateway guide.
"""

from __future__ import annotations

import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from leanpix import deadline
from leanpix.bootstrap import settings
from leanpix.contract import (
    FILE_ORIGIN_PATHS,
    LINK_HEADER,
    SECURITY_HEADERS,
    Api,
    ErrorName,
    MegaOptimPath,
    MetricName,
    find_link,
    find_route,
    routes_of,
)
from leanpix.dialects.dialect import Dialect, RenderError, find_dialect
from leanpix.domain.errors import LeanpixError
from leanpix.http import Request, Response
from leanpix.metrics import count, count_internal_error
from leanpix.observability import begin_log, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Handle = Callable[[Request], Response]
TellHeaders = Callable[[Request], Mapping[str, str]]
LambdaHandler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any]]

COMMON_HEADERS: Final = {
    # Any page may call, without credentials: the key has a header of its own.
    "Access-Control-Allow-Origin": "*",
    **SECURITY_HEADERS,
}
_NO_FILE: Final = (MegaOptimPath.IMAGE, {"public_id": "", "file_name": ""})
"""The link of a call that came to the path of an object by itself."""


def serves(
    *, render_error: RenderError | None = None, add_headers: TellHeaders | None = None
) -> Callable[[Handle], LambdaHandler]:
    """Make a Lambda handler of a function from request to response.

    A `LeanpixError` is answered in the words of the route's API. Any other exception is logged
    whole and answered as an internal error.

    Args:
        render_error: renders the errors of a handler that serves several APIs alike.
        add_headers: returns what every answer carries besides, an error too.
    """

    def decorate(handle: Handle) -> LambdaHandler:
        @wraps(handle)
        def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
            started = time.perf_counter()
            begin_log(
                request_id=context.aws_request_id,
                # API Gateway sends it to the client too, as x-amzn-RequestId.
                correlation_id=(event.get("requestContext") or {}).get("requestId"),
            )
            deadline.begin(context.get_remaining_time_in_millis() / 1000)
            request = read_event(event)
            dialect = _dialect_of(request)
            job_id = _named_job(request, dialect)
            if job_id is not None:
                logger.append_keys(job_id=job_id)
            response = _answer(handle, request, render_error or dialect.render_error)
            if add_headers:
                response = _with_headers(response, add_headers, request)
            milliseconds = (time.perf_counter() - started) * 1000
            _log_answer(request, response, milliseconds)
            return to_result(response, milliseconds=milliseconds)

        return handler

    return decorate


def read_event(event: Mapping[str, Any]) -> Request:
    """Return the request in an event of a REST API's proxy integration."""
    body = event.get("body") or ""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    headers = _read_headers(event)
    route, parameters = event.get("resource") or event["path"], event.get("pathParameters") or {}
    if route in FILE_ORIGIN_PATHS:
        route, parameters = find_link(headers.get(LINK_HEADER.lower(), "")) or _NO_FILE
    return Request(
        method=event["httpMethod"],
        path=event["path"],
        route=route,
        path_parameters=parameters,
        query=event.get("queryStringParameters") or {},
        headers=headers,
        body=b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        account_id=authorizer.get("accountId"),
    )


def _read_headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers; of one that was sent several times, the values in order.

    `headers` has the last of them alone. RFC 9110 §5.3 joins them by a comma.
    """
    sent = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    for name, values in (event.get("multiValueHeaders") or {}).items():
        if len(values) > 1:
            sent[name.lower()] = ", ".join(values)
    return sent


def to_result(response: Response, *, milliseconds: float) -> dict[str, Any]:
    """Return the result that API Gateway expects of a function, its body as base64."""
    return {
        "statusCode": response.status,
        "headers": {
            **COMMON_HEADERS,
            # The duration of the handler, for measurements from outside (Server Timing, W3C).
            "Server-Timing": f"handler;dur={milliseconds:.1f}",
            **response.headers,
        },
        "body": b64encode(response.body).decode(),
        "isBase64Encoded": True,
    }


def require_account(request: Request) -> str:
    """Return the caller's account, which the authorizer has found.

    Raises:
        LeanpixError: `INVALID_API_KEY_ON_ACCOUNT`, there is none. The authorizer and API Gateway
            should have refused the call already.
    """
    if not request.account_id:
        raise LeanpixError(ErrorName.INVALID_API_KEY_ON_ACCOUNT)
    return request.account_id


def _log_answer(request: Request, response: Response, milliseconds: float) -> None:
    logger.info(
        "request",
        method=request.method,
        resource=request.route,
        status=response.status,
        account_id=request.account_id,
        milliseconds=round(milliseconds, 1),
    )


def _with_headers(response: Response, tell: TellHeaders, request: Request) -> Response:
    """Return the response with more headers, or as it is where these cannot be told."""
    try:
        return replace(response, headers={**response.headers, **tell(request)})
    except Exception:  # noqa: BLE001 - what was done must be answered, headers or not
        logger.exception("headers left out")
        count_internal_error()
        return response


def _dialect_of(request: Request) -> Dialect:
    routes = routes_of(request.route)
    return find_dialect(routes[0].api if routes else Api.LEANPIX)


def _check_method(request: Request) -> None:
    """Refuse the methods that a path has not, which API Gateway sends to one of the functions."""
    if find_route(request.method, request.route) is None:
        methods = sorted({*(route.method for route in routes_of(request.route)), "OPTIONS"})
        raise LeanpixError(ErrorName.METHOD_NOT_ALLOWED, methods=", ".join(methods))


def _named_job(request: Request, dialect: Dialect) -> int | None:
    """Return the id of the job that a path names, for the log."""
    named = request.path_parameters.get(dialect.job_parameter or "", "")
    return int(named) if re.fullmatch(r"[0-9]{1,16}", named) else None


def _answer(handle: Handle, request: Request, render_error: RenderError) -> Response:
    try:
        _check_method(request)
        return handle(request)
    except LeanpixError as error:
        if error.name is ErrorName.WAIT_TIMED_OUT:
            count(MetricName.WAITS_TIMED_OUT)
        return render_error(error, site_url=settings().site_url)
    except Exception:  # noqa: BLE001 - the boundary: the client gets the catalogue's text for any fault
        logger.exception("unexpected")
        count_internal_error()
        return render_error(LeanpixError(ErrorName.INTERNAL), site_url=settings().site_url)
