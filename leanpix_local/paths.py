"""Paths of the local cloud, all inside the checkout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
EMULATOR_VENV: Final = ".venv-cloud"
EMULATOR_PYTHON: Final = ROOT / EMULATOR_VENV / "bin" / "python"
"""A venv of its own: the Lambda processes see it and must not see ours."""

LOCAL_DIR: Final = Path(os.environ.get("LEANPIX_LOCAL_DIR", ROOT / ".local")).absolute()
"""The folder of this checkout's local cloud; the variable lets tests have one apart."""
RUNS_DIR: Final = LOCAL_DIR / "run"
"""One folder for each running cloud; removed when it stops."""
STATE_DIR: Final = LOCAL_DIR / "state"
"""The state that `leanpix serve` keeps from one run to the next."""
ASSEMBLIES_DIR: Final = ROOT / "build" / "local"
"""The synthesized templates, in the flavour for this machine."""
CLOUD_FILE: Final = LOCAL_DIR / "cloud.json"
"""The address of the emulated AWS of a running `leanpix serve`, for `--local`."""
STACK_FILE: Final = LOCAL_DIR / "stack.json"
"""The URL of a running `leanpix serve`, a key, and that key's account."""
