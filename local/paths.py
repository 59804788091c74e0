"""Where the local cloud finds and keeps things, all inside the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
EMULATOR_PYTHON: Final = ROOT / ".venv-cloud" / "bin" / "python"
"""A venv of its own: the Lambda processes see it and must not see ours."""

LOCAL_DIR: Final = ROOT / ".local"
RUNS_DIR: Final = LOCAL_DIR / "run"
"""One folder for each running cloud; removed when it stops."""
STATE_DIR: Final = LOCAL_DIR / "state"
"""What ``leanpix serve`` keeps from one run to the next."""
ASSEMBLY_DIR: Final = LOCAL_DIR / "assembly"
"""The synthesized template, in the flavour for this machine."""
CLOUD_FILE: Final = LOCAL_DIR / "cloud.json"
"""Of a running ``leanpix serve``: where its emulated AWS answers, for ``--local``."""
STACK_FILE: Final = LOCAL_DIR / "stack.json"
"""Of a running ``leanpix serve``: its URL, a key and that key's account."""
