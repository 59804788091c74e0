"""Where the local cloud finds and keeps things, all inside the checkout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
EMULATOR_VENV: Final = ".venv-cloud"
EMULATOR_PYTHON: Final = ROOT / EMULATOR_VENV / "bin" / "python"
"""A venv of its own: the Lambda processes see it and must not see ours."""

LOCAL_DIR: Final = Path(os.environ.get("LEANPIX_LOCAL_DIR", ROOT / ".local")).absolute()
"""What belongs to this checkout's local cloud; the variable lets tests have one apart."""
RUNS_DIR: Final = LOCAL_DIR / "run"
"""One folder for each running cloud; removed when it stops."""
STATE_DIR: Final = LOCAL_DIR / "state"
"""What ``leanpix serve`` keeps from one run to the next."""
ASSEMBLIES_DIR: Final = ROOT / "build" / "local"
"""The synthesized templates, in the flavour for this machine."""
CLOUD_FILE: Final = LOCAL_DIR / "cloud.json"
"""Of a running ``leanpix serve``: where its emulated AWS answers, for ``--local``."""
STACK_FILE: Final = LOCAL_DIR / "stack.json"
"""Of a running ``leanpix serve``: its URL, a key and that key's account."""
