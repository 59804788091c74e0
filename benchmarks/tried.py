"""What was tried for each figure that is missed, by the key of its row in `rows.py`."""

from __future__ import annotations

from typing import Final

TRIED: Final[dict[str, str]] = {}
