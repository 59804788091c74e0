"""Folders of images, and the command in this process."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import skimage
from PIL import Image

from leanpix_cli.main import run

DATA = Path(skimage.__file__).parent / "data"


@dataclass(frozen=True)
class Done:
    """What a run of the command left behind."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of `--json` without the summary."""
        return [json.loads(line) for line in self.out.splitlines()][:-1]

    def summary(self) -> dict[str, Any]:
        """Return the summary of `--json`."""
        summary: dict[str, Any] = json.loads(self.out.splitlines()[-1])["summary"]
        return summary


Leanpix = Callable[..., Done]


@pytest.fixture
def leanpix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Leanpix:
    """Return the command, which works in a folder of its own and with a cache of its own."""
    home = tmp_path / "work"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("LEANPIX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: object) -> Done:
        try:
            code = run([str(word) for word in words])
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capfd.readouterr()
        return Done(code, printed.out, printed.err)

    return call


@pytest.fixture(scope="session")
def small_photo() -> bytes:
    """Return a part of a photo as a JPEG of quality 95."""
    buffer = io.BytesIO()
    with Image.open(DATA / "rocket.jpg") as photo:
        photo.crop((100, 100, 260, 220)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def small_png() -> bytes:
    """Return a part of a page as a PNG that deflates badly."""
    buffer = io.BytesIO()
    with Image.open(DATA / "page.png") as page:
        page.crop((0, 0, 120, 90)).convert("RGB").save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@pytest.fixture
def folder(leanpix: Leanpix, small_photo: bytes, small_png: bytes) -> Path:
    """Return a folder with two images, another folder in it, and a text."""
    _ = leanpix
    home = Path("pictures")
    (home / "deep").mkdir(parents=True)
    (home / "photo.jpg").write_bytes(small_photo)
    (home / "page.png").write_bytes(small_png)
    (home / "notes.txt").write_text("no image")
    shutil.copy(home / "photo.jpg", home / "deep" / "again.jpg")
    return home
