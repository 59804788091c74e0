"""A job, its images, and the way of an image: queued, running, then done or failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from leanpix.domain.callbacks import Callback
    from leanpix.domain.options import ImageOptions, Operation


class ImageState(StrEnum):
    """Where an image stands. It only moves forward; a claim whose lease ended may be renewed.

    docs/ledger.md draws it with the conditional write of each step.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    """It has an outcome: made smaller, or kept for a reason that lies in the image."""
    FAILED = "failed"
    """It could not be worked on, for a fault of ours."""

    @property
    def is_final(self) -> bool:
        """Return whether nothing more happens to the image."""
        return self in {ImageState.DONE, ImageState.FAILED}


class KeptReason(StrEnum):
    """Why an image was not made smaller, where the engine did not say."""

    NO_SAVINGS = "no_savings"
    FETCH_FAILED = "fetch_failed"
    TOO_LARGE = "too_large"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """HTTP Basic credentials for a source URL. The password is not shown in a ``repr``."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Return a text without the password, as a repr may end in a log."""
        return f"Credentials(user={self.user!r}, password=…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedSource:
    """An image that came with the request and waits in the object store."""

    object_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """An image that the optimizer fetches itself."""

    url: str
    credentials: Credentials | None = None


Source = UploadedSource | UrlSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A file that was made of an image and can be downloaded."""

    file_name: str
    format: str
    """MegaOptim's name of it: jpg, png, gif, webp, avif, svg."""
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an image. ``main`` is None where nothing was gained; ``reason`` says why."""

    original_bytes: int
    format: str
    main: Rendition | None = None
    webp: Rendition | None = None
    reason: str | None = None
    is_refused: bool = False
    """The file could not be used at all, rather than not be made smaller."""
    seconds: float = 0.0
    original_format: str = ""
    """What the source was, told by its content; empty where that could not be told."""

    @property
    def is_gain(self) -> bool:
        """Return whether the image was made smaller, which is what a token pays for."""
        return self.main is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image of a job."""

    job_id: int
    index: int
    account_id: str
    public_id: str
    file_name: str
    source: Source
    options: ImageOptions
    always_has_result: bool = False
    """Where nothing is gained, the original stands where the result would."""
    state: ImageState = ImageState.QUEUED
    attempts: int = 0
    charged_tokens: int = 1
    """What was taken for it at submit; given back where nothing was gained."""
    charged_month: str = ""
    """From which month's balance it was taken."""
    has_callback: bool = False
    """Whether its job's end is to be told to somebody."""
    looks: int = 0
    """How often the sweeper found it open for too long."""
    lease_id: str | None = None
    lease_ends_at: float = 0.0
    outcome: Outcome | None = None

    @property
    def cost_tokens(self) -> int:
        """Return what the image costs: nothing once it has ended without a gain."""
        is_refunded = self.state.is_final and not (self.outcome and self.outcome.is_gain)
        return 0 if is_refunded else self.charged_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one request asked for, and its images in the order given."""

    job_id: int
    account_id: str
    api: str
    operation: Operation
    created_at: float
    expires_at: float
    images: tuple[Image, ...]
    callback: Callback | None = None
    looks: int = 0
    """How often the sweeper found its callback to be owed for too long."""

    def charge_to(self, account: Account) -> Job:
        """Return the job with what its images cost the account, and from which month's balance."""
        images = tuple(
            replace(
                image,
                charged_tokens=account.image_price_tokens,
                charged_month=account.current.month,
            )
            for image in self.images
        )
        return replace(self, images=images)

    @property
    def direct_uploads(self) -> frozenset[str]:
        """Return the object keys of the files that did not come with the request."""
        return frozenset(
            image.source.object_key
            for image in self.images
            if isinstance(image.source, UploadedSource)
            and not image.source.object_key.endswith(image.public_id)
        )

    @property
    def cost_tokens(self) -> int:
        """Return what the job costs, as its images stand."""
        return sum(image.cost_tokens for image in self.images)

    @property
    def is_final(self) -> bool:
        """Return whether every image has ended."""
        return all(image.state.is_final for image in self.images)

    @property
    def has_failed(self) -> bool:
        """Return whether all images failed, for a fault of ours."""
        return all(image.state is ImageState.FAILED for image in self.images)


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """A job that has ended, and its account as it stands now."""

    job: Job
    account: Account
