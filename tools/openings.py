"""Print the opening line of every module, one after another, for reading them in one go.

python tools/openings.py            all modules
python tools/openings.py infra leanpix_cli   those of some folders
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = (
    "functions",
    "layers",
    "infra",
    "leanpix_local",
    "leanpix_cli",
    "benchmarks",
    "tools",
    "tests",
)


def main() -> int:
    """Print the openings of the folders that the command line names."""
    for folder in sys.argv[1:] or FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            print(f"{path.relative_to(ROOT)}\n    {opening_of(path)}")
    return 0


def opening_of(path: Path) -> str:
    """Return the first line of a module's docstring; an empty text where it has none."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
