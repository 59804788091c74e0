"""MegaOptim's response bodies, field by field, as its document has them."""

from __future__ import annotations

from typing import Literal

from leanpix.dialects.bodies import Body, described


class Health(Body):
    """``GET /``."""

    status: Literal[1] = 1


class Pong(Body):
    """``GET /ping``."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200


class Software(Body):
    """Versions."""

    python: str
    app: str


class Status(Pong):
    """``GET /status``."""

    software: Software


class Accepted(Body):
    """A submission was taken in."""

    status: Literal["processing"] = "processing"
    code: Literal[202] = 202
    process_id: int | str = described(
        "A random integer below 2^53. The vendor's own Python client, told by its"
        " User-Agent, gets the same digits as a string."
    )


class WebpFile(Body):
    """The WebP beside an optimized image."""

    url: str
    saved_bytes: int
    optimized_size: int
    saved_percent: float


class ImageResult(Body):
    """What became of one image."""

    success: bool
    file_name: str
    original_size: int
    optimized_size: int = described("0 if no savings.")
    saved_bytes: int
    saved_percent: float
    url: str | None = described("Where to download it; null if no savings.")
    type: Literal["compress", "convert", "compress_convert"]
    format: str
    reason: str | None = described("Why there is no saving.", default=None)


class ImageResultWithWebp(ImageResult):
    """What became of one image, of which a WebP was asked for too."""

    webp: WebpFile | None = described("Null where it saves nothing.")


class ResultUser(Body):
    """The account that paid."""

    name: str
    email: str
    tokens: int = described("-1 is unlimited.")


class Result(Body):
    """A finished job."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: list[ImageResultWithWebp | ImageResult]
    id: int
    user: ResultUser


class AccountUser(ResultUser):
    """An account about itself."""

    verified: Literal[0, 1]


class AccountInfo(Body):
    """``POST /v1/users/info``."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: AccountUser


class UploadGranted(Body):
    """Where to upload a large file: POST a form of ``fields``, then ``file``, to ``url``."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    upload_id: str
    url: str
    fields: dict[str, str]
    expires_in: int = described("Seconds.")


class Error(Body):
    """Any error. ``success`` and ``message`` are there where API Gateway itself answers."""

    status: Literal["error"] = "error"
    code: int = described("Equal to the HTTP status.")
    errors: list[str]
    success: Literal[False] | None = None
    message: str | None = None
