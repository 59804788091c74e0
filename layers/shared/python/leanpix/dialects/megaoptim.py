"""MegaOptim's responses, to the letter of its document."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from leanpix.contract import APP_VERSION
from leanpix.domain.jobs import FinishedJob, Image, Job, Outcome, Rendition
from leanpix.http import Request, Response, json_response

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from leanpix.domain.errors import LeanpixError

STRING_ID_USER_AGENT = "MegaOptim Python Client"
"""That client concatenates the id to a URL and fails on an integer (RESOLUTIONS)."""


def render_accepted(job: Job, request: Request) -> Response:
    """Return 202 with the id to poll for."""
    wants_text = request.user_agent.startswith(STRING_ID_USER_AGENT)
    return json_response(
        {
            "status": "processing",
            "code": 202,
            "process_id": str(job.job_id) if wants_text else job.job_id,
        },
        status=202,
    )


def render_result(finished: FinishedJob, *, base_url: str) -> Response:
    """Return 200 with a result for each image, in the order submitted."""
    job = finished.job
    return json_response(
        {
            "status": "ok",
            "code": 200,
            "result": [_render_image(image, job, base_url) for image in job.images],
            "id": job.job_id,
            "user": {
                "name": finished.account.name,
                "email": finished.account.email,
                "tokens": finished.account.tokens,
            },
        }
    )


def render_account(account: Account) -> Response:
    """Return 200 with the account's own data."""
    return json_response(
        {
            "status": "ok",
            "code": 200,
            "result": {
                "name": account.name,
                "email": account.email,
                "tokens": account.tokens,
                "verified": int(account.verified),
            },
        }
    )


def render_health() -> Response:
    """Return the body of ``GET /``."""
    return json_response({"status": 1})


def render_status() -> Response:
    """Return the body of ``GET /status``."""
    software = {"python": platform.python_version(), "app": APP_VERSION}
    return json_response({"status": "ok", "code": 200, "software": software})


def render_ping() -> Response:
    """Return the body of ``GET /ping``."""
    return json_response({"status": "ok", "code": 200})


def render_error(error: LeanpixError, *, site_url: str) -> Response:
    """Return an error in MegaOptim's envelope."""
    return json_response(
        {
            "status": "error",
            "code": error.entry.status,
            "errors": error.texts(site_url=site_url),
        },
        status=error.entry.status,
    )


def image_url(public_id: str, file_name: str, *, base_url: str) -> str:
    """Return where a rendition can be downloaded (RFC 3986 percent-encoding)."""
    return f"{base_url}/image/{public_id}/{quote(file_name, safe='')}"


def _render_image(image: Image, job: Job, base_url: str) -> dict[str, Any]:
    outcome = image.outcome or Outcome(original_bytes=0, format="")
    main = outcome.main
    rendered: dict[str, Any] = {
        "success": main is not None,
        "file_name": image.file_name,
        "original_size": outcome.original_bytes,
        "optimized_size": main.bytes if main else 0,
        **_savings(outcome, main),
        "url": image_url(image.public_id, main.file_name, base_url=base_url) if main else None,
        "type": job.operation.value,
        "format": outcome.format,
    }
    if main is None:
        rendered["reason"] = outcome.reason
    if image.options.also_webp and outcome.format != "webp":
        rendered["webp"] = _render_webp(image, outcome, base_url)
    return rendered


def _render_webp(image: Image, outcome: Outcome, base_url: str) -> dict[str, Any] | None:
    webp = outcome.webp
    if webp is None:
        return None
    return {
        "url": image_url(image.public_id, webp.file_name, base_url=base_url),
        **_savings(outcome, webp),
        "optimized_size": webp.bytes,
    }


def _savings(outcome: Outcome, rendition: Rendition | None) -> dict[str, int | float]:
    if rendition is None or outcome.original_bytes == 0:
        return {"saved_bytes": 0, "saved_percent": 0}
    saved = outcome.original_bytes - rendition.bytes
    return {
        "saved_bytes": saved,
        "saved_percent": round(saved * 100 / outcome.original_bytes, 2),
    }
