"""Test that the scripts with which /docs opens do what they say, as the page has them."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from PIL import Image

from leanpix_cli.local_setup import LocalAccount
from leanpix_local.cloud import LocalCloud

RUNTIMES = {
    "curl": (["sh"], "sh"),
    "Python": ([sys.executable], "python"),
    "PHP": (["php"], "php"),
    "Node": (["node"], "mjs"),
}


def read_script(base_url: str, language: str) -> str:
    """Return a script of the page."""
    page = requests.get(f"{base_url}/docs", timeout=30).text
    found = re.search(rf"<summary>{language}</summary><pre>(.*?)</pre>", page, re.DOTALL)
    assert found
    return html.unescape(found[1])


@pytest.mark.parametrize("language", RUNTIMES)
def test_a_script_of_the_page_makes_a_photo_smaller(
    cloud: LocalCloud, account: LocalAccount, photo: bytes, tmp_path: Path, language: str
) -> None:
    command, extension = RUNTIMES[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]}, which is no part of the setup, is not installed")
    script = tmp_path / f"quickstart.{extension}"
    script.write_text(read_script(cloud.url, language), "utf-8")
    source, target = tmp_path / "photo.jpg", tmp_path / "smaller.jpg"
    source.write_bytes(photo)
    done = subprocess.run(
        [*command, str(script), str(source), str(target)],
        env=os.environ | {"LEANPIX_KEY": account.api_key},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    with Image.open(target) as smaller:
        assert smaller.size == (640, 427)
    assert target.stat().st_size < len(photo)
    assert "bytes now" in done.stdout


def test_a_script_of_the_page_tells_a_wrong_key(
    cloud: LocalCloud, photo: bytes, tmp_path: Path
) -> None:
    (tmp_path / "photo.jpg").write_bytes(photo)
    script = tmp_path / "quickstart.sh"
    script.write_text(read_script(cloud.url, "curl"), "utf-8")
    done = subprocess.run(
        ["sh", str(script), "photo.jpg", "smaller.jpg"],
        cwd=tmp_path,
        env=os.environ | {"LEANPIX_KEY": "unknown"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Invalid API key." in done.stderr
