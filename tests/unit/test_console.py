"""Test that the console is served as it was built: whole, under a strict policy, for ever."""

from __future__ import annotations

import gzip
import re
from importlib.resources import files

import pytest

from tests.handlers import BASE_URL, House

MOST_FIRST_LOAD_BYTES = 60_000
HOUSE = House()
PAGE = HOUSE.call("GET", "/console", account_id=None)
NAMED = sorted(set(re.findall(r"console/([\w.-]+)", PAGE.body.decode())))


def test_the_page_is_served_with_a_strict_policy() -> None:
    policy = PAGE.headers["Content-Security-Policy"]
    assert PAGE.status == 200
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert BASE_URL in policy
    assert "frame-ancestors 'none'" in policy
    assert PAGE.headers["Cache-Control"] == "no-cache"


def test_the_page_has_no_script_or_style_of_its_own_and_names_no_other_site() -> None:
    text = PAGE.body.decode()
    assert re.findall(r"<script[^>]*>(.*?)</script>", text) == [""]
    assert "<style" not in text
    assert not re.search(r" (style|on\w+)=", text)
    assert "//" not in text


@pytest.mark.parametrize("name", NAMED)
def test_every_file_that_the_page_names_is_served_for_ever(name: str) -> None:
    answer = HOUSE.call("GET", f"/console/{name}", account_id=None)
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]
    packed = HOUSE.call(
        "GET", f"/console/{name}", headers={"accept-encoding": "gzip, br"}, account_id=None
    )
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == answer.body


def test_every_file_that_a_file_names_is_there() -> None:
    folder = files("leanpix_console")
    names = {path.name for path in folder.iterdir()}
    for name in sorted(names):
        if re.fullmatch(r"[\w-]+\.\w{10}\.js", name) and "swagger" not in name:
            text = (folder / name).read_text("utf-8")
            assert set(re.findall(r"\./([\w-]+\.[0-9a-f]{10}\.\w+)", text)) <= names
            assert not re.search(r"\{\{[\w.-]+\}\}", text)


def test_the_first_load_is_smaller_than_one_photo() -> None:
    headers = {"accept-encoding": "gzip"}
    paths = ["/console", *(f"/console/{name}" for name in NAMED)]
    sizes = [len(HOUSE.call("GET", path, headers=headers).body) for path in paths]
    assert len(sizes) > 5
    assert sum(sizes) < MOST_FIRST_LOAD_BYTES


@pytest.mark.parametrize(
    "name",
    ["nothing.js", "main.0000000000.js", "__init__.py", "index.html", "..", "index.html.gz"],
)
def test_a_file_that_is_none_is_not_found(name: str) -> None:
    assert HOUSE.call("GET", f"/console/{name}", account_id=None).status == 404
