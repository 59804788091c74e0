"""Test each rule of the judge alone, and that switching one off lets a bad output through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from leanpix_engine.judge import judge as judge_module
from leanpix_engine.judge import rules as rules_module
from leanpix_engine.judge.judge import Judge, Verdict
from leanpix_engine.judge.rules import Rule, rules_for
from leanpix_engine.judge.views import Views
from leanpix_engine.picture.picture import Mode, Picture
from tests.engine.conftest import photo

Pixels = npt.NDArray[np.uint8]
GOAL = 77.0
FLOOR = GOAL - 0.5


def drawing() -> Pixels:
    """Return a drawing with flat areas, among them white and black ones, and a gray ramp."""
    image = Image.fromarray(np.asarray(photo(320, 320)))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 159, 159), fill=(196, 60, 72))
    draw.rectangle((160, 0, 319, 79), fill=(255, 255, 255))
    draw.rectangle((160, 80, 319, 159), fill=(0, 0, 0))
    return np.asarray(image).copy()


def with_clear_corner() -> Pixels:
    alpha = np.full((320, 320, 1), 255, np.uint8)
    alpha[:160, :160] = 0
    alpha[160:168] = 128
    return np.concatenate([drawing(), alpha], axis=-1)


def sky() -> Pixels:
    """Return a soft gradient, as of an evening sky, with the grain that cameras leave."""
    down = np.linspace(90, 190, 320)[:, None, None]
    grain = np.random.default_rng(3).normal(0, 0.7, (320, 320, 1))
    return np.asarray(np.clip(down + grain + (0, 14, 40), 0, 255), np.uint8)


def photo_pixels() -> Pixels:
    return np.asarray(photo(320, 320)).copy()


def gray_photo() -> Pixels:
    return np.repeat(np.asarray(photo(320, 320).convert("L"))[..., None], 3, axis=-1)


def shifted(pixels: Pixels, by: tuple[int, ...]) -> Pixels:
    return np.asarray(np.clip(pixels.astype(int) + by, 0, 255), np.uint8)


def haze(pixels: Pixels) -> Pixels:
    """Tint what is clear, hardly."""
    alpha = pixels[..., 3]
    pixels[..., 3] = np.where(alpha == 0, 1, alpha)
    return pixels


def holes(pixels: Pixels) -> Pixels:
    """Let what is opaque become translucent, hardly."""
    alpha = pixels[..., 3]
    pixels[..., 3] = np.where(alpha == 255, 254, alpha)
    return pixels


def fade(pixels: Pixels) -> Pixels:
    """Move what is translucent by 10."""
    alpha = pixels[..., 3]
    pixels[..., 3] = np.where(alpha == 128, 138, alpha)
    return pixels


def brand_off(pixels: Pixels) -> Pixels:
    """Shift a flat colour by 3 of 255."""
    pixels[:160, :160] = shifted(pixels[:160, :160], (3, 3, 3))
    return pixels


def white_off(pixels: Pixels) -> Pixels:
    """Make white a little less white."""
    pixels[:80, 160:] = 254
    return pixels


def black_off(pixels: Pixels) -> Pixels:
    """Make black a little less black."""
    pixels[80:160, 160:] = 1
    return pixels


def blocks_off(pixels: Pixels) -> Pixels:
    """Shift the colour of a few blocks, as a coarse DC coefficient does."""
    for left in range(16, 320, 32):
        block = pixels[176:192, left : left + 16]
        pixels[176:192, left : left + 16] = shifted(block, (4, -3, 3))
    return pixels


def header() -> Pixels:
    """Draw the top of a web page: a slanting gradient with text, and plain white below."""
    across, down = np.meshgrid(np.linspace(0, 0.85, 320), np.linspace(0, 0.15, 96))
    first, last = np.array([24, 32, 72]), np.array([74, 120, 190])
    gradient = np.rint(first + (last - first) * (across + down)[..., None]).astype(np.uint8)
    page = Image.new("RGB", (320, 320), "white")
    page.paste(Image.fromarray(gradient))
    draw = ImageDraw.Draw(page)
    for row in range(112, 304, 12):
        draw.text((16, row), "Plain text on white below the header", fill=(40, 40, 50))
    return np.array(page)


def banded(pixels: Pixels) -> Pixels:
    """Make steps of 8 pixels of a gradient, as a coarse quantizer does."""
    blocks = pixels.reshape(40, 8, 40, 8, 3).mean(axis=(1, 3), keepdims=True)
    return np.rint(np.broadcast_to(blocks, (40, 8, 40, 8, 3)).reshape(pixels.shape)).astype(
        np.uint8
    )


def striped(pixels: Pixels) -> Pixels:
    """Leave the header fewer colours, as a palette does whose score is high enough."""
    coarse = np.rint(pixels[:96] / 5) * 5
    pixels[:96] = np.where((pixels[:96] == 255).all(-1, keepdims=True), 255, coarse)
    return pixels


def tinted(pixels: Pixels) -> Pixels:
    """Give gray a little warmth."""
    return shifted(pixels, (1, 0, -2))


@dataclass(frozen=True, slots=True)
class Case:
    """A bad output, and the rule that it breaks."""

    name: str
    rule: str
    original: Callable[[], Pixels]
    spoil: Callable[[Pixels], Pixels]

    def judge(self, *, exact: bool = False) -> Judge:
        """Return a judge of the original."""
        return Judge(picture_of(self.original()), _never, GOAL, exact=exact)

    def verdict(self) -> Verdict:
        """Return what the judge says of the bad output."""
        return self.judge().verdict(picture_of(self.spoil(self.original())))


BAD_OUTPUTS = (
    Case("haze on what is clear", "alpha", with_clear_corner, haze),
    Case("holes in what is opaque", "alpha", with_clear_corner, holes),
    Case("a shadow that fades", "alpha", with_clear_corner, fade),
    Case("a brand's colour that is off", "flat_colours", drawing, brand_off),
    Case("white that is no white", "black_and_white", drawing, white_off),
    Case("black that is no black", "black_and_white", drawing, black_off),
    Case(
        "blocks of another colour",
        "block_colours",
        photo_pixels,
        blocks_off,
    ),
    Case("bands in a sky", "gradients", sky, banded),
    Case("slanting stripes in a header", "slopes", header, striped),
    Case("a gray photo with a tint", "gray", gray_photo, tinted),
)


def picture_of(pixels: Pixels) -> Picture:
    return Picture(frames=pixels[None], mode=Mode.RGB, alpha=pixels.shape[-1] == 4)


def _never(data: bytes) -> Picture:
    raise NotImplementedError(data)


def rule_of(original: Pixels, name: str, *, exact: bool = False) -> Rule:
    alpha = original.shape[-1] == 4
    found = rules_for(Views(original, alpha=alpha), exact=exact)
    return next(rule for rule in found if rule.name == name)


def points_left(case: Case, made: Pixels) -> float:
    rule = rule_of(case.original(), case.rule)
    return rule.points_left(Views(made, alpha=made.shape[-1] == 4), GOAL)


@pytest.mark.parametrize("case", BAD_OUTPUTS, ids=lambda case: case.name)
def test_a_rule_alone_tells_a_bad_output_from_the_original(case: Case) -> None:
    assert points_left(case, case.original()) > 0
    assert points_left(case, case.spoil(case.original())) < 0


@pytest.mark.parametrize("case", BAD_OUTPUTS, ids=lambda case: case.name)
def test_the_judge_turns_a_bad_output_down_that_the_score_would_take(case: Case) -> None:
    verdict = case.verdict()
    assert verdict.score >= GOAL
    assert verdict.weakest < FLOOR
    assert verdict.decided_by == case.rule


@pytest.mark.parametrize("case", BAD_OUTPUTS, ids=lambda case: case.name)
def test_a_rule_that_is_switched_off_lets_its_bad_output_through(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutation: without the rule nothing else catches the output."""

    def without(original: Views, *, exact: bool) -> list[Rule]:
        return [rule for rule in rules_for(original, exact=exact) if rule.name != case.rule]

    monkeypatch.setattr(judge_module, "rules_for", without)
    assert case.verdict().weakest >= FLOOR


def test_every_rule_has_a_bad_output() -> None:
    names = {rule.name for rule in rules_for(Views(drawing(), alpha=False), exact=False)}
    assert names == {case.rule for case in BAD_OUTPUTS}


def test_luma_is_a_mean_whose_weights_make_one() -> None:
    white = Views(np.full((32, 32, 3), 255, np.uint8), alpha=False)
    assert np.allclose(rules_module._luma(white), 255, atol=0.01)


def test_a_cell_as_rough_as_a_gradient_may_be_is_smooth_and_a_rougher_one_is_not() -> None:
    luma = np.zeros((9, 9), np.float32)
    luma[4, 4] = 0.5
    assert rules_module._smooth(luma, 0.5).all()
    assert not rules_module._smooth(luma, 0.4375).all()


def test_where_pixels_have_to_be_exact_flat_colours_have_no_leeway() -> None:
    views = Views(drawing(), alpha=False)
    rules: list[Any] = list(rules_module._flat_rules(views, exact=True))
    found = {rule.name: rule._most for rule in rules}
    assert found == {"flat_colours": 0.0, "black_and_white": 0.0}
