"""Test hostile images through the service, with the real engine, in one process.

Each ends as a result with a clear reason, in time and in memory, and the next image is served.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from leanpix.adapters.engine import LeanpixEngine
from leanpix.domain.jobs import Image, ImageState, KeptReason, Outcome, UploadedSource
from leanpix.domain.options import ImageOptions
from leanpix.domain.tasks import ImageTask
from leanpix.services.optimization import OptimizationService
from leanpix_engine import Reason
from leanpix_engine.errors import Kept
from leanpix_engine.sandbox.client import SandboxedOptimizer
from tests.images import make_photo_jpeg
from tests.security.hostile_images import MAKERS, good_images

MAX_SECONDS = 30
MAX_PEAK_BYTES = 2_400_000_000
"""Of a function of 3,008 MB, beside what Python and boto3 take."""
OUR_FAULT = Reason.ENGINE_FAILURE.value
LEFT_AS_IT_IS = {KeptReason.NO_SAVINGS, KeptReason.ALREADY_OPTIMIZED}
CLEAR_REASONS = {reason.value for kind in (KeptReason, Kept, Reason) for reason in kind} - {
    OUR_FAULT
}
FUNCTION_SECONDS = 120.0
GOOD = make_photo_jpeg(width=64, height=48)


class Clock:
    """A clock that shows the time."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class House:
    """The optimizer's service, around which everything else is in memory."""

    source: bytes = b""
    written: dict[str, bytes] = field(default_factory=dict)
    settled: tuple[ImageState, Outcome] | None = None
    engine: LeanpixEngine = field(default_factory=LeanpixEngine)

    def claim(self, task: ImageTask, **_: Any) -> Image:
        return Image(
            job_id=task.job_id,
            index=0,
            account_id="acc_1",
            public_id="0" * 40,
            file_name="photo.jpg",
            source=UploadedSource(object_key="uploads/x"),
            options=ImageOptions(),
        )

    def settle(self, image: Image, *, state: ImageState, outcome: Outcome, now: float) -> None:
        self.settled = (state, outcome)

    def read(self, object_key: str) -> bytes:
        return self.source

    def write(self, object_key: str, data: bytes, **_: Any) -> None:
        self.written[object_key] = data

    def optimize(self, source: bytes) -> tuple[ImageState, Outcome]:
        """Take an image through the service and return how it ended."""
        self._begin_with(source)
        others: Any = self
        service = OptimizationService(
            jobs=others,
            objects=others,
            fetcher=others,
            engine=self.engine,
            announcer=others,
            clock=Clock(),
            retention_days=7,
        )
        service.optimize(ImageTask(1, 0), seconds_left=FUNCTION_SECONDS)
        assert self.settled
        return self.settled

    def _begin_with(self, source: bytes) -> None:
        self.source, self.settled = source, None
        self.written.clear()


@pytest.fixture(scope="module")
def house() -> House:
    return House()


def check(house: House, images: Mapping[str, bytes] | Iterator[tuple[str, bytes]]) -> list[str]:
    """Return what went wrong: an image by name, and how it ended."""
    sandbox = house.engine._sandbox
    assert isinstance(sandbox, SandboxedOptimizer)
    process_id = sandbox.process_id
    wrong = []
    for name, data in images.items() if isinstance(images, Mapping) else images:
        started = time.monotonic()
        state, outcome = house.optimize(data)
        seconds = time.monotonic() - started
        usage = sandbox.usage
        ended = f"{name}: {state}, {outcome.reason}, {seconds:.1f} s, {usage}"
        is_clear = outcome.main is not None or outcome.reason in CLEAR_REASONS
        if state is not ImageState.DONE or not is_clear:
            wrong.append(ended)
        elif usage.signal and outcome.reason != Reason.TIMEOUT:
            wrong.append(f"crash: {ended}")
        elif seconds > MAX_SECONDS or usage.peak_bytes > MAX_PEAK_BYTES:
            wrong.append(f"dear: {ended}")
        state, outcome = house.optimize(GOOD)
        if state is not ImageState.DONE or outcome.main is None:
            wrong.append(f"{name}: the good image after it: {state}, {outcome.reason}")
        if sandbox.process_id != process_id:
            wrong.append(f"{name}: the engine's process had to be started anew")
            process_id = sandbox.process_id
    return wrong


def test_the_honest_images_are_served(house: House) -> None:
    """So that what is refused below is refused for what is wrong with it."""
    for name, data in good_images().items():
        state, outcome = house.optimize(data)
        assert state is ImageState.DONE, name
        assert outcome.main or outcome.reason in LEFT_AS_IT_IS, (name, outcome.reason)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__.strip("_"))
def test_every_hostile_image_ends_with_a_reason_and_the_next_one_is_served(
    house: House, make: Callable[[], Iterator[tuple[str, bytes]]]
) -> None:
    assert check(house, make()) == []


def test_there_are_at_least_150() -> None:
    assert sum(1 for make in MAKERS[:6] for _ in make()) >= 150


@pytest.mark.timeout(900)
@pytest.mark.parametrize("folder", ["hostile", "odd"])
def test_a_corpus_of_hostile_images_ends_alike(house: House, folder: str) -> None:
    """`LEANPIX_CORPUS` names a folder with the folders `hostile` and `odd`."""
    corpus = os.environ.get("LEANPIX_CORPUS")
    if not corpus:
        pytest.skip("LEANPIX_CORPUS is not set")
    files = sorted(path for path in (Path(corpus) / folder).iterdir() if path.is_file())
    assert files
    assert check(house, {path.name: path.read_bytes() for path in files}) == []
