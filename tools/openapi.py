"""Write docs/openapi.yaml from the code, or check that it agrees.

python tools/openapi.py            write it (make openapi)
python tools/openapi.py --check    exit 1 where it has drifted (make lint)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from leanpix.openapi import build_specification

PATH: Final = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"
# A deployed stack names its own; here they stand for them.
BASE_URL: Final = "https://api.leanpix.example"
SITE_URL: Final = "https://leanpix.example"
HEADER: Final = "# Written by `make openapi` from the contract and the models. Do not edit.\n"


class PlainDumper(yaml.SafeDumper):
    """A YAML writer without references."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Return True: nothing is referred to."""
        return True


def written() -> str:
    """Return the file's content."""
    specification = build_specification(base_url=BASE_URL, site_url=SITE_URL)
    return HEADER + yaml.dump(
        specification, Dumper=PlainDumper, sort_keys=False, allow_unicode=True, width=99
    )


def main() -> int:
    """Write the file, or check it."""
    if sys.argv[1:] == ["--check"]:
        if PATH.exists() and PATH.read_text("utf-8") == written():
            return 0
        print("docs/openapi.yaml is not what the code says: run `make openapi`", file=sys.stderr)
        return 1
    PATH.write_text(written(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
