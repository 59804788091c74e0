"""Test that a screenshot's gradients get no stripes, and draw a page on which one can look."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from leanpix_engine import Format, Level, Options, optimize
from tests.engine.conftest import opened, pixels, saved

PAGE = Path(__file__).parents[2] / "build" / "gradients" / "index.html"
WIDTH, HEIGHT = 640, 120
FORMATS = (Format.PNG, Format.WEBP, Format.AVIF)
FEWEST_SHADES = 40
"""In a part whose luma rises by 56 of 255; with 14 there were stripes that anybody sees."""
HIGHEST_STEP = {Level.MEDIUM: 1.6, Level.HIGH: 1.9}
"""Between the means of areas of 4 by 4 pixels, of 255, above what the slope itself rises."""


def screenshot_with_a_header() -> Image.Image:
    across, down = np.meshgrid(np.linspace(0, 0.85, WIDTH), np.linspace(0, 0.15, HEIGHT))
    first, last = np.array([24, 32, 72]), np.array([74, 120, 190])
    gradient = np.rint(first + (last - first) * (across + down)[..., None]).astype(np.uint8)
    page = Image.new("RGB", (WIDTH, 400), "white")
    page.paste(Image.fromarray(gradient))
    draw = ImageDraw.Draw(page)
    draw.rectangle((20, 30, 180, 90), fill="white")
    draw.text((40, 55), "Dashboard", fill=(20, 20, 40))
    for row in range(140, 380, 16):
        draw.text((30, row), f"A line of text in a screenshot, row {row}", fill=(40, 40, 50))
    return page


def header_of(image: Image.Image | bytes) -> Any:
    """Return the part of the header that has nothing on it."""
    return pixels(image)[:HEIGHT, 200:]


def highest_step(header: Any) -> float:
    """Return the 98th percentile of steps between cells that stand out from those around them."""
    luma = header @ np.array([0.299, 0.587, 0.114])
    rows, columns = luma.shape[0] // 4, luma.shape[1] // 4
    cells = luma[: rows * 4, : columns * 4].reshape(rows, 4, columns, 4).mean(axis=(1, 3))
    steps = cells[:, 2:] - cells[:, :-2]
    return float(np.percentile(np.abs(steps[:, 2:-2] - (steps[:, 4:] + steps[:, :-4]) / 2), 98))


@pytest.fixture(scope="module")
def made() -> dict[tuple[Level, Format], bytes]:
    source = saved(screenshot_with_a_header(), "PNG")
    outputs = {}
    for level in HIGHEST_STEP:
        for kind in FORMATS:
            output = optimize(source, Options(level=level, target_format=kind)).output
            assert output is not None
            outputs[level, kind] = output.data
    return outputs


@pytest.mark.parametrize("level", list(HIGHEST_STEP))
@pytest.mark.parametrize("kind", FORMATS)
def test_a_header_gets_no_steps(
    made: dict[tuple[Level, Format], bytes], kind: Format, level: Level
) -> None:
    assert highest_step(header_of(made[level, kind])) < HIGHEST_STEP[level]


@pytest.mark.parametrize("level", list(HIGHEST_STEP))
def test_a_header_keeps_most_of_its_shades_in_a_palette(
    made: dict[tuple[Level, Format], bytes], level: Level
) -> None:
    shades = np.unique(header_of(made[level, Format.PNG]).reshape(-1, 3), axis=0)
    assert len(shades) >= FEWEST_SHADES


def test_a_page_shows_it(made: dict[tuple[Level, Format], bytes]) -> None:
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    source = saved(screenshot_with_a_header(), "PNG")
    rows = [_row("the source", source)]
    rows += [_row(f"{kind}, {level}", data) for (level, kind), data in made.items()]
    style = "body{background:#888;font:14px sans-serif}img{width:1280px;height:240px}"
    head = f"<!doctype html><title>Gradients, twice enlarged</title><style>{style}</style>"
    PAGE.write_text(head + "".join(rows), "utf-8")
    assert PAGE.read_text("utf-8").count("<img") == 1 + len(made)


def _row(title: str, data: bytes) -> str:
    buffer = io.BytesIO()
    opened(data).convert("RGB").crop((0, 0, WIDTH, HEIGHT)).save(buffer, "PNG")
    url = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return f'<p>{title}: {len(data):,} bytes<p><img src="{url}" alt="{title}">'
