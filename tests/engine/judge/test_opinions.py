"""Test the second opinions on small pictures, and what passes where one is switched off."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from leanpix_engine.formats.png.palette import MergedPalette
from leanpix_engine.judge import judge as judge_module
from leanpix_engine.judge.judge import Judge, Verdict
from leanpix_engine.judge.opinions import Opinion, opinions_on
from leanpix_engine.judge.views import Views
from leanpix_engine.picture.picture import Mode, Picture
from tests.engine.conftest import photo

Pixels = npt.NDArray[np.uint8]
GOAL = 77.0


def icon() -> Pixels:
    """Return an icon of 24 pixels with a soft edge."""
    large = Image.new("RGBA", (96, 96))
    draw = ImageDraw.Draw(large)
    draw.ellipse((8, 8, 88, 88), fill=(180, 40, 50, 255))
    for step in range(30):
        draw.line((20 + step, 60, 40 + step, 30), fill=(180 - step, 60 + 5 * step, 90, 255))
    return np.asarray(large.resize((24, 24), Image.Resampling.LANCZOS)).copy()


def button() -> Pixels:
    """Return a button of 16 pixels with a shine."""
    rows, columns = np.mgrid[:16, :16]
    pixels = np.full((16, 16, 4), 255, np.uint8)
    pixels[..., 0] = 60 + 6 * rows
    pixels[..., 1] = 120 + 4 * rows + 2 * columns
    pixels[..., 2] = 210 - 3 * columns
    pixels[[0, -1], :] = pixels[:, [0, -1]] = 0
    return pixels


def muted(pixels: Pixels) -> Pixels:
    """Take a third of the saturation off, as a palette of few colours does."""
    gray = pixels[..., :3].mean(axis=-1, keepdims=True)
    pixels[..., :3] = np.rint(gray + (pixels[..., :3] - gray) * 0.66)
    return pixels


def coarse(pixels: Pixels) -> Pixels:
    """Leave 12 colours, which make steps in what was smooth."""
    return MergedPalette(Picture(frames=pixels[None], mode=Mode.RGB, alpha=True)).pixels(12)


def panel() -> Pixels:
    """Return a panel of 120 pixels in three colours."""
    pixels = np.full((120, 120, 3), (96, 132, 170), np.uint8)
    pixels[:40] = 60, 90, 120
    pixels[30:60, 30:60] = 250, 240, 230
    return pixels


def spotted(pixels: Pixels) -> Pixels:
    """Turn four by four pixels red, of which no mean takes notice."""
    pixels[90:94, 90:94, 0] += 30
    return pixels


def page() -> Pixels:
    """Return a chart with a few lines of small text on it."""
    image = Image.new("RGB", (600, 400), (235, 238, 242))
    draw = ImageDraw.Draw(image)
    for step in range(8):
        shade = (200 - step * 4, 210, 220)
        draw.line((0, 200 + step * 20, 600, 100 + step * 30), fill=shade, width=9)
    for top in (20, 36, 52):
        font = ImageFont.load_default(12)
        text = "The quick brown fox jumps over the lazy dog"
        draw.text((20, top), text, fill=(20, 20, 30), font=font)
    return np.asarray(image).copy()


def softened(pixels: Pixels) -> Pixels:
    """Blur the text a little."""
    blurred = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.4))
    pixels[10:80, 10:320] = np.asarray(blurred)[10:80, 10:320]
    return pixels


def night() -> Pixels:
    """Return a photo as taken at night."""
    return (3 + np.asarray(photo(320, 240)) * 0.13).astype(np.uint8)


def crushed(pixels: Pixels) -> Pixels:
    """Leave a quarter of the levels in the shadows."""
    return pixels // 4 * 4


def verdict_on(original: Pixels, made: Pixels) -> Verdict:
    pictures = [
        Picture(frames=pixels[None], mode=Mode.RGB, alpha=pixels.shape[-1] == 4)
        for pixels in (original, made)
    ]
    judge = Judge(pictures[0], _never, GOAL, exact=False)
    return judge.verdict(pictures[1])


def _never(data: bytes) -> Picture:
    raise NotImplementedError(data)


def without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch an opinion off, and all rules: they are tested beside this."""

    def others(original: Views) -> list[Opinion]:
        return [opinion for opinion in opinions_on(original) if opinion.name != name]

    monkeypatch.setattr(judge_module, "opinions_on", others)
    monkeypatch.setattr(judge_module, "rules_for", lambda *_args, **_options: [])


@pytest.mark.parametrize(
    ("name", "original", "spoil"),
    [
        ("colours", icon, muted),
        ("enlarged", button, coarse),
        ("worst_spot", panel, spotted),
        ("edges", page, softened),
        ("brightened", night, crushed),
    ],
)
def test_an_opinion_sees_what_the_score_hardly_feels(
    name: str, original: object, spoil: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(original)
    assert callable(spoil)
    without("none", monkeypatch)
    found = {
        opinion.name: opinion.score(_views(spoil(original())))
        for opinion in opinions_on(_views(original()))
    }
    verdict = verdict_on(original(), spoil(original()))
    assert found[name] < GOAL - 0.5 < verdict.score
    assert verdict.weakest < GOAL - 0.5


def test_the_original_is_perfect_to_every_opinion() -> None:
    for pixels in (icon(), button(), np.asarray(photo(90, 60))):
        for opinion in opinions_on(_views(pixels)):
            assert opinion.score(_views(pixels)) >= 99.9


def test_large_photos_are_left_to_the_score() -> None:
    assert opinions_on(_views(np.asarray(photo(300, 200)))) == []


def test_a_small_photo_may_hide_more_than_an_icon() -> None:
    names = [opinion.name for opinion in opinions_on(_views(np.asarray(photo(120, 90))))]
    assert names == ["enlarged", "worst_spot"]


@pytest.mark.parametrize(
    ("name", "original", "spoil"),
    [("worst_spot", panel, spotted), ("edges", page, softened), ("brightened", night, crushed)],
)
def test_no_rule_and_no_other_opinion_sees_it(
    name: str, original: object, spoil: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(original)
    assert callable(spoil)

    def others(views: Views) -> list[Opinion]:
        return [opinion for opinion in opinions_on(views) if opinion.name != name]

    monkeypatch.setattr(judge_module, "opinions_on", others)
    assert verdict_on(original(), spoil(original())).weakest >= GOAL


def test_an_opinion_that_is_switched_off_lets_its_bad_output_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pixels = icon()
    made = muted(icon())
    without("colours", monkeypatch)
    weaker = verdict_on(pixels, made)
    monkeypatch.undo()
    assert verdict_on(pixels, made).weakest < weaker.weakest


def _views(pixels: Pixels) -> Views:
    return Views(pixels, alpha=pixels.shape[-1] == 4)
