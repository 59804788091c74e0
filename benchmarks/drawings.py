"""Draw the pictures that scikit-image lacks: screenshots, charts, icons, animations."""

from __future__ import annotations

import math
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_TEXT: Final = (
    "Leanpix makes images smaller at the same visual quality. Every output is decoded and scored "
    "before it leaves, and a file that cannot be made smaller stays what it was. "
)
_WORDS: Final = _TEXT.split()
_RINGS: Final = 60
_SHADOW_RINGS: Final = 6
_COLOURS: Final = ((220, 38, 38), (5, 150, 105), (37, 99, 235), (217, 119, 6), (124, 58, 237))


def screenshot(width: int, height: int, *, dark: bool) -> Image.Image:
    """Draw a window with a sidebar, text of several sizes, buttons and coloured code."""
    paper, ink = ((24, 26, 30), (230, 230, 230)) if dark else ((255, 255, 255), (30, 30, 30))
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    side = width // 5
    draw.rectangle((0, 0, side, height), fill=tuple(abs(part - 12) for part in paper))
    for row in range(height // 44):
        top = 20 + row * 44
        colour = _COLOURS[row % len(_COLOURS)]
        draw.ellipse((16, top, 40, top + 24), fill=colour)
        draw.text((52, top + 3), _line(row, 2), fill=ink, font=ImageFont.load_default(15))
    top, row = 24, 0
    while top < height - 40:
        size = (28, 14, 14, 14, 12, 16)[row % 6]
        colour = _COLOURS[row % len(_COLOURS)] if row % 4 == 1 else ink
        draw.text((side + 24, top), _line(row, 14), fill=colour, font=ImageFont.load_default(size))
        top, row = top + size + 8, row + 1
    for number in range(3):
        left = side + 24 + number * 130
        place = (left, height - 36, left + 110, height - 8)
        draw.rounded_rectangle(place, 8, fill=_COLOURS[number])
    return image


def chart(width: int, height: int) -> Image.Image:
    """Draw lines over a grid, antialiased, with a legend."""
    image = Image.new("RGB", (width * 2, height * 2), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    for step in range(1, 10):
        draw.line((0, step * height // 5, width * 2, step * height // 5), (225, 225, 225), 2)
    for number, colour in enumerate(_COLOURS):
        points = [
            (
                x,
                height
                + height * 0.8 * math.sin(x / (90 + 40 * number) + number) * (x / width / 2),
            )
            for x in range(0, width * 2, 6)
        ]
        draw.line(points, fill=colour, width=5, joint="curve")
        font = ImageFont.load_default(30)
        draw.text((40, 30 + 44 * number), f"series {number}", fill=colour, font=font)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def icon(side: int) -> Image.Image:
    """Draw a soft shape with a shadow and a gradient on transparency."""
    image = Image.new("RGBA", (side * 2, side * 2))
    for number in range(_RINGS):
        inset = side * (0.15 + number / 120)
        share = number / _RINGS
        colour = (int(40 + 180 * share), int(90 + 60 * share), 235 - int(120 * share), 255)
        shape = (inset, inset, side * 2 - inset, side * 2 - inset)
        shade = (0, 0, 0, 4) if number < _SHADOW_RINGS else colour
        ImageDraw.Draw(image).rounded_rectangle(shape, side * 0.4, fill=shade)
    return image.resize((side, side), Image.Resampling.LANCZOS)


def spinner(side: int, frames: int) -> list[Image.Image]:
    """Draw the frames of a few dots that turn, in antialiased shades."""
    drawn = []
    for number in range(frames):
        image = Image.new("RGB", (side * 2, side * 2), (250, 250, 250))
        draw = ImageDraw.Draw(image)
        for dot in range(8):
            angle = 2 * math.pi * (dot / 8 + number / frames)
            x, y = side + side * 0.6 * math.cos(angle), side + side * 0.6 * math.sin(angle)
            radius = side * (0.06 + 0.012 * dot)
            fill = _COLOURS[dot % len(_COLOURS)]
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
        drawn.append(image.resize((side, side), Image.Resampling.LANCZOS))
    return drawn


def terminal(width: int, height: int, frames: int) -> list[Image.Image]:
    """Draw the frames of a terminal in which lines appear one after the other."""
    image = Image.new("RGB", (width, height), (18, 18, 20))
    drawn = []
    for number in range(frames):
        fill = _COLOURS[number % len(_COLOURS)] if number % 3 == 0 else (210, 210, 210)
        font = ImageFont.load_default(13)
        ImageDraw.Draw(image).text((10, 8 + 18 * number), _line(number, 9), fill=fill, font=font)
        drawn.append(image.copy())
    return drawn


def pan(photo: Image.Image, side: int, frames: int) -> list[Image.Image]:
    """Cut the frames of a camera that moves over a photo."""
    return [
        photo.crop((step := 3 * number, step, step + side, step + side))
        for number in range(frames)
    ]


def _line(row: int, words: int) -> str:
    start = row * 5 % len(_WORDS)
    return " ".join((_WORDS * 2)[start : start + words])
