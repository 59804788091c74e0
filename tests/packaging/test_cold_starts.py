"""Test that a light function starts fast and small: it loads what it uses, compiled."""

from __future__ import annotations

import importlib.util
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.cold_start import (
    MOST_MEGABYTES,
    MOST_MILLISECONDS,
    StartError,
    measure,
    prepare_runtime,
    start_once,
)
from infra.bytecode import CompilationError, compile_layer
from infra.setting_fields import Flavour
from leanpix import contract

if TYPE_CHECKING:
    from infra.bundles import Bundle

LIGHT_FUNCTIONS = [name for name in contract.FUNCTIONS if name != "optimizer"]
NOISE = 1.6
"""The suite keeps every core busy, which makes CPU seconds longer; `python -m
benchmarks.cold_start` on a quiet machine holds functions to the bar itself."""
TRIES = 12
UNCHECKED_HASH = 0b01
"""PEP 552: the flags of a compiled module that is taken as it is."""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_runtime(tmp_path_factory.mktemp("compiled_runtime"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the compiled layers of a test apart from the project's own."""
    monkeypatch.setattr("infra.bytecode._HOME", tmp_path / "home")
    return tmp_path / "home"


@pytest.mark.parametrize("name", LIGHT_FUNCTIONS)
def test_a_light_function_starts_within_its_bar(
    host_bundles: dict[str, Bundle], runtime: Path, name: str
) -> None:
    bar = MOST_MILLISECONDS * NOISE
    start = measure(host_bundles[name], runtime, runs=TRIES, until_below_ms=bar)
    assert start.cpu_ms < bar
    assert start.peak_mb < MOST_MEGABYTES


def test_a_function_that_does_not_start_is_told_with_its_reason(
    host_bundles: dict[str, Bundle], runtime: Path
) -> None:
    bundle = replace(host_bundles["submit"], environment={})
    with pytest.raises(StartError, match=r"submit does not start: .*LEANPIX_.* is not set"):
        start_once(bundle, runtime)


def test_every_module_of_a_layer_comes_compiled_for_the_python_that_runs_it(
    host_bundles: dict[str, Bundle],
) -> None:
    modules = [path for layer in host_bundles["optimizer"].layers for path in layer.rglob("*.py")]
    assert len(modules) > 300
    for module in modules:
        compiled = Path(importlib.util.cache_from_source(str(module))).read_bytes()
        assert compiled[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(compiled[4:8], "little") == UNCHECKED_HASH


@pytest.mark.usefixtures("home")
def test_a_layer_without_a_python_of_its_version_is_source_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.bytecode.find_python", lambda _: None)
    copy = compile_layer(make_layer(tmp_path, "x = 1\n"), name="bare", flavour=Flavour.ARM64)
    assert [path.name for path in copy.rglob("*") if path.is_file()] == ["one.py"]


def test_a_layer_that_does_not_compile_is_not_deployed(tmp_path: Path, home: Path) -> None:
    with pytest.raises(CompilationError, match="SyntaxError"):
        compile_layer(make_layer(tmp_path, "x = (\n"), name="broken", flavour=Flavour.HOST)
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("home")
def test_the_same_layer_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = make_layer(tmp_path, "x = 2\n")
    first = compile_layer(layer, name="same", flavour=Flavour.HOST)
    monkeypatch.setattr(subprocess, "run", None)
    assert compile_layer(layer, name="same", flavour=Flavour.HOST) == first


def make_layer(folder: Path, source: str) -> Path:
    module = folder / "layer" / "python" / "one.py"
    module.parent.mkdir(parents=True)
    module.write_text(source)
    return folder / "layer"
