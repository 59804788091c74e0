"""Hand images to the engine: each in a process of its own where several are worked on.

A worker belongs to one thread. An image that takes its process down is one failure among the
results; the others go on.
"""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import BrokenExecutor, Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from leanpix_cli.optimize.settings import ALIASES, AUTO
from leanpix_engine import Format, Level, Limits, Metadata, Options, Refused, Result, optimize
from leanpix_engine.format import TARGETS
from leanpix_engine.sandbox.client import AVAILABLE, EngineBroken, SandboxedOptimizer

LIMITS: Final = Limits(max_seconds=300.0)
"""As in the service, with more time: a laptop at work on several images is no Lambda function."""
BYTES_PER_JOB: Final = 1_000_000_000
"""Memory that must be free for each image at work: what decoding 24 MP and judging it takes."""
_MEMORY: Final = Path("/proc/meminfo")
_GROUP_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")
_BROKE: Final = "this image ended the engine's process"


class WorkFailed(Exception):
    """An image that could not be worked on; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a worker made of an image."""

    data: bytes | None
    """The smaller file; None where the source is best left alone."""
    format: str
    reason: str | None = None
    quality: float | None = None
    score: float | None = None
    also: tuple[tuple[str, bytes], ...] = ()


class Worker(Protocol):
    """Makes images smaller, one at a time."""

    def make(self, source: bytes, values: dict[str, Any]) -> Made:
        """Make an image smaller, as the settings say.

        Raises:
            WorkFailed: it could not be worked on.
        """

    def close(self) -> None:
        """End its processes."""


class LocalWorker:
    """Runs the engine: in a process of its own, or in this one.

    Args:
        apart: an image gets a process of its own, which may die.
    """

    def __init__(self, *, apart: bool) -> None:
        self._sandbox = SandboxedOptimizer() if apart and AVAILABLE else None
        self._pool = _new_pool() if apart and not AVAILABLE else None

    def make(self, source: bytes, values: dict[str, Any]) -> Made:
        """Make an image smaller, as the settings say.

        Raises:
            WorkFailed: the engine refuses it, or has failed.
        """
        options = to_options(values, len(source))
        try:
            return to_made(self._run(source, options))
        except Refused as refused:
            raise WorkFailed(refused.text) from None
        except (EngineBroken, BrokenExecutor) as error:
            raise WorkFailed(str(error) or _BROKE) from None

    def close(self) -> None:
        """End its processes."""
        if self._sandbox is not None:
            self._sandbox.close()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, source: bytes, options: Options) -> Result:
        if self._sandbox is not None:
            return self._sandbox.optimize(source, options, LIMITS)
        if self._pool is None:
            return optimize(source, options, LIMITS)
        try:
            return self._pool.submit(optimize, source, options, LIMITS).result()
        except BrokenExecutor:
            self._pool = _new_pool()
            raise


def to_options(values: dict[str, Any], size: int) -> Options:
    """Return the engine's options for a file of so many bytes."""
    target = values["format"]
    return Options(
        level=Level(values["level"]),
        quality=values["quality"],
        target_format=Format(target) if target not in (None, AUTO) else None,
        smallest_of=TARGETS if target == AUTO else (),
        also=tuple(Format(name) for name in values["also"]),
        keep=frozenset(Metadata(ALIASES.get(name, name)) for name in values["keep"]),
        cmyk_to_rgb=values["cmyk-to-rgb"],
        max_width=values["max-width"],
        max_height=values["max-height"],
        long_edge=values["long-edge"],
        max_bytes=values["max-bytes"],
        mark=values["mark"],
        assume_pristine=values["assume-pristine"],
        min_saving=values["min-saving"].share_of(size),
    )


def to_made(result: Result) -> Made:
    """Return what the engine made, without the facts that nobody here asks for."""
    output = result.output
    return Made(
        data=output.data if output else None,
        format=(output.format if output else result.original_format).value,
        reason=result.reason,
        quality=output.quality if output else None,
        score=output.score if output else None,
        also=tuple((each.format.value, each.data) for each in result.also),
    )


def default_jobs() -> int:
    """Return how many images to work on: one a core, as far as memory goes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, _free_memory() // BYTES_PER_JOB))


def _free_memory() -> int:
    """Return the bytes of memory that are free; plenty where the system does not say."""
    free = 64 * BYTES_PER_JOB
    with contextlib.suppress(OSError, ValueError):
        for line in _MEMORY.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError):
        free = min(free, int(_GROUP_LIMIT.read_text("ascii")))
    return free


def _new_pool() -> Executor:
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - not for Linux
    from multiprocessing import get_context  # noqa: PLC0415 - the same

    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
