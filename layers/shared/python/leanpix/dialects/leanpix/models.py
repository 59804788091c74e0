"""The response bodies of our own routes."""

from __future__ import annotations

from typing import Literal

from leanpix.dialects.bodies import Body, described

_TIME = "A time in UTC, such as 2026-11-24T09:30:00Z."


class Webp(Body):
    """The WebP beside an optimized image."""

    url: str
    optimized_size: int


class OwnImage(Body):
    """One image of a job."""

    file_name: str
    source: str = described("upload, or the URL that the image came from.")
    state: Literal["queued", "running", "done", "failed"]
    success: bool = described("Whether it was made smaller.")
    original_size: int | None = described("Left out while the image is worked on.", default=None)
    optimized_size: int | None = described("Left out if no savings.", default=None)
    saved_bytes: int
    saved_percent: float
    original_format: str | None = described("As told by the file's content.", default=None)
    format: str | None = described("The format of the result.", default=None)
    url: str | None = described("The link to the result.", default=None)
    reason: str | None = described("Why there are no savings.", default=None)
    reason_text: str | None = described("The reason in words.", default=None)
    what_to_do: str | None = described("What to do about the reason.", default=None)
    detail: str | None = described("More about the reason fetch_failed.", default=None)
    quality: float | None = described("The encoder's quality that was chosen.", default=None)
    score: float | None = described("SSIMULACRA2 against the original.", default=None)
    seconds: float | None = described("The time that the image was worked on.", default=None)
    tokens: int = described("What the image costs; 0 once it has ended without savings.")
    options: dict[str, object] = described("The options that differ from the defaults.")
    webp: Webp | None = described("The WebP that webp=1 asks for.", default=None)


class Try(Body):
    """One try to deliver a callback."""

    at: str = described(_TIME)
    status: int | None = described("The status that the other side answered.", default=None)
    error: str | None = described("Why there was no status.", default=None)


class CallbackLog(Body):
    """The callback of a job, with every try."""

    url: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    tries: list[Try]


class OwnJob(Body):
    """One job, as it stands."""

    id: int
    state: Literal["processing", "done", "failed"]
    api: str
    operation: str
    created_at: str = described(_TIME)
    expires_at: str = described(f"The end of its record and its files. {_TIME}")
    tokens: int = described("What the job costs.")
    original_size: int
    saved_bytes: int
    images: list[OwnImage]
    callback: CallbackLog | None = described("Left out where the job has none.", default=None)


class JobAnswer(Body):
    """`GET /v1/jobs/{job_id}`."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: OwnJob


class JobsAnswer(Body):
    """`GET /v1/jobs`."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: list[OwnJob]
    next_cursor: str | None = described(
        "The cursor of the next call; null at the end. A page may be empty and yet have one."
    )


class DayUsage(Body):
    """The images of an account that ended on one day."""

    day: str
    images: int
    optimized_images: int
    failed_images: int
    original_bytes: int
    saved_bytes: int
    tokens: int
    images_by_format: dict[str, int]


class Tokens(Body):
    """The tokens of an account."""

    plan: str
    left: int = described("-1 means unlimited.")
    used_this_month: int
    monthly: int = described("What each month brings; -1 means unlimited.")
    renews_at: str = described(_TIME)


class UsageResult(Body):
    """The usage of an account, day by day."""

    tokens: Tokens
    days: list[DayUsage]


class UsageAnswer(Body):
    """`GET /v1/usage`."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: UsageResult


class OwnKey(Body):
    """An API key, without the key itself."""

    id: str
    name: str
    prefix: str = described("The first characters of the key; empty for an old one.")
    created_at: str = described(_TIME)
    last_used_on: str | None = described("The day, UTC, of the last call with it.")


class KeysResult(Body):
    """The keys of an account."""

    keys: list[OwnKey]
    signing_secret: str = described(
        "The secret that signs callbacks, as the libraries of Standard Webhooks take it."
    )


class KeysAnswer(Body):
    """`GET /v1/keys`."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: KeysResult


class CreatedKey(OwnKey):
    """A new key. This is the only time that it can be read."""

    api_key: str


class CreatedKeyAnswer(Body):
    """`POST /v1/keys`."""

    status: Literal["ok"] = "ok"
    code: Literal[201] = 201
    result: CreatedKey


class RevokedKeyAnswer(Body):
    """`DELETE /v1/keys/{key_id}`."""

    status: Literal["ok"] = "ok"
    code: Literal[200] = 200
    result: OwnKey
