"""The engine behind its port. The only module that imports it, and only when it is built."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leanpix.contract import MIN_SAVED_SHARE
from leanpix.services.ports import EngineFile, EngineRefusedError, EngineResult

if TYPE_CHECKING:
    import leanpix_engine
    from leanpix.domain.options import ImageOptions


class LeanpixEngine:
    """Calls ``leanpix_engine``."""

    def __init__(self) -> None:
        """Load the engine, which loads libvips."""
        import leanpix_engine  # noqa: PLC0415 - the optimizer alone carries the engine's layer

        self._engine = leanpix_engine

    def optimize(
        self, source: bytes, options: ImageOptions, *, max_seconds: float
    ) -> EngineResult:
        """Return a smaller file, or none and why. Raises ``EngineRefusedError``."""
        limits = self._engine.Limits()
        limits = replace(limits, max_seconds=min(limits.max_seconds, max_seconds))
        try:
            result = self._engine.optimize(source, self._to_engine_options(options), limits)
        except self._engine.Refused as error:
            raise EngineRefusedError(
                error.reason.value,
                self._tell_format(source),
                is_our_fault=error.reason is self._engine.Reason.ENGINE_FAILURE,
            ) from None
        return EngineResult(
            original_format=result.original_format.value,
            original_content_type=result.original_format.content_type,
            main=_to_file(result.output),
            webp=_to_file(result.also_webp),
            reason=result.reason,
        )

    def _tell_format(self, source: bytes) -> str | None:
        try:
            return self._engine.probe(source).format.value
        except self._engine.Refused:
            return None

    def _to_engine_options(self, options: ImageOptions) -> leanpix_engine.Options:
        engine = self._engine
        target = options.target_format
        chosen: leanpix_engine.Options = engine.Options(
            level=engine.Level(options.compression.value),
            quality=options.quality,
            target_format=engine.Format(target.value) if target else None,
            also_webp=options.also_webp,
            keep_exif=options.keep_exif,
            cmyk_to_rgb=options.cmyk_to_rgb,
            max_width=options.max_width,
            max_height=options.max_height,
            min_saving=MIN_SAVED_SHARE,
        )
        return chosen


def _to_file(output: leanpix_engine.Output | None) -> EngineFile | None:
    if output is None:
        return None
    return EngineFile(
        data=output.data,
        format=output.format.value,
        content_type=output.format.content_type,
    )
