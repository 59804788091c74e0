"""Tell whether a colour profile is sRGB, and whether it is simple (ICC.1:2022)."""

from __future__ import annotations

# Colorants of sRGB in the profile connection space (IEC 61966-2-1, adapted to D50).
_SRGB_COLORANTS = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_COLORANT_TOLERANCE = 0.003
_CURVE_TOLERANCE = 0.01
_TABLES = {b"A2B0", b"A2B1", b"D2B0"}


def tags(profile: bytes) -> dict[bytes, bytes]:
    """Return the profile's tags; those that reach beyond its end are left out."""
    found = {}
    for entry in range(min(int.from_bytes(profile[128:132], "big"), 100)):
        at = 132 + 12 * entry
        start, size = (int.from_bytes(profile[at + i : at + i + 4], "big") for i in (4, 8))
        if start >= 128 and start + size <= len(profile):
            found[profile[at : at + 4]] = profile[start : start + size]
    return found


def colour_space(profile: bytes) -> bytes:
    """Return the space of the data, such as b"RGB ", b"GRAY" or b"CMYK"."""
    return profile[16:20]


def is_simple(profile: bytes) -> bool:
    """Return True for gray or RGB by curves and colorants, False for channels by tables."""
    return colour_space(profile) in (b"RGB ", b"GRAY") and not _TABLES & tags(profile).keys()


def is_srgb(profile: bytes) -> bool:
    """Return True where leaving the profile out changes nothing that one could see."""
    found = tags(profile)
    if colour_space(profile) != b"RGB " or _TABLES & found.keys():
        return False
    for name, expected in _SRGB_COLORANTS.items():
        value = _xyz(found.get(name, b""))
        if value is None or any(
            abs(mine - theirs) > _COLORANT_TOLERANCE
            for mine, theirs in zip(value, expected, strict=True)
        ):
            return False
    return all(_is_srgb_curve(found.get(name, b"")) for name in (b"rTRC", b"gTRC", b"bTRC"))


def _fixed(data: bytes, at: int) -> float:
    """Return an s15Fixed16Number."""
    return int.from_bytes(data[at : at + 4], "big", signed=True) / 65_536


def _xyz(tag: bytes) -> tuple[float, float, float] | None:
    if tag[:4] != b"XYZ " or len(tag) < 20:
        return None
    return (_fixed(tag, 8), _fixed(tag, 12), _fixed(tag, 16))


def _is_srgb_curve(tag: bytes) -> bool:
    for step in range(17):
        x = step / 16
        try:
            value = _curve_at(tag, x)
        except ArithmeticError:  # zero to a negative power, or beyond all numbers
            return False
        linear = x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
        if value is None or abs(value - linear) > _CURVE_TOLERANCE:
            return False
    return True


def _curve_at(tag: bytes, x: float) -> float | None:
    """Return a tone curve at `x`; None for a kind that no camera or editor writes for sRGB."""
    if tag[:4] == b"curv" and len(tag) >= 12:
        return _table_at(tag, x)
    if tag[:4] == b"para" and len(tag) >= 16:
        return _formula_at(tag, x)
    return None


def _table_at(tag: bytes, x: float) -> float | None:
    """Return a `curv` tag (ICC.1 10.6) at `x`: identity, a gamma, or samples."""
    count = int.from_bytes(tag[8:12], "big")
    if count == 0:
        return x
    if len(tag) < 12 + 2 * count:
        return None
    if count == 1:
        return float(x ** (int.from_bytes(tag[12:14], "big") / 256))
    at = x * (count - 1)
    low = min(int(at), count - 2)
    pair = (int.from_bytes(tag[12 + 2 * i : 14 + 2 * i], "big") / 65_535 for i in (low, low + 1))
    first, second = pair
    return first + (second - first) * (at - low)


def _formula_at(tag: bytes, x: float) -> float | None:
    """Return a `para` tag (ICC.1 10.18) at `x`: of kind 0, a gamma, or 3, sRGB's own shape."""
    kind = int.from_bytes(tag[8:10], "big")
    if kind == 0:
        return float(x ** _fixed(tag, 12))
    if kind == 3 and len(tag) >= 32:
        gamma, a, b, c, d = (_fixed(tag, 12 + 4 * i) for i in range(5))
        if x < d:
            return c * x
        return float((a * x + b) ** gamma) if a * x + b >= 0 else None
    return None
