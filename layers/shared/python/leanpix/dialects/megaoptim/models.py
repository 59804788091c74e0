"""MegaOptim's response bodies, field by field as in its document."""

from __future__ import annotations

from typing import Literal

from leanpix.contract import write_reasons_table
from leanpix.dialects.bodies import Body, described


class Health(Body):
    """`GET /`."""

    status: Literal[1] = 1


class Pong(Body):
    """`GET /ping`."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200


class Software(Body):
    """Versions."""

    python: str
    app: str


class Status(Pong):
    """`GET /status`."""

    software: Software


class Accepted(Body):
    """An accepted submission."""

    status: Literal["processing"] = "processing"
    code: Literal[202] = 202
    process_id: int | str = described(
        "A random integer below 2^53. The vendor's own Python client, recognized by its"
        " User-Agent, gets the same digits as a string."
    )
    warnings: list[str] | None = described(
        "The unknown fields of the request that are one letter off a known one.", default=None
    )


class WebpFile(Body):
    """The WebP beside an optimized image."""

    url: str
    saved_bytes: int
    optimized_size: int
    saved_percent: float


class ImageResult(Body):
    """The result of one image."""

    success: bool
    file_name: str
    original_size: int
    optimized_size: int = described("0 if no savings.")
    saved_bytes: int
    saved_percent: float
    url: str | None = described("The link to the file; null if no savings.")
    type: Literal["compress", "convert", "compress_convert"]
    format: str = described(
        "The format by the file's content; for a file that could not be read, the one of its"
        " extension, or unknown."
    )
    reason: str | None = described(
        f"Why there are no savings.\n\n{write_reasons_table()}", default=None
    )
    detail: str | None = described("More about the reason fetch_failed.", default=None)
    quality: float | None = described(
        "The encoder's quality that was chosen for this image; left out where nothing was lost.",
        default=None,
    )
    score: float | None = described(
        "The similarity to the original by SSIMULACRA2, of which 100 is the same and 90 cannot be"
        " told apart; left out where nothing was lost.",
        default=None,
    )
    webp: WebpFile | None = described(
        "The WebP that webp=1 asks for. Left out if it is not smaller than the optimized file, or"
        " if that is a WebP itself.",
        default=None,
    )


class ResultUser(Body):
    """The account of the job."""

    name: str
    email: str
    tokens: int = described("-1 means unlimited.")


class Result(Body):
    """The result of a finished job."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: list[ImageResult]
    id: int
    user: ResultUser


class AccountUser(ResultUser):
    """The account of the key."""

    verified: Literal[0, 1]


class AccountInfo(Body):
    """`POST /v1/users/info`."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: AccountUser


class UploadGranted(Body):
    """The form for a direct upload: POST `fields`, then the file as `file`, to `url`."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    upload_id: str
    url: str
    fields: dict[str, str]
    expires_in: int = described("Seconds.")


class Error(Body):
    """An error. `success`, `message` and `error` are sent where API Gateway itself answers."""

    status: Literal["error"] = "error"
    code: int = described("Equal to the HTTP status.")
    errors: list[str]
    success: Literal[False] | None = None
    message: str | None = None
    error: str | None = described(
        "The kind of error, for the clients of Tinify's API.", default=None
    )
    hint: str | None = described("A way out, where there is one.", default=None)
