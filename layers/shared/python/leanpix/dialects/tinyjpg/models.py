"""TinyJPG's response bodies, field by field, as its document has them."""

from __future__ import annotations

from typing import Literal

from leanpix.dialects.bodies import Body, described


class AcceptedImage(Body):
    """An image that was taken in."""

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
    """Where an image stands. What is not known yet is left out."""

    image_id: int
    status: Literal["processing", "completed", "failed"]
    original_size: int | None = None
    optimized_size: int | None = None
    compression_ratio: float | None = described("Percent saved.", default=None)
    processing_time: float | None = described("Seconds.", default=None)
    original_url: str | None = described(
        "Left out for a direct upload by the other API.", default=None
    )
    optimized_url: str | None = described(
        "The original, where it was not made smaller.", default=None
    )
    message: str | None = described("Why it failed.", default=None)


class Status(Body):
    """The answer to a question for an image's status."""

    success: Literal[True] = True
    data: ImageStatus


class MonthUsage(Body):
    """One month."""

    month: str
    images: int
    bytes_in: int
    bytes_out: int
    bytes_saved: int


class CompressionStatistics(Body):
    """Over the last twelve months."""

    mean_ratio: float = described("Percent saved, the mean of the images that were made smaller.")
    best_ratio: float = described("Percent saved of the image that shrank most.")
    total_saved: int


class UsageData(Body):
    """What an account used."""

    current_month: MonthUsage
    months: list[MonthUsage] = described("The last twelve, the newest first.")
    types: dict[str, int] = described("Images by format.")
    compression: CompressionStatistics


class Usage(Body):
    """``GET /api/v1/usage``."""

    success: Literal[True] = True
    data: UsageData


class StatsData(Body):
    """What an account may still use. Null is unlimited."""

    plan: str
    monthly_limit: int | None
    used: int
    remaining: int | None
    resets_at: str = described("RFC 3339.")


class Stats(Body):
    """``GET /api/v1/stats``."""

    success: Literal[True] = True
    data: StatsData


class Error(Body):
    """Any error; ``errors`` by field where fields are wrong."""

    success: Literal[False] = False
    message: str
    errors: dict[str, list[str]] | list[str] | None = None
    status: str | None = None
    code: int | None = None
