"""Test that an output keeps the kinds of metadata that were asked for, and nothing else.

Every value below is a word of its own, so that a search of the bytes finds it whatever a reader
makes of the file. exiftool, where it is installed, looks for positions a second time.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from leanpix_engine import Format, Level, Metadata, Options, optimize
from leanpix_engine.picture import tiff, xmp
from tests.engine.conftest import opened, photo, saved

EXIF_WORDS: Final = {
    Metadata.COPYRIGHT: (b"ExifOwner", b"ExifArtist"),
    Metadata.CREATION: (b"2019:03:04 05:06:07",),
    Metadata.LOCATION: (b"ExifDatum",),
}
XMP_WORDS: Final = {
    Metadata.COPYRIGHT: (b"XmpOwner", b"XmpArtist"),
    Metadata.CREATION: (b"2018-02-03T04:05:06",),
    Metadata.LOCATION: (b"48,51.5N",),
}
NEVER_ALONE: Final = (b"ExifSubject", b"ExifMaker", b"XmpTool", b"XmpHistory")
NEVER: Final = (b"IptcCaption", b"JpegComment", b"PngText")
KINDS: Final = ("JPEG", "PNG", "WEBP", "AVIF")
XMP: Final = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
 xmlns:own="http://example.com/own/" own:history="XmpHistory"
 xmp:CreatorTool="XmpTool" xmp:CreateDate="2018-02-03T04:05:06" exif:GPSLatitude="48,51.5N">
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">XmpOwner &amp; Sons</rdf:li></rdf:Alt></dc:rights>
<dc:creator><rdf:Seq><rdf:li>XmpArtist</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def exif(orientation: int = 1) -> bytes:
    """Return an EXIF block as a camera and an editor leave it."""
    tags = Image.Exif()
    tags[ExifTags.Base.ImageDescription] = "ExifSubject"
    tags[ExifTags.Base.Orientation] = orientation
    tags[ExifTags.Base.Copyright] = "ExifOwner"
    tags[ExifTags.Base.Artist] = "ExifArtist"
    inner = tags.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.DateTimeOriginal] = "2019:03:04 05:06:07"
    inner[ExifTags.Base.MakerNote] = b"ExifMaker" * 9
    position = tags.get_ifd(ExifTags.IFD.GPSInfo)
    position[ExifTags.GPS.GPSLatitudeRef] = "N"
    position[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 30.0)
    position[ExifTags.GPS.GPSMapDatum] = "ExifDatum"
    return tags.tobytes()


@cache
def profile() -> bytes:
    """Return sRGB's own profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def described(kind: str, orientation: int = 1) -> bytes:
    """Return a photo with all the metadata that its format has a place for."""
    settings: dict[str, object] = {
        "exif": exif(orientation),
        "xmp": XMP,
        "icc_profile": profile(),
    }
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "PngText")
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        settings["pnginfo"] = text
        del settings["xmp"]
    elif kind == "JPEG":
        settings |= {"comment": b"JpegComment", "quality": 95}
    data = saved(photo(96, 64), kind, **settings)
    return with_iptc(data) if kind == "JPEG" else data


def with_iptc(data: bytes) -> bytes:
    """Return a JPEG with a caption in Photoshop's segment (IPTC-IIM 2:120)."""
    caption = b"IptcCaption"
    record = b"\x1c\x02\x78" + struct.pack(">H", len(caption)) + caption
    block = b"8BIM\x04\x04\x00\x00" + struct.pack(">I", len(record)) + record + b"\0"
    payload = b"Photoshop 3.0\0" + block
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(payload) + 2) + payload + data[2:]


def made(source: bytes, **options: object) -> bytes:
    """Return the output for a source."""
    output = optimize(source, Options(assume_pristine=True, **options)).output  # type: ignore[arg-type]  # the tests pass right ones
    assert output is not None
    return output.data


