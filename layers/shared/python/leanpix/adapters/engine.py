"""Call the engine. This module loads it, and only when `LeanpixEngine` is made."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from leanpix.contract import MIN_SAVED_PERCENT
from leanpix.observability import logger
from leanpix.services.engine_port import EngineFile, EngineRefusedError, EngineResult

if TYPE_CHECKING:
    from types import ModuleType

    import leanpix_engine
    from leanpix.domain.options import Crop, ImageOptions
    from leanpix_engine.sandbox.client import SandboxedOptimizer


_MAX_SECONDS: Final = 27.0
"""The longest time for one image; with the time that stopping takes, it ends within 30 s."""
_OWN_MEGABYTES: Final = 256
"""The memory kept for this process: Python, botocore, a file and its result."""
_MEMORY_VARIABLE: Final = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"


@cache
def _sandboxed_optimizer() -> SandboxedOptimizer | None:
    """Return this process's one way to the engine's own, or None where the system has none."""
    from leanpix_engine.sandbox import client  # noqa: PLC0415 - the optimizer alone needs it

    return client.SandboxedOptimizer() if client.AVAILABLE else None


class LeanpixEngine:
    """A client of `leanpix_engine`, with a process for each image."""

    def __init__(self, *, min_saved_percent: int = MIN_SAVED_PERCENT) -> None:
        """Load the engine, and start the process that loads libvips."""
        import leanpix_engine  # noqa: PLC0415 - the optimizer alone carries the engine's layer
        from leanpix_engine.sandbox.client import EngineBroken  # noqa: PLC0415 - the same

        self._engine = leanpix_engine
        self._min_saved_percent = min_saved_percent
        self._broken = EngineBroken
        self._sandbox = _sandboxed_optimizer()

    def optimize(
        self, source: bytes, options: ImageOptions, *, max_seconds: float
    ) -> EngineResult:
        """Return a smaller file, or none and the reason.

        Raises:
            EngineRefusedError: the engine could not use the file.
        """
        limits = self._limits(max_seconds)
        optimize = self._sandbox.optimize if self._sandbox else self._engine.optimize
        try:
            result = optimize(source, self._to_engine_options(options), limits)
        except self._broken as error:
            self._report(source, str(error))
            reason = self._engine.Reason.ENGINE_FAILURE
            raise EngineRefusedError(
                reason.value, self._tell_format(source), is_our_fault=True
            ) from None
        except self._engine.Refused as error:
            if self._sandbox and self._sandbox.usage.signal:
                self._report(source, f"ended by signal {self._sandbox.usage.signal}")
            raise EngineRefusedError(
                error.reason.value,
                self._tell_format(source),
                is_our_fault=error.reason is self._engine.Reason.ENGINE_FAILURE,
            ) from None
        return EngineResult(
            original_format=result.original_format.value,
            original_content_type=result.original_format.content_type,
            main=_to_file(result.output),
            webp=_to_file(result.also[0] if result.also else None),
            reason=result.reason,
            width=(result.output or result).width,
            height=(result.output or result).height,
        )

    def _limits(self, max_seconds: float) -> leanpix_engine.Limits:
        limits = self._engine.Limits()
        megabytes = int(os.environ.get(_MEMORY_VARIABLE, "0")) - _OWN_MEGABYTES
        return replace(
            limits,
            max_seconds=min(limits.max_seconds, max_seconds, _MAX_SECONDS),
            max_process_bytes=(
                megabytes << 20 if megabytes > _OWN_MEGABYTES else limits.max_process_bytes
            ),
        )

    def _report(self, source: bytes, why: str) -> None:
        """Log what an operator needs to find the image again, and nothing of what is in it."""
        digest = hashlib.sha256(source).hexdigest()
        logger.error("engine failed", why=why, sha256=digest, size_bytes=len(source))

    def _tell_format(self, source: bytes) -> str | None:
        try:
            return self._engine.probe(source).format.value
        except self._engine.Refused:
            return None

    def _to_engine_options(self, options: ImageOptions) -> leanpix_engine.Options:
        engine = self._engine
        target = options.target_format
        kept = (engine.Metadata.EXIF, engine.Metadata.XMP) if options.keep_exif else ()
        chosen: leanpix_engine.Options = engine.Options(
            level=engine.Level(options.compression.value),
            quality=options.quality,
            target_format=engine.Format(target) if target else None,
            also=(engine.Format.WEBP,) if options.also_webp else (),
            smallest_of=tuple(engine.Format(name) for name in options.smallest_of),
            always_convert=options.always_convert,
            background=options.background,
            crop=_to_crop(engine, options.crop) if options.crop else None,
            keep=frozenset({*kept, *(engine.Metadata(kind) for kind in options.keep)}),
            cmyk_to_rgb=options.cmyk_to_rgb,
            max_width=options.max_width,
            max_height=options.max_height,
            min_saving=self._min_saved_percent / 100,
        )
        return chosen


def _to_crop(engine: ModuleType, crop: Crop) -> leanpix_engine.Crop:
    chosen: leanpix_engine.Crop = engine.Crop(
        method=engine.CropMethod(crop.method.value), width=crop.width, height=crop.height
    )
    return chosen


def _to_file(output: leanpix_engine.Output | None) -> EngineFile | None:
    if output is None:
        return None
    return EngineFile(
        data=output.data,
        format=output.format.value,
        content_type=output.format.content_type,
        quality=output.quality,
        score=output.score,
    )
