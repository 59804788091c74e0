"""Write docs/openapi.yaml and docs/reasons.md from the code, or check them.

python tools/openapi.py            write them (make openapi)
python tools/openapi.py --check    exit 1 if one of them has drifted (make lint)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import yaml

from leanpix.contract import write_reasons_table
from leanpix.openapi import build_specification

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
# A deployed stack names its own; here they stand for them.
BASE_URL: Final = "https://api.leanpix.example"
SITE_URL: Final = "https://leanpix.example"
HEADER: Final = "# Written by `make openapi` from the contract and the models. Do not edit.\n"
REASONS_HEAD: Final = """\
# Reasons

Written by `make openapi` from `leanpix/contract/reasons.py`. Do not edit.

A result with `success: false` in MegaOptim's API names its `reason`; `message` of a failed image
in TinyJPG's API has the same words. No such image is charged.

"""


class PlainDumper(yaml.SafeDumper):
    """A YAML writer without references."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Return True: nothing is referred to."""
        return True


def describe_api() -> str:
    """Return the content of openapi.yaml."""
    specification = build_specification(base_url=BASE_URL, site_url=SITE_URL)
    return HEADER + yaml.dump(
        specification, Dumper=PlainDumper, sort_keys=False, allow_unicode=True, width=99
    )


def main() -> int:
    """Write the files, or check them."""
    written = {
        DOCS / "openapi.yaml": describe_api(),
        DOCS / "reasons.md": f"{REASONS_HEAD}{write_reasons_table()}\n",
    }
    if sys.argv[1:] != ["--check"]:
        for path, text in written.items():
            path.write_text(text, "utf-8")
        return 0
    drifted = [
        path.name
        for path, text in written.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    if drifted:
        names = " and ".join(drifted)
        print(f"not as the code says: {names}; run `make openapi`", file=sys.stderr)
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
