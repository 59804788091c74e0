"""Test that the package can be imported where imaging libraries are missing."""

import ast
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import leanpix_engine

HEAVY = ("pyvips", "PIL", "numpy", "oxipng")


PACKAGES = [
    name
    for _, name, is_package in pkgutil.walk_packages(leanpix_engine.__path__, "leanpix_engine.")
    if is_package
]
LIGHT = (
    "leanpix_engine",
    "leanpix_engine.formats.probe",
    "leanpix_engine.formats.child_main",
    "leanpix_engine.sandbox.client",
    *(f"leanpix_engine.formats.{format_.package}.header" for format_ in leanpix_engine.Format),
)


@pytest.mark.parametrize("module", [*LIGHT, *PACKAGES])
def test_importing_it_loads_no_imaging_library(module: str) -> None:
    """Callers that only probe have none; the child that runs mozjpeg starts in half the time."""
    script = f"import {module}, sys\nprint([name for name in {HEAVY} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_nothing_itself(package: str) -> None:
    """What a module of it needs is loaded with that module, not with its neighbours."""
    file = import_module(package).__file__
    assert file is not None
    assert [type(node) for node in ast.parse(Path(file).read_text()).body] == [ast.Expr]


def test_the_public_names_are_these() -> None:
    """What is public is pinned: a name leaves or joins on purpose only."""
    assert sorted(leanpix_engine.__all__) == [
        "Crop",
        "CropMethod",
        "Format",
        "Level",
        "Limits",
        "Metadata",
        "Options",
        "Output",
        "Probe",
        "Reason",
        "Refused",
        "Result",
        "optimize",
        "probe",
    ]
