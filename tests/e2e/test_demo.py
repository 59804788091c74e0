"""Test `make demo` on the cloud of the other end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from leanpix_cli.console import CommandError
from leanpix_cli.demo import DemoClient, Photo, send_all
from leanpix_cli.local_setup import DEMO_PHOTOS, LocalAccount, find_photo
from leanpix_local.cloud import LocalCloud


def test_a_real_photo_comes_back_smaller_by_file_and_by_url(
    cloud: LocalCloud, account: LocalAccount, photo: bytes
) -> None:
    client = DemoClient(cloud.url, account.api_key)
    savings = list(send_all(client, [Photo(name="rocket.jpg", data=photo)], print))
    assert [saving.way for saving in savings] == ["file", "URL"]
    assert all(saving.after < saving.before * 0.8 for saving in savings)


def test_the_demo_fails_in_one_line_where_the_api_refuses(cloud: LocalCloud, photo: bytes) -> None:
    client = DemoClient(cloud.url, "lpx_unknown")
    with pytest.raises(CommandError, match=r"^submit: answered 404 [^\n]*$"):
        client.optimize(Photo(name="a.jpg", data=photo), "file", {"type": "file"})


def test_photos_of_the_demo_are_there_and_are_jpegs() -> None:
    for name in DEMO_PHOTOS:
        path: Path = find_photo(name)
        assert path.read_bytes().startswith(b"\xff\xd8\xff")
        assert path.stat().st_size > 100_000
