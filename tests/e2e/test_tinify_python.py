"""Test Tinify's client from PyPI over TLS, with nothing but its endpoint changed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import tinify
from PIL import Image

from tests.e2e.tinify_images import HEIGHT, OWNER, WIDTH, make_logo, read_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from leanpix_cli.local_setup import LocalAccount
    from tests.api import Site
    from tests.tls_proxy import SecureSite

LOGO = make_logo()


@pytest.fixture(autouse=True)
def client(
    secure: SecureSite, account: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Point the client at the local cloud, with a key of the test's own."""
    monkeypatch.setattr(tinify.Client, "API_ENDPOINT", secure.url)
    # It wins over the authorities that the client brings.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(secure.authority))
    monkeypatch.setattr(tinify, "compression_count", None)
    tinify.key = account.api_key
    yield
    tinify.get_client().close()
    tinify.key = None


def test_it_validates_a_key() -> None:
    assert tinify.validate() is True
    assert tinify.compression_count == 0


def test_it_refuses_a_wrong_key() -> None:
    tinify.get_client().close()
    tinify.key = "wrong"
    with pytest.raises(tinify.AccountError, match="Credentials are invalid") as refused:
        tinify.validate()
    assert refused.value.status == 401


def test_it_compresses_a_file_to_a_file(tmp_path: Path) -> None:
    before, after = tmp_path / "before.png", tmp_path / "after.png"
    before.write_bytes(LOGO)
    tinify.from_file(str(before)).to_file(str(after))
    data = after.read_bytes()
    assert len(data) < len(LOGO) / 2
    assert read_size(data) == (WIDTH, HEIGHT)
    assert OWNER.encode() not in data
    assert tinify.compression_count == 1


def test_it_compresses_a_buffer_and_tells_its_facts() -> None:
    result = tinify.from_buffer(LOGO).result()
    assert (result.width, result.height) == (WIDTH, HEIGHT)
    assert (result.content_type, result.extension) == ("image/png", "png")
    assert result.size == len(result.to_buffer())


def test_it_compresses_a_url(site: Site) -> None:
    site.pages["/logo.png"] = LOGO
    result = tinify.from_url(f"{site.url}/logo.png").result()
    assert (result.width, result.height) == (WIDTH, HEIGHT)


def test_it_resizes_what_came_from_a_url(site: Site) -> None:
    site.pages["/logo.png"] = LOGO
    source = tinify.from_url(f"{site.url}/logo.png")
    assert read_size(source.resize(method="scale", width=50).to_buffer()) == (50, 8)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"method": "scale", "width": 50}, (50, 8)),
        ({"method": "scale", "height": 10}, (65, 10)),
        ({"method": "fit", "width": 50, "height": 20}, (50, 8)),
        ({"method": "cover", "width": 30, "height": 20}, (30, 20)),
        ({"method": "thumb", "width": 20, "height": 20}, (20, 20)),
        ({"method": "fit", "width": 5000, "height": 5000}, (WIDTH, HEIGHT)),
    ],
)
def test_it_resizes(options: dict[str, Any], size: tuple[int, int]) -> None:
    result = tinify.from_buffer(LOGO).resize(**options).result()
    assert read_size(result.to_buffer()) == size
    assert (result.width, result.height) == size
    assert tinify.compression_count == 2


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("image/webp", "WEBP"),
        ("image/png", "PNG"),
        ("image/avif", "AVIF"),
        (["image/webp", "image/png"], "WEBP"),
        ("*/*", "WEBP"),
    ],
)
def test_it_converts(kind: Any, name: str) -> None:
    result = tinify.from_buffer(LOGO).convert(type=kind).result()
    with Image.open(io.BytesIO(result.to_buffer())) as image:
        assert (image.format, image.size) == (name, (WIDTH, HEIGHT))
    assert result.content_type == f"image/{name.lower()}"
    assert tinify.compression_count == 2


def test_it_converts_transparency_to_jpeg_on_a_background_alone() -> None:
    source = tinify.from_buffer(LOGO)
    with pytest.raises(tinify.ClientError) as refused:
        source.convert(type="image/jpeg").to_buffer()
    assert refused.value.status == 400
    data = source.convert(type="image/jpeg").transform(background="#ff0000").to_buffer()
    with Image.open(io.BytesIO(data)) as image:
        corner = image.convert("RGB").getpixel((0, 0))
        assert image.format == "JPEG"
    assert isinstance(corner, tuple)
    assert corner[0] > 240
    assert max(corner[1:]) < 15


def test_it_preserves_what_is_asked_for_free_of_charge() -> None:
    data = tinify.from_buffer(LOGO).preserve("copyright", "creation").to_buffer()
    assert OWNER.encode() in data
    assert read_size(data) == (WIDTH, HEIGHT)
    assert tinify.compression_count == 1


def test_it_is_told_of_a_broken_image_and_of_no_image() -> None:
    with pytest.raises(tinify.ClientError, match="Image could not be decoded") as refused:
        tinify.from_buffer(LOGO[:200])
    assert refused.value.status == 400
    with pytest.raises(tinify.ClientError, match=r"File type is not supported\.") as refused:
        tinify.from_buffer(b"no image")
    assert refused.value.status == 415


def test_it_is_told_of_a_url_without_an_image(site: Site) -> None:
    with pytest.raises(tinify.ClientError, match="Server responded with 404"):
        tinify.from_url(f"{site.url}/missing.png")


def test_it_is_told_of_a_month_used_up(make_account: Callable[..., LocalAccount]) -> None:
    tinify.get_client().close()
    tinify.key = make_account(tokens=0).api_key
    assert tinify.validate() is True
    with pytest.raises(tinify.AccountError, match="Your monthly limit has been exceeded") as no:
        tinify.from_buffer(LOGO)
    assert no.value.status == 429
    assert tinify.compression_count == 0


def test_what_it_sends_again_is_one_compression() -> None:
    for _ in range(2):
        tinify.from_buffer(LOGO).to_buffer()
    assert tinify.compression_count == 1
