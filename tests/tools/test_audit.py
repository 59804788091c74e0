"""Test the audit: it reads the lock file and PyPI's advisories, and says when it cannot ask."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "tools" / "audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    return module


def test_every_package_from_an_index_is_looked_up(audit: ModuleType) -> None:
    pins = {pin.name: pin.version for pin in audit.read_pins(audit.LOCK_FILE)}
    assert {"pillow", "pyvips-binary", "httpcore", "multipart"} <= pins.keys()
    assert "leanpix" not in pins


def test_an_advisory_is_told_unless_it_was_withdrawn_or_accepted(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {
        "vulnerabilities": [
            {"id": "PYSEC-1", "summary": "Bad.", "fixed_in": ["2.0"]},
            {"id": "PYSEC-2", "withdrawn": "2026-01-01T00:00:00Z"},
            {"id": "PYSEC-3", "aliases": ["CVE-3"]},
        ]
    }
    monkeypatch.setitem(audit.ACCEPTED, "CVE-3", "not our use of it")
    (flaw,) = audit.read_flaws(audit.Pin("a", "1.0"), answer)
    assert str(flaw) == "a 1.0: PYSEC-1: Bad. (fixed in 2.0)"


@pytest.mark.parametrize(("flaws", "status"), [([], 0), (["a flaw"], 1)])
def test_a_known_flaw_fails(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, flaws: list[str], status: int
) -> None:
    monkeypatch.setattr(audit, "ask", lambda _: flaws)
    assert audit.main() == status


def test_without_a_network_it_says_so_and_passes(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "INDEX", "http://127.0.0.1:9")
    assert audit.main() == 0
    assert "skipped" in capsys.readouterr().out
