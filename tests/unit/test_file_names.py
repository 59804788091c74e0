"""Test file names that clients send."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanpix.contract import MAX_FILE_NAME_BYTES
from leanpix.domain.file_names import (
    clean_file_name,
    name_from_url,
    with_added_extension,
    with_extension,
)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("photo.jpg", "photo.jpg"),
        ("/home/ada/photo.jpg", "photo.jpg"),
        ("C:\\Users\\ada\\photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("größe 写真.jpg", "größe 写真.jpg"),
        ('a"b\r\nSet-Cookie: x.jpg', "abSet-Cookie x.jpg"),
        ("<script>.svg", "script.svg"),
        ("100%.jpg", "100.jpg"),
        ("", "image"),
        ("...", "image"),
        ("folder/", "image"),
    ],
)
def test_keeps_the_base_name_and_drops_what_could_harm(raw: str, clean: str) -> None:
    """Paths of any system, and characters that mean something in headers, paths or HTML."""
    assert clean_file_name(raw) == clean


@given(st.text(max_size=400))
def test_any_text_becomes_a_safe_name(raw: str) -> None:
    """Bounded, printable, and the same when cleaned again."""
    name = clean_file_name(raw)
    assert 0 < len(name.encode()) <= MAX_FILE_NAME_BYTES
    assert not set(name) & set('/\\"<>%\r\n\0')
    assert not any(unicodedata.category(character) == "Cc" for character in name)
    assert clean_file_name(name) == name


def test_a_long_name_keeps_its_extension() -> None:
    """The stem is what is shortened."""
    name = clean_file_name("ä" * 300 + ".jpeg")
    assert name.endswith("ä.jpeg")
    assert len(name.encode()) <= MAX_FILE_NAME_BYTES


def test_a_urls_file_name_is_the_decoded_end_of_its_path() -> None:
    """The query is no part of it."""
    assert name_from_url("https://example.com/a/b%20c.png?x=/d.gif") == "b c.png"
    assert name_from_url("https://example.com/") == "image"


@given(
    st.text(max_size=400), st.sampled_from(["", ".webp", ".webp.webp", ".jpg", "." + "x" * 200])
)
def test_an_added_extension_always_makes_another_name(raw: str, end: str) -> None:
    """Else the extra WebP would take the place of the main result."""
    name = clean_file_name(raw * 9 + end)
    added = with_added_extension(name, "webp")
    assert added != name
    assert added.endswith(".webp")
    assert len(added.encode()) <= MAX_FILE_NAME_BYTES


@pytest.mark.parametrize("size", range(170, 181))
def test_a_long_name_that_ends_in_webp_gets_another_beside_it(size: int) -> None:
    name = ("x" * 170 + ".webp" * 4)[: size - 5] + ".webp"
    added = with_added_extension(name, "webp")
    assert added != name
    assert added.endswith(".webp")


def test_extensions_are_replaced_or_added() -> None:
    """A conversion replaces, the WebP beside an image adds."""
    assert with_extension("photo.v2.jpg", "avif") == "photo.v2.avif"
    assert with_added_extension("photo.jpg", "webp") == "photo.jpg.webp"


def test_a_name_that_is_nothing_but_a_long_extension_is_cut() -> None:
    name = with_extension("photo.jpg", "x" * 300)
    assert len(name.encode()) == MAX_FILE_NAME_BYTES
    assert "photo.x".startswith(name[:7])
