"""Test the vendor's own client from PyPI with nothing but its base URL changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from megaoptim.client.client import Client

if TYPE_CHECKING:
    from pathlib import Path

    from leanpix_cli.local_setup import LocalAccount
    from leanpix_local.cloud import LocalCloud


@pytest.fixture
def client(cloud: LocalCloud, account: LocalAccount) -> Client:
    """Return the client, pointed at the local cloud."""
    client = Client(account.api_key)
    client.api_optimize_url = f"{cloud.url}/v1/optimize"
    return client


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it leaves the files it sends open
def test_it_optimizes_a_file(client: Client, photo: bytes, tmp_path: Path) -> None:
    """Submit, poll with its 300 seconds, download."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    answer = client.optimize(str(path), {})
    (result,) = answer["result"]
    assert (answer["status"], answer["code"]) == ("ok", 200)
    assert 0 < result["optimized_size"] < len(photo)
    assert len(requests.get(result["url"], timeout=30).content) == result["optimized_size"]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_it_optimizes_several_files_at_once(client: Client, photo: bytes, tmp_path: Path) -> None:
    """In the order given."""
    paths = [tmp_path / f"{name}.jpg" for name in "ba"]
    for path in paths:
        path.write_bytes(photo)
    answer = client.optimize(tuple(str(path) for path in paths), {})
    assert [result["file_name"] for result in answer["result"]] == ["b.jpg", "a.jpg"]
    assert all(result["success"] for result in answer["result"])


def test_it_reads_our_errors(client: Client, tmp_path: Path) -> None:
    """A bad parameter is the list of texts that it raises."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"x")
    client.api_headers["X-API-KEY"] = "unknown-key-unknown-key"
    with pytest.raises(Exception, match="Invalid API key"), path.open("rb"):
        client.optimize("http://example.com/photo.jpg", {})
