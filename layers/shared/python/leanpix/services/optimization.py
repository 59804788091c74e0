"""Optimize one image: claim it, load it, run the engine, store the result, settle.

Every step may be repeated: a message that is delivered twice, or again after a crash, finds that
the image has ended or is leased, or the same work is done once more and written to the same keys.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leanpix.contract import MAX_SOURCE_BYTES, format_by_name
from leanpix.domain.file_names import with_added_extension, with_extension
from leanpix.domain.ids import make_lease_id
from leanpix.domain.jobs import Image, ImageState, Outcome, Rendition, UploadedSource
from leanpix.domain.options import ImageOptions
from leanpix.domain.results import SECONDS_PER_DAY, result_object_key, upload_object_key
from leanpix.services.engine_port import Engine, EngineFile, EngineRefusedError, EngineResult
from leanpix.services.ports import Clock, Fetcher, FetchFailedError, Jobs, Objects
from leanpix.services.results import mark_failed

if TYPE_CHECKING:
    from leanpix.domain.tasks import ImageTask
    from leanpix.services.callbacks import CallbackAnnouncer

UNTOLD_TYPE = "application/octet-stream"
"""The type of a source that is stored before the engine has read it."""
PROBE_SECONDS = 20.0
SETTLE_MARGIN_SECONDS = 10.0
"""The part of the function's time kept for storing the result and settling after the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationService:
    """The service that brings images to their end."""

    jobs: Jobs
    objects: Objects
    fetcher: Fetcher
    engine: Engine
    announcer: CallbackAnnouncer
    clock: Clock
    retention_days: int

    def optimize(self, task: ImageTask, *, seconds_left: float) -> Image | None:
        """Optimize an image and record its outcome; return it, or None if it had ended.

        Any other fault may pass: it is raised, and the message is then delivered again.

        Args:
            seconds_left: The time before the function is stopped. The lease lasts as long.

        Raises:
            LeaseLostError: another worker holds the image.
        """
        started = self.clock.now()
        image = self.jobs.claim(
            task,
            lease_id=make_lease_id(),
            now=started,
            lease_ends_at=started + seconds_left,
        )
        if image is None:
            return None
        state, outcome = self._work(image, started, seconds_left)
        if image.always_has_result and outcome.is_refused:
            mark_failed(self.objects, image)
        self.jobs.settle(image, state=state, outcome=outcome, now=self.clock.now())
        self._drop_upload(image)
        if image.has_callback:
            self.announcer.announce(task.job_id)
        return replace(image, state=state, outcome=outcome)

    def _drop_upload(self, image: Image) -> None:
        """Delete what came with the request, once no try can need it any more.

        An upload that the client made itself may serve other jobs, and an original that has a link
        stays as long as the result. What a crash leaves here goes when it expires.
        """
        key = upload_object_key(image.public_id)
        has_link = image.always_has_result
        if image.source == UploadedSource(object_key=key) and not has_link:
            self.objects.delete(key)

    def probe(self, source: bytes) -> EngineResult:
        """Optimize an image that belongs to no job: a try before a new version serves."""
        return self.engine.optimize(source, ImageOptions(), max_seconds=PROBE_SECONDS)

    def _work(
        self, image: Image, started: float, seconds_left: float
    ) -> tuple[ImageState, Outcome]:
        original_bytes = 0
        try:
            source = self._load(image)
            original_bytes = len(source)
            spent = self.clock.now() - started
            result = self.engine.optimize(
                source,
                image.options,
                max_seconds=max(1.0, seconds_left - spent - SETTLE_MARGIN_SECONDS),
            )
        except FetchFailedError as error:
            return ImageState.DONE, self._keep(
                image, original_bytes, error.reason, started, detail=str(error)
            )
        except EngineRefusedError as error:
            state = ImageState.FAILED if error.is_our_fault else ImageState.DONE
            return state, self._keep(
                image, original_bytes, error.reason, started, error.image_format
            )
        if result.main is None and image.always_has_result:
            original = EngineFile(
                data=source,
                format=result.original_format,
                content_type=result.original_content_type,
            )
            self._store_file(image, original, image.file_name)
        return ImageState.DONE, self._store(image, result, original_bytes, started)

    def _load(self, image: Image) -> bytes:
        if isinstance(image.source, UploadedSource):
            return self.objects.read(image.source.object_key)
        source = self.fetcher.fetch(
            image.source.url, credentials=image.source.credentials, max_bytes=MAX_SOURCE_BYTES
        )
        if image.keeps_source:
            self.objects.write(
                upload_object_key(image.public_id),
                source,
                content_type=UNTOLD_TYPE,
                expires_at=self.clock.now() + self.retention_days * SECONDS_PER_DAY,
                job_id=image.job_id,
            )
        return source

    def _store(
        self, image: Image, result: EngineResult, original_bytes: int, started: float
    ) -> Outcome:
        main_format = result.main.format if result.main else result.original_format
        main = webp = None
        if result.main:
            name = image.file_name
            if image.options.target_format is not None:
                name = with_extension(name, result.main.format)
            main = self._store_file(image, result.main, name)
        if result.webp:
            name = with_added_extension(image.file_name, result.webp.format)
            webp = self._store_file(image, result.webp, name)
        return Outcome(
            original_bytes=original_bytes,
            format=main_format,
            main=main,
            webp=webp,
            reason=None if main else result.reason,
            seconds=self.clock.now() - started,
            original_format=result.original_format,
            width=result.width,
            height=result.height,
        )

    def _store_file(self, image: Image, file: EngineFile, file_name: str) -> Rendition:
        self.objects.write(
            result_object_key(image.public_id, file_name),
            file.data,
            content_type=file.content_type,
            expires_at=self.clock.now() + self.retention_days * SECONDS_PER_DAY,
        )
        return Rendition(
            file_name=file_name,
            format=file.format,
            bytes=len(file.data),
            quality=_round(file.quality),
            score=_round(file.score),
        )

    def _keep(
        self,
        image: Image,
        original_bytes: int,
        reason: str,
        started: float,
        image_format: str | None = None,
        detail: str | None = None,
    ) -> Outcome:
        return Outcome(
            original_bytes=original_bytes,
            format=image_format or format_by_name(image.file_name),
            reason=reason,
            detail=detail,
            is_refused=True,
            seconds=self.clock.now() - started,
            original_format=image_format or "",
        )


def _round(number: float | None) -> float | None:
    """Return what is shown of a quality or a score: one digit after the point."""
    return None if number is None else round(number, 1)
