"""Make hostile images: cut off, lying, bombs, cyclic and huge metadata, polyglots.

`hostile_images()` gives some 300 by name; `good_images()` the honest ones that they come from.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

from PIL import Image

from tests.images import make_photo
from tests.security import image_builders
from tests.security.hostile_svgs import hostile_svgs
from tests.security.image_builders import box, chunk, png, segment, webp

KILO = 1_000


def _save(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@cache
def good_images() -> dict[str, bytes]:
    """Return one small honest image of each format and kind."""
    photo = make_photo(width=48, height=32)
    frames = [make_photo(width=48, height=32, seed=seed) for seed in (1, 2, 3)]
    animated = {"save_all": True, "append_images": frames[1:], "duration": 80, "loop": 0}
    clear = photo.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(photo.size))
    return {
        "jpeg": _save(photo, "JPEG", quality=90),
        "jpeg progressive": _save(photo, "JPEG", quality=90, progressive=True),
        "jpeg cmyk": _save(photo.convert("CMYK"), "JPEG", quality=90),
        "png": _save(photo, "PNG"),
        "png palette": _save(photo.quantize(16), "PNG"),
        "png alpha": _save(clear, "PNG"),
        "apng": _save(frames[0], "PNG", **animated),
        "gif": _save(photo, "GIF"),
        "gif animated": _save(frames[0], "GIF", **animated),
        "webp": _save(photo, "WEBP", quality=80),
        "webp lossless": _save(clear, "WEBP", lossless=True),
        "webp animated": _save(frames[0], "WEBP", **animated),
        "avif": _save(photo, "AVIF", quality=70, speed=9),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g/></svg>',
    }


@cache
def hostile_images() -> dict[str, bytes]:
    """Return all hostile images by name."""
    made: dict[str, bytes] = {}
    for make in MAKERS:
        for name, data in make():
            made[f"{make.__name__.strip('_')}: {name}"] = data
    return made


def _cut_off() -> Iterator[tuple[str, bytes]]:
    """Yield images cut at each structural boundary, and in the middle of the next part."""
    for name in ("jpeg", "jpeg progressive", "png", "apng", "gif animated"):
        yield from _cuts(name)
    for name in ("webp", "webp lossless", "webp animated", "avif"):
        yield from _cuts(name)
    svg = good_images()["svg"]
    for at in (4, 5, 30, 60, len(svg) - 8, len(svg) - 1):
        yield f"svg at {at}", svg[:at]


def _cuts(name: str) -> Iterator[tuple[str, bytes]]:
    data = good_images()[name]
    ends = sorted(set(image_builders.boundaries(data)) - {0, len(data)})
    for at in ends[:14]:
        yield f"{name} at {at}", data[:at]
    for at in (ends[len(ends) // 2] + 3, len(data) // 2, len(data) - 1):
        yield f"{name} within, at {at}", data[:at]


def _lying_png() -> Iterator[tuple[str, bytes]]:
    good = good_images()["png"]
    for width, height in (
        (0, 0),
        (0, 32),
        (48, 0),
        (1 << 31, 1),
        ((1 << 31) - 1, (1 << 31) - 1),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (65_535, 65_535),
        (9_999, 9_999),
        (47, 32),
        (48, 9_000),
    ):
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        yield f"{width} x {height}", image_builders.replace_chunk(good, b"IHDR", header)
    for depth, colour, packing, filters, interlace in (
        (3, 2, 0, 0, 0),
        (16, 3, 0, 0, 0),
        (8, 7, 0, 0, 0),
        (8, 2, 9, 0, 0),
        (8, 2, 0, 9, 0),
        (8, 2, 0, 0, 9),
        (1, 6, 0, 0, 0),
    ):
        header = struct.pack(">IIBBBBB", 48, 32, depth, colour, packing, filters, interlace)
        name = f"depth {depth} colour {colour} {packing}{filters}{interlace}"
        yield name, image_builders.replace_chunk(good, b"IHDR", header)
    yield "no pixels", png(48, 32, b"")
    yield "broken pixels", png(48, 32, b"\x78\x9c" + b"\xff" * 99)
    yield "no palette", png(48, 32, zlib.compress(bytes(49 * 32)), colour=3)
    yield "a chunk longer than the file", good[:33] + b"\x7f\xff\xff\xffIDAT" + good[41:]
    yield "a chunk of 4 GB", good[:33] + b"\xff\xff\xff\xffIDAT" + good[41:]
    yield "wrong checksums", good[:29] + b"\0\0\0\0" + good[33:]
    yield "two headers", good[:33] + good[8:]
    yield "no end", good[:-12]


def _lying_jpeg() -> Iterator[tuple[str, bytes]]:
    good = good_images()["jpeg"]
    frame = good.index(b"\xff\xc0")
    for height, width in ((0, 0), (0, 48), (65_535, 65_535), (32, 65_535), (65_500, 1), (1, 1)):
        size = struct.pack(">HH", height, width)
        yield f"{width} x {height}", good[: frame + 5] + size + good[frame + 9 :]
    for name, at, value in (
        ("no components", 9, 0),
        ("255 components", 9, 255),
        ("no sampling", 11, 0),
        ("sampling of 15 x 15", 11, 255),
        ("an unknown quantization table", 12, 99),
        ("12 bits", 4, 12),
        ("no bits", 4, 0),
    ):
        yield name, image_builders.with_byte(good, frame + at, value)
    scan = good.index(b"\xff\xda")
    yield "no scan", good[:scan] + b"\xff\xd9"
    yield "many scans", good[:scan] + good[scan:-2] * 500 + b"\xff\xd9"
    progressive = good_images()["jpeg progressive"]
    last = progressive.rindex(b"\xff\xda")
    yield "thousands of scans", progressive[:last] + progressive[last:-2] * 3_000 + b"\xff\xd9"
    huge = progressive.replace(
        progressive[progressive.index(b"\xff\xc2") :][:9],
        b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", 9_000, 9_000),
    )
    place = huge.rindex(b"\xff\xda")
    yield "many scans of a large size", huge[:place] + huge[place:-2] * 500 + b"\xff\xd9"
    yield "no tables", good[:2] + good[frame:]
    yield "an empty segment", good[:2] + b"\xff\xe1\x00\x00" + good[2:]
    yield "a segment of one byte", good[:2] + b"\xff\xe1\x00\x01" + good[2:]
    yield "a segment beyond the end", good[:2] + b"\xff\xe1\xff\xff" + good[2:200]
    yield "fill bytes alone", b"\xff\xd8" + b"\xff" * 100_000
    yield "restart markers alone", good[:scan] + b"\xff\xda\x00\x02" + b"\xff\xd0" * 50_000
    yield "lossless JPEG", image_builders.with_byte(good, frame + 1, 0xC3)
    yield "hierarchical JPEG", image_builders.with_byte(good, frame + 1, 0xC5)


def _lying_gif() -> Iterator[tuple[str, bytes]]:
    good = good_images()["gif animated"]
    for width, height in ((0, 0), (65_535, 65_535), (1, 1), (9_000, 9_000)):
        yield f"{width} x {height}", good[:6] + struct.pack("<HH", width, height) + good[10:]
    first = image_builders.first_gif_image(good)
    for left, top, width, height in (
        (0, 0, 65_535, 65_535),
        (65_535, 65_535, 1, 1),
        (0, 0, 0, 0),
        (40, 30, 48, 32),
    ):
        place = struct.pack("<HHHH", left, top, width, height)
        yield f"a frame {place.hex()}", good[: first + 1] + place + good[first + 9 :]
    data = image_builders.gif_image_data(good)
    for bits in (0, 1, 12, 13, 255):
        yield f"codes of {bits} bits", image_builders.with_byte(good, data, bits)
    yield "no frame", good[:first] + b";"
    yield "blocks without end", good[: data + 1] + b"\xff" + bytes(255) * 4_000
    yield "comments without end", good[:first] + (b"\x21\xfe\xff" + b"a" * 255 + b"\0") * 20_000
    yield "an unknown block", good[:first] + b"\x99" + good[first:]
    yield "no palette", good[:10] + b"\x00" + good[11:13] + good[first:]
    one = b",\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    small = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff"
    yield "20,000 frames", small + one * 20_000 + b";"
    large = b"GIF89a" + struct.pack("<HH", 8_000, 8_000) + b"\x80\0\0\0\0\0\xff\xff\xff"
    yield "1,000 tiny frames on a large canvas", large + one * 1_000 + b";"
    delay = b"\x21\xf9\4\0\xff\xff\0\0"
    yield "1,500 frames with the longest delays", small + (delay + one) * 1_500 + b";"


def _lying_webp() -> Iterator[tuple[str, bytes]]:
    for name in ("webp", "webp lossless", "webp animated"):
        good = good_images()[name]
        for size in (0, 3, len(good) * 2, 0xFFFFFFFF):
            yield f"{name} of {size} bytes", good[:4] + struct.pack("<I", size) + good[8:]
        yield f"{name}, first chunk of 4 GB", good[:16] + b"\xff\xff\xff\xff" + good[20:]
        yield f"{name}, first chunk empty", good[:16] + bytes(4) + good[20:]
    lossy = good_images()["webp"]
    start = lossy.index(b"\x9d\x01\x2a")
    for side in (0, 1, 0x3FFF):
        sides = struct.pack("<HH", side, side)
        yield f"lossy {side} x {side}", lossy[: start + 3] + sides + lossy[start + 7 :]
    for width, height in ((1 << 24, 1 << 24), (1, 1), (16_384, 16_384)):
        canvas = struct.pack("<I", 2) + struct.pack("<I", width - 1)[:3]
        canvas += struct.pack("<I", height - 1)[:3]
        frames = good_images()["webp animated"]
        yield f"canvas {width} x {height}", frames[:20] + canvas + frames[30:]
    yield "no image", webp(b"VP8X" + struct.pack("<I", 10) + bytes(10))
    lossless = b"VP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", 0x0FFFFFFF) + b"\0"
    yield "lossless of the largest size without pixels", webp(lossless)
    yield "many canvases", webp((b"VP8X" + struct.pack("<I", 10) + bytes(10)) * 1_000)


def _lying_avif() -> Iterator[tuple[str, bytes]]:
    good = good_images()["avif"]
    at = good.index(b"ispe") + 8
    for side in (0, 1, 65_535, 0x7FFFFFFF, 0xFFFFFFFF):
        size = struct.pack(">II", side, side)
        yield f"{side} x {side}", good[:at] + size + good[at + 8 :]
    for name in (b"iloc", b"iinf", b"iprp", b"ipco", b"pitm", b"mdat", b"av1C", b"hdlr"):
        if name not in good:
            continue
        place = good.index(name) - 4
        text = name.decode()
        yield f"{text} of 4 GB", good[:place] + b"\xff\xff\xff\xff" + good[place + 4 :]
        yield f"{text} without length", good[:place] + bytes(4) + good[place + 4 :]
        yield f"{text} of one byte", good[:place] + b"\0\0\0\1" + good[place + 4 :]
        yield f"{text} missing", good[: place + 4] + b"free" + good[place + 8 :]
    place = good.index(b"iloc")
    yield "items elsewhere", good[: place + 8] + b"\xff" * 24 + good[place + 32 :]
    brand = box(b"ftyp", b"avif\0\0\0\0avifmif1miaf")
    nested = b""
    for _ in range(2_000):
        nested = box(b"meta", bytes(4) + nested)
    yield "boxes in boxes", brand + nested
    yield "boxes without end", brand + box(b"free", b"") * 100_000
    yield "nothing but a brand", brand


def _bombs() -> Iterator[tuple[str, bytes]]:
    yield "png, 10,000 x 10,000 of nothing", png(10_000, 10_000, _zeros(10_001 * 10_000), colour=0)
    yield "png, 60,000 x 60,000 in bits", png(60_000, 60_000, _zeros(7_501 * 6_000), bits=1)
    yield "png with more pixels than it says", png(48, 32, _zeros(100_000_000))
    for kind in (b"zTXt", b"iTXt", b"iCCP"):
        head = b"a\0\1\0\0\0" if kind == b"iTXt" else b"a\0\0"
        bomb = chunk(kind, head + _zeros(100_000_000))
        yield f"png, {kind.decode()} of 100 MB", _insert(good_images()["png"], bomb)
        bomb = chunk(kind, head + _zeros(3_000_000)) * 50
        yield f"png, 50 of {kind.decode()}", _insert(good_images()["png"], bomb)
    yield "png, 20,000 empty chunks", _insert(good_images()["png"], chunk(b"tEXt", b"") * 20_000)
    huge = Image.new("L", (4_000, 4_000))
    yield "jpeg, 16 MP of nothing", _save(huge, "JPEG", quality=5)
    yield "gif, 16 MP of nothing", _save(huge, "GIF")
    small = huge.resize((2_000, 2_000))
    yield "webp, 4 MP of nothing", _save(small, "WEBP", lossless=True, method=0)
    yield "avif, 2 MP of nothing", _save(huge.resize((2_000, 1_000)), "AVIF", speed=10)
    large = [Image.new("RGB", (1_000, 1_000), (n, n, n)) for n in range(10)]
    animation = {"save_all": True, "append_images": large[1:], "duration": 10}
    yield "webp, 10 frames of 1 MP", _save(large[0], "WEBP", lossless=True, method=0, **animation)
    yield "gif, 10 frames of 1 MP", _save(large[0].convert("P"), "GIF", **animation)
    control = struct.pack(">II", 0xFFFFFFFF, 0)
    yield "apng, 4,294,967,295 frames", _insert(good_images()["png"], chunk(b"acTL", control))


def _metadata() -> Iterator[tuple[str, bytes]]:
    cyclic = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8)
    count = b"MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\3\xff\xff\xff\xff\0\6\0\0" * 9
    outside = b"II*\0\xff\xff\xff\xff"
    for name, tiff in (("cyclic", cyclic), ("endless", count), ("elsewhere", outside)):
        yield f"jpeg, {name} EXIF", _in_jpeg(segment(0xE1, b"Exif\0\0" + tiff))
        yield f"png, {name} EXIF", _insert(good_images()["png"], chunk(b"eXIf", tiff))
    exif = segment(0xE1, b"Exif\0\0" + cyclic.ljust(65_000, b"\0"))
    yield "jpeg, 300 EXIF blocks", _in_jpeg(exif * 300)
    yield "jpeg, 500 comments", _in_jpeg(segment(0xFE, b"a" * 65_000) * 500)
    for name, total in (("one of many", 255), ("none of none", 0)):
        part = segment(0xE2, b"ICC_PROFILE\0\x01" + bytes([total]) + bytes(60_000))
        yield f"jpeg, ICC profile, {name}", _in_jpeg(part)
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 255]) + bytes(65_000)) for n in range(256)]
    yield "jpeg, ICC profile of 16 MB", _in_jpeg(b"".join(parts))
    head = struct.pack(">I", 132 + 12) + bytes(12) + b"RGB XYZ " + bytes(12) + b"acsp" + bytes(88)
    tags = head + b"\xff\xff\xff\xff" + b"rTRC\xff\xff\xff\xff\xff\xff\xff\xff"
    curve = b"para\0\0\0\0\0\3\0\0" + b"\xff\xff\0\0" * 7
    powers = head + struct.pack(">I4sII", 1, b"rTRC", 144, len(curve)) + curve
    for name, profile in (("tags without end", tags), ("impossible curve", powers)):
        data = chunk(b"iCCP", b"a\0\0" + zlib.compress(profile))
        yield f"png, {name}", _insert(good_images()["png"], data)
        yield f"jpeg, {name}", _in_jpeg(segment(0xE2, b"ICC_PROFILE\0\1\1" + profile))
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b"<x:xmpmeta" + b"<a>" * 20_000
    yield "jpeg, XMP of depth", _in_jpeg(segment(0xE1, xmp))
    index = b"MPF\0II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0xB002, 7, 0xFFFFFFFF, 8)
    yield "jpeg, a multi-picture index without end", _in_jpeg(segment(0xE2, index))


def _polyglots() -> Iterator[tuple[str, bytes]]:
    good = good_images()
    yield "JavaScript and GIF", b"GIF89a/*" + good["gif"][8:] + b"*/=1;alert(1)"
    yield "HTML in a JPEG", _in_jpeg(segment(0xFE, b"<script>alert(1)</script>"))
    yield "PHP in a PNG", _insert(good["png"], chunk(b"tEXt", b"a\0<?php system($_GET[0]);?>"))
    yield "ZIP behind a PNG", good["png"] + b"PK\3\4" + bytes(5_000) + b"PK\5\6" + bytes(18)
    yield "JPEG behind a PNG", good["png"] + good["jpeg"]
    yield "PNG behind a JPEG", good["jpeg"] + good["png"]
    yield "PDF before a JPEG", b"%PDF-1.4\n" + good["jpeg"]
    yield "SVG behind HTML", b"<html><body>" + good["svg"]
    yield "WebP in the name of AVIF", good["avif"][:12] + good["webp"]
    yield "PNG in the name of JPEG", b"\xff\xd8\xff" + good["png"]
    yield "PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file\n"
    yield "ImageMagick's own", b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/'\n"
    yield "a list of files", b"#EXTM3U\nfile:///etc/passwd\n"


def _wrong_kinds() -> Iterator[tuple[str, bytes]]:
    photo = make_photo(width=48, height=32)
    for kind in ("BMP", "TIFF", "ICO", "PPM", "TGA", "JPEG2000", "PCX"):
        yield kind, _save(photo, kind)
    yield "nothing", b""
    for size in (1, 2, 3, 4, 7, 8, 11, 12, 13):
        yield f"{size} bytes", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01"[:size]
    for name, magic in (
        ("ELF", b"\x7fELF"),
        ("ZIP", b"PK\3\4"),
        ("gzip", b"\x1f\x8b\x08"),
        ("PSD", b"8BPS\0\1"),
        ("JPEG XL", b"\xff\x0a"),
        ("HEIC", box(b"ftyp", b"heic\0\0\0\0mif1heic")),
        ("video", box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")),
        ("null bytes", b""),
    ):
        yield name, magic + bytes(1_000)
    yield "noise", random.Random(5).randbytes(50 * KILO)  # noqa: S311 - no secret


def _extremes() -> Iterator[tuple[str, bytes]]:
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF"):
        yield f"{kind} of one pixel", _save(Image.new("RGB", (1, 1)), kind)
    for kind, side in (("JPEG", 65_500), ("PNG", 65_535), ("GIF", 65_535), ("WEBP", 16_383)):
        yield f"{kind}, one line", _save(Image.new("L", (side, 1)), kind)
        yield f"{kind}, one column", _save(Image.new("L", (1, side)), kind)
    yield "png wider than all limits", _save(Image.new("L", (70_000, 1)), "PNG")


def _flipped() -> Iterator[tuple[str, bytes]]:
    """Yield honest images with some bytes changed, always the same ones."""
    for name, data in good_images().items():
        for seed in range(4):
            chance = random.Random(f"{name} {seed}")  # noqa: S311 - no secret
            broken = bytearray(data)
            for _ in range(1 + seed * 4):
                broken[chance.randrange(8, len(broken))] = chance.randrange(256)
            yield f"{name}, {seed}", bytes(broken)


MAKERS: tuple[Callable[[], Iterator[tuple[str, bytes]]], ...] = (
    _cut_off,
    _lying_png,
    _lying_jpeg,
    _lying_gif,
    _lying_webp,
    _lying_avif,
    _bombs,
    hostile_svgs,
    _metadata,
    _polyglots,
    _wrong_kinds,
    _extremes,
    _flipped,
)


@cache
def _zeros(size: int) -> bytes:
    """Return so many zeros, compressed."""
    packer = zlib.compressobj(9)
    block = bytes(10_000_000)
    parts = [packer.compress(block) for _ in range(size // len(block))]
    return b"".join((*parts, packer.compress(bytes(size % len(block))), packer.flush()))


def _insert(image: bytes, chunks: bytes) -> bytes:
    """Return a PNG with chunks behind its header."""
    return image[:33] + chunks + image[33:]


def _in_jpeg(segments: bytes) -> bytes:
    good = good_images()["jpeg"]
    return good[:2] + segments + good[2:]
