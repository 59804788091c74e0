"""TinyJPG's response bodies, field by field as in its document."""

from __future__ import annotations

from typing import Literal

from leanpix.dialects.bodies import Body, described


class AcceptedImage(Body):
    """An accepted image."""

    image_id: int
    original_url: str
    optimized_url: str
    status: Literal["processing"] = "processing"
    original_size: int
    estimated_optimized_size: int


class Accepted(Body):
    """The answer to an upload."""

    success: Literal[True] = True
    message: str
    data: AcceptedImage


class ImageStatus(Body):
    """The status of an image. Facts that are not known yet are left out."""

    image_id: int
    status: Literal["processing", "completed", "failed"]
    original_size: int | None = None
    optimized_size: int | None = None
    compression_ratio: float | None = described("Percent saved.", default=None)
    processing_time: float | None = described("Seconds.", default=None)
    original_url: str | None = described(
        "Left out for an image that came by a direct upload of the other API.", default=None
    )
    optimized_url: str | None = described(
        "The link to the result, or to the original if it could not be made smaller; null if the"
        " image failed."
    )
    message: str | None = described("Why the image failed.", default=None)


class Status(Body):
    """The answer to a status request."""

    success: Literal[True] = True
    data: ImageStatus


class MonthUsage(Body):
    """The usage of one month."""

    month: str
    images: int
    bytes_in: int
    bytes_out: int
    bytes_saved: int


class CompressionStatistics(Body):
    """The savings of the last twelve months."""

    mean_ratio: float = described("The mean percentage saved of the images made smaller.")
    best_ratio: float = described("The highest percentage saved.")
    total_saved: int


class UsageData(Body):
    """The usage of an account."""

    current_month: MonthUsage
    months: list[MonthUsage] = described(
        "The last twelve calendar months, the newest first, empty ones too."
    )
    types: dict[str, int] = described("The number of images of each format.")
    compression: CompressionStatistics


class Usage(Body):
    """`GET /api/v1/usage`."""

    success: Literal[True] = True
    data: UsageData


class StatsData(Body):
    """The quota of an account. Null means unlimited."""

    plan: str
    monthly_limit: int | None
    used: int
    remaining: int | None
    resets_at: str = described("A time as in RFC 3339.")


class Stats(Body):
    """`GET /api/v1/stats`."""

    success: Literal[True] = True
    data: StatsData


class Error(Body):
    """An error; `errors` has the texts by field if fields are wrong."""

    success: Literal[False] = False
    message: str
    errors: dict[str, list[str]] | list[str] | None = None
    status: str | None = None
    code: int | None = None
    error: str | None = described(
        "The kind of error, for the clients of Tinify's API.", default=None
    )
