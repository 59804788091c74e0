"""Test that `make setup` finds a Python that runs, and knows when there is nothing to do."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent.parent / "tools" / "bootstrap.py"


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fake_python(folder: Path, script: str) -> str:
    path = folder / "python3.13"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_runs_is_found_below_its_virtual_environment(bootstrap: ModuleType) -> None:
    assert Path(bootstrap.probe_python(sys.executable)).samefile(sys.executable)


@pytest.mark.parametrize(
    "script",
    [
        "echo 'pyenv: python3.13: command not found' >&2; exit 127",
        "echo '[[3, 9], \"/usr/bin/python3.9\"]'",
        "echo nonsense",
    ],
    ids=["a shim that fails", "too old", "no Python at all"],
)
def test_a_python_that_cannot_be_used_is_passed_over(
    bootstrap: ModuleType, tmp_path: Path, script: str
) -> None:
    assert bootstrap.probe_python(fake_python(tmp_path, script)) is None


def test_a_python_that_was_asked_for_and_cannot_be_used_is_named(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEANPIX_PYTHON", "/no/such/python")
    with pytest.raises(bootstrap.SetupError, match="/no/such/python"):
        bootstrap.choose_python()


def test_a_change_of_the_lock_file_makes_the_set_up_stale(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock, outcome, stamp = tmp_path / "uv.lock", tmp_path / "python", tmp_path / "stamp"
    lock.write_text("one", encoding="utf-8")
    outcome.touch()
    monkeypatch.setattr(bootstrap, "INPUTS", (lock,))
    monkeypatch.setattr(bootstrap, "OUTCOMES", (outcome,))
    monkeypatch.setattr(bootstrap, "STAMP", stamp)
    assert not bootstrap.is_up_to_date()
    stamp.write_text(bootstrap.fingerprint(), encoding="ascii")
    assert bootstrap.is_up_to_date()
    lock.write_text("two", encoding="utf-8")
    assert not bootstrap.is_up_to_date()


def test_the_users_own_virtual_environment_does_not_lead_uv_astray(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere/else")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("PIP_CERT", "/etc/company.pem")
    environment = bootstrap.uv_environment()
    assert "VIRTUAL_ENV" not in environment
    assert environment["SSL_CERT_FILE"] == "/etc/company.pem"
    assert environment["UV_PYTHON_DOWNLOADS"] == "never"
