"""Test the limits and options that the service hands to the engine."""

from __future__ import annotations

import pytest

from leanpix.adapters.engine import LeanpixEngine
from leanpix.domain.options import ImageOptions
from leanpix_engine import Limits


def test_a_share_of_one_percent_is_a_hundredth() -> None:
    options = LeanpixEngine(min_saved_percent=1)._to_engine_options(ImageOptions())
    assert options.min_saving == pytest.approx(0.01, abs=1e-9)


@pytest.mark.parametrize(
    ("function_megabytes", "engine_megabytes"),
    [("2048", 2048 - 256), ("513", 513 - 256)],
)
def test_the_engine_gets_the_memory_that_the_function_does_not_need(
    monkeypatch: pytest.MonkeyPatch, function_megabytes: str, engine_megabytes: int
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function_megabytes)
    limits = LeanpixEngine()._limits(10)
    assert limits.max_process_bytes == engine_megabytes * 2**20


@pytest.mark.parametrize("function_megabytes", ["512", "128", None])
def test_outside_of_a_function_of_some_size_the_engines_own_limit_holds(
    monkeypatch: pytest.MonkeyPatch, function_megabytes: str | None
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", raising=False)
    if function_megabytes:
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function_megabytes)
    limits = LeanpixEngine()._limits(10)
    assert limits.max_process_bytes == Limits().max_process_bytes


@pytest.mark.parametrize(("left", "expected"), [(5.0, 5.0), (27.0, 27.0), (28.0, 27.0)])
def test_an_image_gets_the_time_that_is_left_and_27_seconds_at_most(
    left: float, expected: float
) -> None:
    assert LeanpixEngine()._limits(left).max_seconds == expected
