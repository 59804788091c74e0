"""Test the parameters by the files that come back."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from leanpix.domain.callbacks import SIGNATURE_HEADER
from tests.api import Api, Site
from tests.images import make_photo


def jpeg(width: int = 320, height: int = 200, *, seed: int = 7, **options: Any) -> bytes:
    """Return a small photo."""
    buffer = io.BytesIO()
    make_photo(width=width, height=height, seed=seed).save(buffer, "JPEG", quality=99, **options)
    return buffer.getvalue()


def download(api: Api, url: str) -> Image.Image:
    """Return the image at a URL."""
    answer = Api(api.url).get(url)
    assert answer.status_code == 200
    image = Image.open(io.BytesIO(answer.content))
    image.load()
    return image


def one(api: Api, fields: dict[str, str], data: bytes, *, path: str = "/v1/optimize") -> Any:
    """Return what became of one uploaded image."""
    (result,) = api.results({"type": "file", **fields}, {"file": ("photo.jpg", data)}, path=path)
    return result


class TestSeveralImages:
    """`type=urls` and `type=files`."""

    def test_urls_keep_their_order_with_gaps_and_with_those_that_failed(
        self, api: Api, site: Site
    ) -> None:
        site.pages["/b.jpg"] = jpeg(seed=1)
        site.pages["/c.jpg"] = jpeg(seed=2)
        results = api.results(
            {
                "type": "urls",
                "url1": f"{site.url}/c.jpg",
                "url3": f"{site.url}/gone.jpg",
                "url5": f"{site.url}/b.jpg",
            }
        )
        assert [(one["file_name"], one["success"]) for one in results] == [
            ("c.jpg", True),
            ("gone.jpg", False),
            ("b.jpg", True),
        ]
        assert results[1]["reason"] == "fetch_failed"

    def test_files_keep_their_order_with_gaps_and_with_those_that_failed(self, api: Api) -> None:
        results = api.results(
            {"type": "files"},
            {
                "file4": ("a.jpg", jpeg(seed=1)),
                "file2": ("bad.jpg", b"no image"),
                "file1": ("z.jpg", jpeg(seed=2)),
            },
        )
        assert [(one["file_name"], one["success"]) for one in results] == [
            ("z.jpg", True),
            ("bad.jpg", False),
            ("a.jpg", True),
        ]

    def test_five_files_are_five_results(self, api: Api) -> None:
        files = {f"file{n}": (f"{n}.jpg", jpeg(seed=n)) for n in range(1, 6)}
        names = [one["file_name"] for one in api.results({"type": "files"}, files)]
        assert names == [f"{n}.jpg" for n in range(1, 6)]


class TestConvert:
    """The convert route."""

    @pytest.mark.parametrize("kind", ["webp", "avif"])
    def test_the_result_is_of_the_format_asked_for(self, api: Api, kind: str) -> None:
        result = one(api, {"format": kind}, jpeg(), path="/v1/convert")
        assert (result["success"], result["type"], result["format"]) == (True, "convert", kind)
        assert result["file_name"] == "photo.jpg"
        assert result["url"].endswith(f"/photo.{kind}")
        assert download(api, result["url"]).format == kind.upper()
        assert Api(api.url).get(result["url"]).headers["Content-Type"] == f"image/{kind}"

    def test_with_a_compression_it_is_compress_convert(self, api: Api) -> None:
        fields = {"format": "webp", "compression": "ultra"}
        assert one(api, fields, jpeg(), path="/v1/convert")["type"] == "compress_convert"

    def test_a_webp_beside_a_webp_is_left_out(self, api: Api) -> None:
        fields = {"format": "webp", "webp": "1"}
        assert "webp" not in one(api, fields, jpeg(), path="/v1/convert")


class TestWebp:
    """`webp=1`."""

    def test_gives_a_webp_beside_the_image(self, api: Api) -> None:
        data = jpeg()
        result = one(api, {"webp": "1"}, data)
        webp = result["webp"]
        assert webp["url"].endswith("/photo.jpg.webp")
        assert webp["saved_bytes"] == len(data) - webp["optimized_size"]
        assert webp["saved_percent"] == pytest.approx(webp["saved_bytes"] * 100 / len(data), abs=1)
        assert download(api, webp["url"]).format == "WEBP"
        assert download(api, result["url"]).format == "JPEG"

    @pytest.mark.parametrize("fields", [{}, {"webp": "0"}, {"webp": ""}])
    def test_not_asked_for_it_is_not_there(self, api: Api, fields: dict[str, str]) -> None:
        assert "webp" not in one(api, fields, jpeg())


class TestSize:
    """`max_width` and `max_height`."""

    @pytest.mark.parametrize(
        ("fields", "size"),
        [
            ({"max_width": "160"}, (160, 100)),
            ({"max_height": "50"}, (80, 50)),
            ({"max_width": "160", "max_height": "50"}, (80, 50)),
            ({"max_width": "0", "max_height": "0"}, (320, 200)),
            ({"max_width": "5000"}, (320, 200)),
        ],
    )
    def test_the_image_fits_inside_both_and_is_never_enlarged(
        self, api: Api, fields: dict[str, str], size: tuple[int, int]
    ) -> None:
        assert download(api, one(api, fields, jpeg())["url"]).size == size


class TestMetadata:
    """`keep_exif`."""

    @pytest.mark.parametrize(("keep", "kept"), [("1", True), ("0", False), ("", False)])
    def test_exif_is_stripped_unless_it_is_to_be_kept(
        self, api: Api, keep: str, *, kept: bool
    ) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Leanpix camera"
        result = one(api, {"keep_exif": keep}, jpeg(exif=exif.tobytes()))
        assert (download(api, result["url"]).getexif().get(0x010F) is not None) is kept


class TestColour:
    """`cmyktorgb`."""

    @pytest.mark.parametrize(("wanted", "mode"), [("1", "RGB"), ("0", "CMYK")])
    def test_cmyk_becomes_rgb_where_asked_for(self, api: Api, wanted: str, mode: str) -> None:
        buffer = io.BytesIO()
        make_photo(width=320, height=200).convert("CMYK").save(buffer, "JPEG", quality=97)
        result = one(api, {"cmyktorgb": wanted}, buffer.getvalue())
        assert download(api, result["url"]).mode == mode


def test_a_callback_gets_the_same_json_as_a_poll(api: Api, site: Site) -> None:
    fields = {"type": "file", "callback_url": f"{site.url}/done"}
    process_id = api.submit(fields, {"file": ("photo.jpg", jpeg())})
    headers, body = site.wait_for("POST")
    called, polled = json.loads(body), api.wait(process_id)
    assert called == polled
    assert headers[SIGNATURE_HEADER.lower()].startswith("t=")
    assert ",v1=" in headers[SIGNATURE_HEADER.lower()]
