"""Test the rules by which the judge lets a candidate pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from leanpix_engine.judge.judge import Judge
from leanpix_engine.picture.picture import Mode, Picture
from tests.engine.conftest import photo

FILM = Picture(
    frames=np.stack([np.asarray(photo(40, 30, seed=seed)) for seed in (1, 2, 3)]),
    mode=Mode.RGB,
    delays_ms=(50, 120, 30),
    loop=2,
)


def judge(picture: Picture, candidate: Picture, goal: float | None = 50.0) -> Judge:
    """Return a judge of a picture to whom every file decodes to the candidate."""
    return Judge(picture, lambda _: candidate, goal, exact=False)


def judged(picture: Picture, candidate: Picture, floor: float | None) -> tuple[bool, float | None]:
    """Return whether the candidate passes, and its weakest score."""
    right, verdict = judge(picture, candidate, floor).acceptable(b"", floor)
    return right, None if verdict is None else verdict.weakest


@pytest.mark.parametrize("floor", [None, 50.0])
def test_a_candidate_with_the_same_frames_delays_and_loop_passes(floor: float | None) -> None:
    assert judged(FILM, FILM, floor)[0]


@pytest.mark.parametrize("floor", [None, 50.0])
@pytest.mark.parametrize(
    "change",
    [
        {"delays_ms": (50, 120, 40)},
        {"delays_ms": (50, 120)},
        {"loop": 3},
        {"frames": FILM.frames[:2]},
        {"frames": FILM.frames[:, :29]},
        {"frames": FILM.frames[:, :, :39]},
    ],
    ids=["a delay", "no delay", "the loop", "a frame", "the height", "the width"],
)
def test_a_candidate_of_another_shape_or_timing_never_passes(
    floor: float | None, change: dict[str, object]
) -> None:
    candidate = replace(FILM, **change)  # type: ignore[arg-type]  # fields of the picture by name
    assert judged(FILM, candidate, floor) == (False, None)


def see_through(grey: int, alpha: int | npt.NDArray[np.uint8]) -> Picture:
    """Return a picture of one colour."""
    frames = np.full((1, 32, 32, 4), grey, np.uint8)
    frames[..., 3] = alpha
    return Picture(frames=frames, mode=Mode.RGB, alpha=True)


@pytest.mark.parametrize(("grey", "hidden_on"), [(255, "white"), (26, "dark")])
def test_a_difference_that_one_background_hides_shows_on_the_other(
    grey: int, hidden_on: str
) -> None:
    uneven = np.random.default_rng(3).integers(0, 256, (32, 32)).astype(np.uint8)
    before, after = see_through(grey, uneven), see_through(grey, 128)
    assert judge(before, after).verdict(after).score < 90, hidden_on


def test_a_candidate_exactly_at_the_floor_passes_and_just_below_does_not() -> None:
    noisy = FILM.frames.astype(int) + np.random.default_rng(1).integers(-9, 10, FILM.frames.shape)
    candidate = replace(FILM, frames=np.clip(noisy, 0, 255).astype(np.uint8))
    judging = judge(FILM, candidate, 20.0)
    score = judging.score(b"")
    assert 20 < score < 100
    assert judging.acceptable(b"", score)[0]
    assert not judging.acceptable(b"", float(np.nextafter(score, 100)))[0]


def test_one_spoilt_frame_counts_though_the_mean_is_good() -> None:
    frames = FILM.frames.copy()
    frames[1] = 255 - frames[1]
    candidate = replace(FILM, frames=frames)
    score = judge(FILM, candidate).verdict(candidate).score
    only = replace(FILM, frames=FILM.frames[1:2]), replace(FILM, frames=frames[1:2])
    assert score <= judge(*only).verdict(only[1]).score + 3.0


def test_colours_of_invisible_pixels_may_change_in_an_identical_picture() -> None:
    before, after = see_through(255, 0), see_through(9, 0)
    assert judged(before, after, None)[0]
    assert not judged(see_through(255, 1), see_through(9, 1), None)[0]
    assert not judged(before, see_through(255, 1), None)[0]


@pytest.mark.parametrize(
    ("channels", "mode", "alpha"),
    [(3, Mode.RGB, False), (4, Mode.RGB, True), (2, Mode.GRAY, True)],
)
def test_gray_is_identical_to_the_same_gray_in_another_layout_and_to_no_other(
    channels: int,
    mode: Mode,
    alpha: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    gray = np.random.default_rng(5).integers(0, 256, (1, 9, 9, 1)).astype(np.uint8)
    frames = np.repeat(gray, channels, axis=-1)
    if alpha:
        frames[..., -1] = 255
    before = Picture(frames=gray, mode=Mode.GRAY)
    after = Picture(frames=frames, mode=mode, alpha=alpha)
    assert judged(before, after, None)[0]
    frames = frames.copy()
    frames[0, 4, 4, 0] ^= 1
    assert not judged(before, replace(after, frames=frames), None)[0]
    if alpha:
        frames = after.frames.copy()
        frames[0, 4, 4, -1] = 254
        assert not judged(before, replace(after, frames=frames), None)[0]


def test_the_score_of_a_small_picture_is_exact() -> None:
    assert judge(FILM, FILM).uncertainty == 0


def test_of_several_vetoes_the_last_is_told() -> None:
    asked = judge(FILM, FILM)
    assert asked.last_veto is None
    asked._vetoes.extend(["an earlier one", "the last"])
    assert asked.last_veto == "the last"
