"""CIEDE2000, the difference of two colours as people see it (Sharma, Wu, Dalal 2005)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_KNEE = 0.04045  # IEC 61966-2-1
_CODES = np.arange(256) / 255
_LINEAR = np.where(
    _CODES <= _KNEE, _CODES / 12.92, ((np.maximum(_CODES, _KNEE) + 0.055) / 1.055) ** 2.4
).astype(np.float32)
# sRGB to CIE XYZ, each row divided by the white point D65 (IEC 61966-2-1).
_TO_XYZ = (
    np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    / np.array([[0.95047], [1.0], [1.08883]])
).astype(np.float32)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
"""Of CIE L*, where the cube root gives way to a line (CIE 15:2004)."""
_25_TO_THE_7TH = 25.0**7


def lab(rgb: npt.NDArray[np.uint8] | Floats) -> Floats:
    """Return CIE L*a*b* (n, 3) of sRGB (n, 3), in bytes or as floats of 0 to 255."""
    if rgb.dtype == np.uint8:
        linear = _LINEAR[rgb]
    else:
        share = rgb.astype(np.float32) / np.float32(255)
        linear = np.where(
            share <= _KNEE, share / 12.92, ((np.maximum(share, _KNEE) + 0.055) / 1.055) ** 2.4
        ).astype(np.float32)
    xyz = linear @ _TO_XYZ.T
    root = np.where(
        xyz > _EPSILON, np.cbrt(xyz), (np.float32(_KAPPA) * xyz + 16) / np.float32(116)
    )
    x, y, z = root.T
    result: Floats = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
    return result


def difference(first: Floats, second: Floats) -> Floats:
    """Return CIEDE2000 of pairs of CIE L*a*b* (n, 3); 1 is just seen by a trained eye."""
    lightness1, a1, b1 = first.astype(np.float32).T
    lightness2, a2, b2 = second.astype(np.float32).T
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * _saturation(mean_chroma)
    a1, a2 = a1 * stretch, a2 * stretch
    chroma1, chroma2 = np.hypot(a1, b1), np.hypot(a2, b2)
    hue1, hue2 = np.arctan2(b1, a1), np.arctan2(b2, a2)
    chromatic = (chroma1 * chroma2) > 0
    turn = np.where(chromatic, _wrapped(hue2 - hue1), 0)
    mean_hue = np.where(chromatic, hue1 + turn / 2, hue1 + hue2)
    hue_gap = 2 * np.sqrt(chroma1 * chroma2) * np.sin(turn / 2)
    lightness = (lightness1 + lightness2) / 2
    chroma = (chroma1 + chroma2) / 2
    off_middle = (lightness - 50) ** 2
    lightness_term = (lightness2 - lightness1) / (
        1 + 0.015 * off_middle / np.sqrt(20 + off_middle)
    )
    chroma_term = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    hue_term = hue_gap / (1 + 0.015 * chroma * _hue_weight(mean_hue))
    return np.asarray(
        np.sqrt(
            np.maximum(
                lightness_term**2
                + chroma_term**2
                + hue_term**2
                + _rotation(mean_hue, chroma) * chroma_term * hue_term,
                0,
            )
        ),
        np.float32,
    )


def _saturation(chroma: Floats) -> Floats:
    power = chroma.astype(np.float64) ** 7
    return np.sqrt(power / (power + _25_TO_THE_7TH)).astype(np.float32)


def _wrapped(angle: Floats) -> Floats:
    """Return an angle between two hues, the short way around."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi, np.float32)


def _hue_weight(hue: Floats) -> Floats:
    return np.asarray(
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63)),
        np.float32,
    )


def _rotation(hue: Floats, chroma: Floats) -> Floats:
    """Return the interaction of chroma and hue among blues."""
    degrees = np.degrees(hue) % 360
    angle = np.radians(60 * np.exp(-(((degrees - 275) / 25) ** 2)))
    return np.asarray(-2 * _saturation(chroma) * np.sin(angle), np.float32)
