"""Fuzz targets: each takes any bytes and may only end, or refuse in its own words.

Each comes with seeds, valid inputs from which a fuzzer starts.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PIL import Image, ImageCms

from leanpix.dialects import downloads, megaoptim, tinyjpg
from leanpix.domain.errors import LeanpixError
from leanpix.domain.file_names import clean_file_name, name_from_url
from leanpix.domain.submission import UploadReference
from leanpix.domain.web_addresses import AddressInvalidError, parse_address
from leanpix.http import Request
from leanpix_engine import Limits, Refused
from leanpix_engine.formats.probe import probe
from leanpix_engine.formats.sniff import sniff
from leanpix_engine.picture import exif, icc
from tests.security.hostile_images import good_images


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An entry point for fuzzing."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    modules: tuple[str, ...]
    """What a coverage-guided fuzzer watches."""
    words: tuple[bytes, ...] = ()
    """What the format is made of, for the fuzzer's dictionary."""


def run_probe(data: bytes) -> None:
    """Run the header readers of all formats, which also run without the engine."""
    with contextlib.suppress(Refused):
        sniff(data)
        found = probe(data, Limits())
        assert found.width * found.height <= Limits().max_pixels


def run_metadata(data: bytes) -> None:
    """Run the readers of EXIF blocks and colour profiles."""
    assert 1 <= exif.orientation_of(data) <= 8
    upright = exif.with_upright(data)
    assert len(upright) == len(data)
    assert exif.with_upright(upright) == upright
    icc.is_srgb(data)
    icc.is_simple(data)


def run_svg(data: bytes) -> None:
    """Run the SVG reader and the passes over an SVG."""
    from leanpix_engine.formats.svg import minify, safety  # noqa: PLC0415 - loads imaging libraries
    from leanpix_engine.formats.svg.drawing import Tolerance  # noqa: PLC0415 - see above
    from leanpix_engine.limits import Deadline  # noqa: PLC0415 - beside what follows

    source = b"<svg " + data
    with contextlib.suppress(Refused):
        probe(source, Limits())
    with contextlib.suppress(Refused):
        safe = safety.safe(source, Limits())
        assert b"<script" not in safe
        minify.minified(safe, Limits(), Deadline(10), Tolerance())


TYPES = (
    "multipart/form-data; boundary=b",
    "application/x-www-form-urlencoded",
    "application/json",
    "",
)


def run_requests(data: bytes) -> None:
    """Parse a body by both dialects; the first byte chooses how, a line ends its header."""
    choice, rest = data[:1] or b"\0", data[1:]
    kind = TYPES[choice[0] % len(TYPES)]
    if choice[0] & 0x80:
        line, _, rest = rest.partition(b"\n")
        kind = "multipart/form-data" + line.decode("latin-1")
    route = "/v1/convert" if choice[0] & 0x40 else "/v1/optimize"
    request = Request(
        method="POST", path=route, route=route, headers={"content-type": kind}, query={}, body=rest
    )
    for parse in (megaoptim.parse_submission, tinyjpg.parse_submission):
        with contextlib.suppress(LeanpixError):
            submission = parse(request, account_id="acc_1")
            for item in submission.inputs:
                if isinstance(item, UploadReference):
                    continue
                assert "/" not in item.file_name
                assert item.file_name.isprintable()


def run_addresses(data: bytes) -> None:
    """Parse URLs and file names."""
    text = data.decode("utf-8", errors="replace")
    name = clean_file_name(text)
    assert name
    assert not set(name) & set('/\\\r\n\0<>"')
    with contextlib.suppress(ValueError):
        assert "/" not in name_from_url(text)
    with contextlib.suppress(AddressInvalidError):
        address = parse_address(text, any_port=True)
        assert address.host.isascii()
        assert not set(address.target + address.authority) & set("\r\n \t\0\\")
        assert address.target.isascii()
    with contextlib.suppress(AddressInvalidError):
        parse_address("http://public.example/a?b").resolve(text, any_port=False)
    request = Request(
        method="GET",
        path="/image/x",
        route="/image/{public_id}/{file_name}",
        path_parameters={"public_id": text, "file_name": text},
    )
    with contextlib.suppress(LeanpixError):
        assert not (downloads.parse_download(request).object_key or "").count("..")


def _profiles() -> Iterable[bytes]:
    yield ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield exif.minimal(6)
    buffer = io.BytesIO()
    tags = Image.Exif()
    tags[0x0112], tags[0x010F] = 3, "Leanpix"
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", exif=tags)
    at = buffer.getvalue().index(exif.PREFIX)
    yield buffer.getvalue()[at : at + 200]


MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="type"\r\n\r\nurls\r\n'
    b'--b\r\nContent-Disposition: form-data; name="url1"\r\n\r\nhttp://a.example/x.jpg\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file1"; filename="C:\\\\a\\\\b.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\xff\r\n--b--\r\n"
)
TARGETS = {
    "probe": Target(
        run=run_probe,
        seeds=lambda: good_images().values(),
        modules=("leanpix_engine",),
        words=(b"IHDR", b"acTL", b"ftypavif", b"ispe", b"VP8X", b"ANMF", b"NETSCAPE2.0", b"<svg"),
    ),
    "metadata": Target(
        run=run_metadata,
        seeds=_profiles,
        modules=("leanpix_engine",),
        words=(b"II*\0", b"MM\0*", b"Exif\0\0", b"curv", b"para", b"rTRC", b"rXYZ", b"RGB "),
    ),
    "svg": Target(
        run=run_svg,
        seeds=lambda: (
            b'width="10" height="10"><path d="M0 0L1 1"/></svg>',
            b'viewBox="0 0 10 1e3"><defs><g id="a"/></defs><use href="#a"/></svg>',
            b'xmlns="http://www.w3.org/2000/svg"><style>.a{fill:red}</style></svg>',
        ),
        modules=("leanpix_engine",),
        words=(b"viewBox=", b"width=", b"<!ENTITY", b"<![CDATA[", b"<!--", b"href=", b"&#x41;"),
    ),
    "requests": Target(
        run=run_requests,
        seeds=lambda: (
            b"\0" + MULTIPART,
            b"\1type=url&url=http%3A%2F%2Fa.example%2Fx.jpg&compression=high&max_width=10",
            b'\2{"type":"url","url":"http://a.example/x.jpg","quality":80}',
            b"\x80; boundary=b\n" + MULTIPART,
        ),
        modules=("leanpix", "multipart"),
        words=(b"Content-Disposition: form-data; name=", b"filename*=UTF-8''", b"--b--", b"url5"),
    ),
    "addresses": Target(
        run=run_addresses,
        seeds=lambda: (
            b"http://public.example:80/a/b.jpg?c=d#e",
            b"https://[2606:4700::1]/",
            "http://fóto.example/ñ.jpg".encode(),
            b"C:\\photos\\a b.jpg",
        ),
        modules=("leanpix",),
        words=(b"http://", b"https://", b"%2e", b"\xef\xbc\x8e", b"[::ffff:", b"@", b"xn--"),
    ),
}
