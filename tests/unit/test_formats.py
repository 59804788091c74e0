"""Test that the service and the engine name the same formats."""

from __future__ import annotations

from leanpix.contract import FORMATS, TARGET_FORMATS, WEBP
from leanpix.dialects.megaoptim import fields
from leanpix.domain.file_names import clean_file_name
from leanpix_engine import Format


def test_the_contract_has_the_engines_formats_and_their_content_types() -> None:
    assert {row.name: row.content_type for row in FORMATS.values()} == {
        each.value: each.content_type for each in Format
    }


def test_a_format_goes_by_its_own_name_first() -> None:
    assert all(row.extensions[0] == row.name for row in FORMATS.values())


def test_no_two_formats_share_an_extension() -> None:
    extensions = [extension for row in FORMATS.values() for extension in row.extensions]
    assert len(set(extensions)) == len(extensions)
    assert all(clean_file_name(f"a.{each}") == f"a.{each}" for each in extensions)


def test_a_client_can_convert_to_every_target_and_to_nothing_else() -> None:
    assert set(fields.FORMAT.choices) == {row.name for row in TARGET_FORMATS}
    assert WEBP in TARGET_FORMATS
