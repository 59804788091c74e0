"""Test that a light function loads nothing heavy, even where all of it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leanpix import contract
from leanpix.contract import EnvironmentName

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = ("pyvips", "PIL", "numpy", "pydantic", "leanpix_engine")
PROBING_FUNCTIONS = {"tinyjpg_submit", "tinify_shrink"}
"""They read headers with the engine's own code, which loads no library for it."""
LIGHT_FUNCTIONS = [name for name in contract.FUNCTIONS if name != "optimizer"]


def modules_loaded_by(name: str) -> set[str]:
    """Return the modules that are there once a handler has been imported."""
    code = "import json, sys, handler; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "functions" / name,
        env=os.environ
        | {variable.value: "30" for variable in EnvironmentName}
        | {"AWS_DEFAULT_REGION": "eu-central-1", "POWERTOOLS_SERVICE_NAME": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", LIGHT_FUNCTIONS)
def test_importing_a_light_handler_loads_no_heavy_library(name: str) -> None:
    heavy = set(HEAVY) - ({"leanpix_engine"} if name in PROBING_FUNCTIONS else set())
    assert not modules_loaded_by(name) & heavy