def tags_by_exiftool(data: bytes, folder: Path) -> set[str]:
    """Return the names of the tags that exiftool finds; skip where it is not installed."""
    tool = shutil.which("exiftool")
    if tool is None:
        pytest.skip("exiftool is not installed (Debian: libimage-exiftool-perl)")
    path = folder / "image"
    path.write_bytes(data)
    done = subprocess.run([tool, "-j", "-a", str(path)], capture_output=True, check=True)
    return set(json.loads(done.stdout)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_the_sources_of_these_tests_hold_what_they_are_to_hold(kind: str) -> None:
    source = described(kind)
    for words in (*EXIF_WORDS.values(), *XMP_WORDS.values()):
        assert all(word in source for word in words)
    assert all(word in source for word in NEVER_ALONE)


@pytest.mark.parametrize("level", [Level.LOSSLESS, Level.MEDIUM])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_unasked(kind: str, level: Level) -> None:
    data = made(described(kind), level=level, min_saving=0)
    for words in (*EXIF_WORDS.values(), *XMP_WORDS.values(), NEVER_ALONE, NEVER):
        assert not any(word in data for word in words)


@pytest.mark.parametrize("keep", list(EXIF_WORDS))
@pytest.mark.parametrize(
    ("kind", "target"),
    [
        *((kind, None) for kind in KINDS),
        *(("JPEG", target) for target in (Format.PNG, Format.WEBP, Format.AVIF)),
        ("PNG", Format.JPEG),
    ],
)
def test_a_kind_is_kept_alone(kind: str, target: Format | None, keep: Metadata) -> None:
    data = made(
        described(kind), keep={keep}, target_format=target, always_convert=True, min_saving=0
    )
    for words in (EXIF_WORDS, XMP_WORDS):
        for of, values in words.items():
            assert all((value in data) is (of is keep) for value in values)
    assert not any(word in data for word in (*NEVER_ALONE, *NEVER))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_kept_alone_where_nothing_is_saved(kind: str) -> None:
    """The file is cleaned and not encoded anew."""
    source = described(kind)
    data = made(source, keep={Metadata.COPYRIGHT}, min_saving=0.99)
    assert b"ExifOwner" in data
    assert b"ExifDatum" not in data
    assert b"XmpOwner" in data
    assert b"48,51.5N" not in data
    assert (opened(data).size, len(data) <= len(source)) == ((96, 64), True)


@pytest.mark.parametrize("kind", KINDS)
def test_exiftool_finds_no_position_unasked(kind: str, tmp_path: Path) -> None:
    assert any("GPS" in name for name in tags_by_exiftool(described(kind), tmp_path))
    for keep in ((), (Metadata.COPYRIGHT,), (Metadata.CREATION, Metadata.ICC)):
        names = tags_by_exiftool(made(described(kind), keep=keep, min_saving=0), tmp_path)
        assert not any("GPS" in name for name in names)


@pytest.mark.parametrize("kind", KINDS)
def test_exiftool_reads_what_is_kept(kind: str, tmp_path: Path) -> None:
    keep = (Metadata.COPYRIGHT, Metadata.CREATION, Metadata.LOCATION)
    data = made(described(kind), keep=keep, min_saving=0, mark=False)
    names = tags_by_exiftool(data, tmp_path)
    wanted = {"Copyright", "Artist", "DateTimeOriginal", "GPSLatitude", "Rights", "CreateDate"}
    assert wanted <= names
    assert not {"MakerNote", "ImageDescription", "CreatorTool", "Comment"} & names
    assert "Warning" not in names


@pytest.mark.parametrize("target", [None, Format.PNG, Format.WEBP, Format.AVIF])
def test_the_whole_blocks_stay_where_they_are_asked_for(target: Format | None) -> None:
    keep = {Metadata.EXIF, Metadata.XMP}
    data = made(described("JPEG"), keep=keep, target_format=target, always_convert=True)
    assert XMP in data
    assert all(word in data for word in NEVER_ALONE)
    assert not any(word in data for word in NEVER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [Level.LOSSLESS, Level.MEDIUM])
def test_the_profile_stays_byte_for_byte_without_exif(kind: str, level: Level) -> None:
    data = made(described(kind), keep={Metadata.ICC}, level=level, min_saving=0)
    assert opened(data).info["icc_profile"] == profile()
    assert b"ExifOwner" not in data


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("level", [Level.LOSSLESS, Level.MEDIUM])
def test_a_turned_photo_is_seen_the_same_with_a_kind_kept(kind: str, level: Level) -> None:
    source = described(kind, orientation=6)
    data = made(source, keep={Metadata.COPYRIGHT}, level=level, min_saving=0)
    image = opened(data)
    turned = image.getexif().get(ExifTags.Base.Orientation, 1) == 6
    assert image.size == ((96, 64) if turned else (64, 96))
    assert b"ExifOwner" in data


def test_what_our_output_carries_goes_when_less_is_asked_for() -> None:
    first = made(described("JPEG"), keep={Metadata.EXIF, Metadata.XMP})
    again = optimize(first, Options(keep=frozenset({Metadata.COPYRIGHT}))).output
    assert again is not None
    assert b"ExifOwner" in again.data
    assert b"ExifDatum" not in again.data


def test_values_of_both_byte_orders_stay_as_they_are() -> None:
    for order, mark in (("<", b"II"), (">", b"MM")):
        entry = struct.pack(order + "HHII", 0x8298, 2, 10, 26)
        block = mark + struct.pack(order + "HIH", 42, 8, 1) + entry + bytes(4) + b"ExifOwner\0"
        kept = tiff.selected(block, {Metadata.COPYRIGHT})
        assert kept is not None
        image = Image.Exif()
        image.load(b"Exif\0\0" + kept)
        assert dict(image) == {0x8298: "ExifOwner"}


@pytest.mark.parametrize("length", range(0, len(exif()), 7))
def test_a_block_that_is_cut_off_yields_what_is_whole(length: int) -> None:
    kept = tiff.selected(exif()[:length], frozenset(EXIF_WORDS))
    assert kept is None or len(kept) <= len(exif())


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"<x",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + XMP,
        XMP.decode().encode("utf-16"),
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>",
    ],
)
def test_a_packet_that_is_not_read_is_left_out(packet: bytes) -> None:
    assert xmp.selected(packet, frozenset(XMP_WORDS)) is None


def test_the_position_goes_from_hdr_that_is_left_alone() -> None:
    colours, hdr = b"colrnclx\x00\x02\x00\x02", b"colrnclx\x00\x09\x00\x10"  # BT.2020, PQ
    source = described("AVIF").replace(colours, hdr)
    assert hdr in source
    result = optimize(source)
    assert result.output is not None
    assert b"ExifDatum" not in result.output.data
    assert hdr in result.output.data
    assert len(result.output.data) == len(source)
    kept = optimize(source, Options(keep=frozenset({Metadata.EXIF, Metadata.XMP})))
    assert (kept.output, kept.reason) == (None, "hdr_kept")
