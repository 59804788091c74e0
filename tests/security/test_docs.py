"""Test that the threat model names a test for each threat, and that each test exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "| Defence |" not in line]


def test_every_threat_has_a_test() -> None:
    assert len(ROWS) > 20
    for row in ROWS:
        assert "`tests/" in row.rsplit("|", 2)[1], row


def test_every_test_and_module_that_is_named_exists() -> None:
    for path in re.findall(r"`((?:tests|infra)/[\w/.]+)`", PAGE):
        assert (ROOT / path).exists(), path
    layers = ROOT / "layers"
    for name in re.findall(r"`((?:adapters|domain|leanpix_engine)/[\w/]+\.py)`", PAGE):
        assert [*layers.glob(f"*/python/{name}"), *layers.glob(f"*/python/leanpix/{name}")], name


def test_a_flaw_can_be_reported() -> None:
    assert "docs/security.md" in (ROOT / "SECURITY.md").read_text("utf-8")
