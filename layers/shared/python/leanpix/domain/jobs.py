"""Model a job and its images, each queued, running, then done or failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from leanpix.domain.callbacks import Callback
    from leanpix.domain.options import ImageOptions, Operation


class ImageState(StrEnum):
    """The state of an image. It only moves forward; a claim whose lease ended may be renewed.

    docs/ledger.md draws it with the conditional write of each step.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    """The state of an image with an outcome: made smaller, or kept for a reason of its own."""
    FAILED = "failed"
    """The state of an image that could not be worked on, for a fault of ours."""

    @property
    def is_final(self) -> bool:
        """True where nothing more happens to the image."""
        return self in {ImageState.DONE, ImageState.FAILED}


class JobState(StrEnum):
    """The state of a job, which follows from those of its images."""

    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    """The state of a job whose images all failed, for a fault of ours."""


class KeptReason(StrEnum):
    """A reason for which an image was not made smaller, other than the engine's."""

    NO_SAVINGS = "no_savings"
    ALREADY_OPTIMIZED = "already_optimized"
    FETCH_FAILED = "fetch_failed"
    TOO_LARGE = "too_large"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """HTTP Basic credentials for a source URL. The password is not shown in a `repr`."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Return a text without the password, as a repr may end in a log."""
        return f"Credentials(user={self.user!r}, password=…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedSource:
    """An image that waits in the object store."""

    object_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """An image that the optimizer fetches itself."""

    url: str
    credentials: Credentials | None = None


Source = UploadedSource | UrlSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A file made of an image, for download."""

    file_name: str
    format: str
    """The format's name in the contract, such as `jpg`."""
    bytes: int
    quality: float | None = None
    """The encoder's quality that the search chose; None where nothing was lost."""
    score: float | None = None
    """SSIMULACRA2 against the source, 100 is the same; None where nothing was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of an image. `main` is None where nothing was gained; `reason` says why."""

    original_bytes: int
    format: str
    main: Rendition | None = None
    webp: Rendition | None = None
    reason: str | None = None
    detail: str | None = None
    """A public text that says more than the reason."""
    is_refused: bool = False
    """True where the file could not be used at all."""
    seconds: float = 0.0
    original_format: str = ""
    """The format of the source by its content; empty where that could not be told."""
    width: int = 0
    """The width of the result, or of the source where there is none; 0 where it is not known."""
    height: int = 0

    @property
    def is_gain(self) -> bool:
        """True where the image was made smaller, which is what a token pays for."""
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
    """True where the original stands in for a result that gained nothing."""
    is_free: bool = False
    """True for another copy of an image that is paid for: it costs and counts nothing."""
    state: ImageState = ImageState.QUEUED
    attempts: int = 0
    charged_tokens: int = 1
    """The charge at submit; given back where nothing was gained."""
    charged_month: str = ""
    """The month whose balance was charged."""
    has_callback: bool = False
    """True where the job has a callback."""
    looks: int = 0
    """The number of times that the sweeper found the image open for too long."""
    lease_id: str | None = None
    lease_ends_at: float = 0.0
    outcome: Outcome | None = None

    @property
    def result_name(self) -> str:
        """The name of the file that stands for the result: the original's where none is better."""
        main = self.outcome.main if self.outcome else None
        return main.file_name if main else self.file_name

    @property
    def keeps_source(self) -> bool:
        """True where a fetched source is stored, for other results that are made of it later."""
        return self.always_has_result and isinstance(self.source, UrlSource)

    @property
    def cost_tokens(self) -> int:
        """The cost of the image: nothing once it has ended without a gain."""
        is_refunded = self.state.is_final and not (self.outcome and self.outcome.is_gain)
        return 0 if is_refunded else self.charged_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The images of one request, in the order given."""

    job_id: int
    account_id: str
    api: str
    operation: Operation
    created_at: float
    expires_at: float
    images: tuple[Image, ...]
    callback: Callback | None = None
    looks: int = 0
    """The number of times that the sweeper found the callback owed for too long."""

    def charge_to(self, account: Account) -> Job:
        """Return the job with what its images cost the account, and from which month's balance."""
        images = tuple(
            replace(
                image,
                charged_tokens=0 if image.is_free else account.image_price_tokens,
                charged_month=account.current.month,
            )
            for image in self.images
        )
        return replace(self, images=images)

    @property
    def paid_images(self) -> int:
        """The number of images that are charged for."""
        return sum(not image.is_free for image in self.images)

    @property
    def direct_uploads(self) -> frozenset[str]:
        """The object keys of the files that clients uploaded themselves."""
        return frozenset(
            image.source.object_key
            for image in self.images
            if isinstance(image.source, UploadedSource)
            and not image.source.object_key.endswith(image.public_id)
        )

    @property
    def cost_tokens(self) -> int:
        """The cost of the job, as its images stand."""
        return sum(image.cost_tokens for image in self.images)

    @property
    def is_final(self) -> bool:
        """True where every image has ended."""
        return all(image.state.is_final for image in self.images)

    @property
    def state(self) -> JobState:
        """The state of the job as a whole."""
        if not self.is_final:
            return JobState.PROCESSING
        return JobState.FAILED if self.has_failed else JobState.DONE

    @property
    def has_failed(self) -> bool:
        """True where all images failed, for a fault of ours."""
        return all(image.state is ImageState.FAILED for image in self.images)


@dataclass(frozen=True, slots=True)
class JobPlace:
    """The place of a job among those of its account, by which a list goes on."""

    created_at: float
    job_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """A wish to see jobs of an account, the newest first."""

    limit: int
    since: float = 0.0
    until: float = 1e10
    state: JobState | None = None
    after: JobPlace | None = None


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs of an account, and the place to go on from; None is the end."""

    jobs: tuple[Job, ...]
    next_place: JobPlace | None


@dataclass(frozen=True, slots=True)
class FinishedJob:
    """A job that has ended, and its account as it stands now."""

    job: Job
    account: Account
