"""Render the reference of the deploy settings from the model that checks them.

python -m infra.settings_table            print the page
python -m infra.settings_table --write    write it to docs/settings.md
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from infra.settings import STAGE_DEFAULTS, Settings, allowed

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "settings.md"

_HEAD: Final = """\
# Deploy settings

Made from `infra/settings.py` by `python -m infra.settings_table --write`; a test fails where the
two differ. Set a value with `-c name=value` (`cdk deploy -c stage=prod -c retention_days=30`),
several with several `-c`, or for good in the `context` of `cdk.json`. A name that does not exist,
or a value out of its range, ends the synthesis with one line that says so.

The stage `prod` has other defaults than every other stage where the table says so.

| Setting | Default | Allowed | What it does |
|---|---|---|---|
"""


def render_page() -> str:
    """Return the page."""
    production = STAGE_DEFAULTS["prod"]
    rows = []
    for name, field in Settings.model_fields.items():
        default = _show(field.default)
        if name in production:
            default += f"; `prod`: {_show(production[name])}"
        rows.append(f"| `{name}` | {default} | {allowed(name)} | {field.description} |")
    return _HEAD + "\n".join(rows) + "\n"


def _show(value: object) -> str:
    if value == "":
        return "empty"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def main() -> int:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write it to docs/settings.md")
    if parser.parse_args().write:
        PAGE.write_text(render_page(), encoding="utf-8")
    else:
        sys.stdout.write(render_page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
