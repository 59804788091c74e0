"""Test that a browser, which shares no code with librsvg, shows optimized SVGs as before."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from leanpix_engine import Options, optimize

SIDE = 256
"""Pixels that each document is shown at."""
MOST_OF_PIXEL, MOST_OF_BLOCK = 128, 32
"""Levels of 255 of a pixel and of the mean of 4 x 4, at four times the size: an edge that moves by
half a pixel. Chromium flattens curves that coarsely: where librsvg draws an arc and its curve
pixel for pixel the same, Chromium's edges differ by up to 119 and 26 (decision 38)."""
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="64.000px" height="64.000px" viewBox="0.000 0.000 64.000 64.000">'
)
GRADIENT = (
    '<linearGradient id="first-gradient" x1="0" y1="0" x2="64" y2="64" '
    'gradientUnits="userSpaceOnUse"><stop offset="0.000" style="stop-color:#ff0000"/>'
    '<stop offset="1.000" style="stop-color:#0000ff;stop-opacity:0.500"/></linearGradient>'
)
DOCUMENTS = {
    "transforms": '<g transform="translate(10.000,10.000) rotate(30.000)">'
    '<g transform="scale(2.000)"><rect x="1" y="2" width="8.000" height="9.000" rx="2"/></g></g>',
    "gradients": f"<defs>{GRADIENT}{GRADIENT.replace('first', 'second')}</defs>"
    '<circle cx="20" cy="32" r="18.500" fill="url(#first-gradient)"/>'
    '<rect x="40" y="9" width="20" height="44" style="fill:url(#second-gradient)"/>',
    "clips and masks": '<clipPath id="a-clip"><circle cx="32" cy="32" r="20"/></clipPath>'
    '<mask id="a-mask"><rect width="64" height="40" fill="#ffffff"/></mask>'
    '<g clip-path="url(#a-clip)" mask="url(#a-mask)"><rect width="64" height="64" '
    'fill="#008000"/></g>',
    "filters": '<filter id="a-blur"><feGaussianBlur stdDeviation="2.000"/></filter>'
    '<path filter="url(#a-blur)" d="M 10.000,10.000 L 50.000,10.000 L 50.000,50.000 Z"/>',
    "text": '<text x="4" y="30" font-family="sans-serif" font-size="14.000px">Hi '
    '<tspan fill="#ff0000"> there</tspan></text>',
    "strokes that cross": '<g fill="none" stroke="#000000" stroke-width="4.000" '
    'stroke-opacity="0.500"><path d="M 4 4 L 60 60"/><path d="M 60 4 L 4 60"/></g>',
    "a style sheet": "<style>* { stroke-linejoin: round } .thick { stroke-width: 9.000 }</style>"
    '<path class="thick" style="stroke-linejoin:miter;fill:none;stroke:#000000" '
    'd="M 10 50 L 32 15 L 54 50"/>',
    "states": "<style>rect { fill: green } @media (min-width: 1px) { rect { fill: blue } }</style>"
    '<rect x="9" y="9" width="40.000" height="40.000"/>',
    "uses": '<defs><rect id="a-tile" width="12.000" height="12.000"/></defs>'
    '<use xlink:href="#a-tile" x="5" y="5"/><use xlink:href="#a-tile" x="40" y="40"/>',
    "arcs and curves": '<path fill="#804000" d="M 32.000000 4.000000 A 28 28 0 0 1 60.000000 '
    '32.000000 C 60.000000 47.463973 47.463973 60.000000 32.000000 60.000000 S 4 47.5 4 32 Z"/>',
    "markers": '<marker id="a-tip" refX="2" refY="2" markerWidth="4" markerHeight="4">'
    '<circle cx="2" cy="2" r="2.000"/></marker><path marker-mid="url(#a-tip)" fill="none" '
    'stroke="#000000" stroke-width="2" d="M 5 5 L 32 32 L 60 5"/>',
}


@pytest.mark.parametrize("background", ["#ffffff", "#1a1a1a"])
def test_chromium_shows_no_difference(browser: Browser, background: str) -> None:
    pairs = []
    for body in DOCUMENTS.values():
        source = f'<?xml version="1.0"?>\n<!-- made by hand -->\n{HEAD}{body}</svg>\n'.encode()
        output = optimize(source, Options()).output
        assert output is not None
        pairs.append((source, output.data))
    shown = _shown(browser, pairs, background).astype(np.int16)
    for row, name in enumerate(DOCUMENTS):
        difference = shown[row, 0] - shown[row, 1]
        blocks = difference.reshape(SIDE // 4, 4, SIDE // 4, 4, 3).mean((1, 3))
        assert np.ptp(shown[row, 0]) > 0, f"{name} is blank"
        assert np.abs(difference).max() <= MOST_OF_PIXEL, name
        assert np.abs(blocks).max() <= MOST_OF_BLOCK, name


def _shown(
    browser: Browser, pairs: list[tuple[bytes, bytes]], background: str
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return what Chromium shows of pairs of documents: row, side, y, x, colour."""
    images = [
        f'<img width="{SIDE}" height="{SIDE}" '
        f'style="position:absolute;left:{column * SIDE}px;top:{row * SIDE}px" '
        f'src="data:image/svg+xml;base64,{base64.b64encode(document).decode()}">'
        for row, pair in enumerate(pairs)
        for column, document in enumerate(pair)
    ]
    page = browser.new_page(viewport={"width": 2 * SIDE, "height": SIDE * len(pairs)})
    page.set_content(f'<body style="background:{background}">{"".join(images)}</body>')
    shot = page.screenshot()
    page.close()
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))
    return pixels.reshape(len(pairs), SIDE, 2, SIDE, 3).transpose(0, 2, 1, 3, 4)
