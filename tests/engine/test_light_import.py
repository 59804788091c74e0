"""Test that the package can be imported where imaging libraries are missing."""

import subprocess
import sys

import pytest

import leanpix_engine

HEAVY = ("pyvips", "PIL", "numpy", "oxipng")


@pytest.mark.parametrize(
    "statement", ["import leanpix_engine", "import leanpix_engine.formats.probe"]
)
def test_importing_the_package_loads_no_imaging_library(statement: str) -> None:
    script = f"{statement}\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_the_public_names_are_these() -> None:
    """What is public is pinned: a name leaves or joins on purpose only."""
    assert sorted(leanpix_engine.__all__) == [
        "Format",
        "Level",
        "Limits",
        "Options",
        "Output",
        "Probe",
        "Reason",
        "Refused",
        "Result",
        "optimize",
        "probe",
    ]
