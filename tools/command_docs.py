"""Write docs/command.md from the command itself, and the README's picture of a terminal.

    python tools/command_docs.py              write the page
    python tools/command_docs.py --check      exit 1 where it is not what the command says
    python tools/command_docs.py --picture    run the command and draw docs/images/terminal.svg

What stands below the marker in the page, the measurements, stays.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import skimage
from rich.console import Console
from rich.text import Text

from leanpix_cli.main import SUMMARIES
from leanpix_cli.optimize.arguments import RUN_OPTIONS
from leanpix_cli.optimize.settings import SETTINGS, Setting

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "command.md"
PICTURE = ROOT / "docs" / "images" / "terminal.svg"
MARKER = "<!-- measured: by hand of `python -m benchmarks.command` -->"
PHOTOS = ("rocket.jpg", "hubble_deep_field.jpg", "coffee.png", "chelsea.png", "page.png")
WIDTH = 84

HEAD = """# The command

`python tools/command_docs.py` writes this page from the command itself.

```sh
leanpix optimize photos/                          # what could be saved; nothing is written
leanpix optimize --in-place --recursive photos/   # each file replaced at once, whole
leanpix optimize --check -r .                     # exit 1 if a file could be smaller
leanpix optimize -r photos/ --out smaller/        # the same tree elsewhere
leanpix optimize photos/*.jpg --suffix .min       # photo.min.jpg beside photo.jpg
leanpix optimize -i --also webp photos/           # photo.jpg.webp beside photo.jpg
leanpix optimize --max-bytes 60KB photos/a.jpg    # the best look that fits
leanpix optimize a.png b.webp                     # one file into another, named for what it is
leanpix optimize - < photo.jpg > smaller.jpg
```

* **Nothing is lost.** A file is replaced by a rename, with its permissions: a crash, Ctrl-C or a
  full disk leaves the old one or the new one. Symbolic links stay links. Read-only files and files
  with several names (hard links) are left alone and named. A conversion stands beside the source.
* **Nothing is done twice.** What was optimized carries a mark, and the content of what is done is
  remembered in the user's cache folder (`LEANPIX_CACHE_DIR` says elsewhere), so a second run reads
  files and no more.
* **One bad file** is a line; the others go on.

| exit | means |
|---:|---|
| 0 | fine |
| 1 | `--check` found files that could be smaller |
| 2 | a wrong command line, or a file that failed |
| 130 | interrupted |

## Settings files

The nearest folder with settings counts, from the working folder upwards: `.leanpix.toml`, else
`[tool.leanpix]` of `pyproject.toml`, else `"leanpix"` of `package.json`. The command line comes
first. An unknown key is an error that names the nearest right one. `leanpix config [PATH]` shows
what holds, and where from.

```toml
[tool.leanpix]
level = "medium"
min-saving = "2%"
exclude = ["/tests/"]

[[tool.leanpix.overrides]]
files = ["icons/**"]
level = "lossless"
```
"""


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--picture", action="store_true")
    arguments = parser.parse_args()
    if arguments.picture:
        PICTURE.write_text(draw(), "utf-8")
        return 0
    old = PAGE.read_text("utf-8") if PAGE.is_file() else ""
    new = render(old)
    if arguments.check and new != old:
        print("docs/command.md is not what the command says: run tools/command_docs.py")
        return 1
    PAGE.write_text(new, "utf-8")
    return 0


def render(old: str) -> str:
    """Return the page, with the measurements of the old one."""
    _, _, measured = old.partition(MARKER)
    settings = "\n".join(_setting_row(setting) for setting in SETTINGS)
    options = "\n".join(_option_row(names, details) for names, details in RUN_OPTIONS)
    commands = "\n".join(f"| `leanpix {name}` | {text} |" for name, text in SUMMARIES.items())
    parts = [
        HEAD,
        "| setting | default | option | |\n|---|---|---|---|",
        settings,
        "\n`[x]` marks what an override can set for some files.\n",
        "## Options that only a run has\n",
        "| option | |\n|---|---|",
        options,
        "\n## All commands\n",
        "| command | |\n|---|---|",
        commands,
        f"\n{MARKER}{measured or chr(10)}",
    ]
    return "\n".join(parts)


def draw() -> str:
    """Return a picture of a terminal in which the command has run."""
    with tempfile.TemporaryDirectory() as home:
        photos = Path(home) / "photos"
        photos.mkdir()
        for name in PHOTOS:
            source = Path(skimage.__file__).parent / "data" / name
            if source.is_file():
                shutil.copy(source, photos)
        console = Console(record=True, width=WIDTH, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the console
        for line in ("leanpix optimize --in-place photos/", "leanpix optimize --check photos/"):
            console.print(Text.assemble(("$ ", "dim"), (line, "bold")))
            console.print(Text.from_ansi(_run(line, home)))
        console.file.close()
        # No font from elsewhere: the reader's own monospace one will do.
        return re.sub(
            r"@font-face \{.*?\}\s*", "", console.export_svg(title="leanpix"), flags=re.DOTALL
        )


def _run(line: str, home: str) -> str:
    command = [str(Path(sys.executable).with_name("leanpix")), *line.split()[1:]]
    environment = {**os.environ, "FORCE_COLOR": "1", "LEANPIX_CACHE_DIR": f"{home}/.cache"}
    return subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, check=False
    ).stdout


def _setting_row(setting: Setting) -> str:
    value = setting.metavar or " or ".join(setting.choices)
    option = f"--{setting.name}" + ("" if setting.is_flag else f" {value}")
    if setting.is_flag:
        option = f"--[no-]{setting.name}"
    default = setting.default
    shown = str(default).lower() if isinstance(default, bool) else str(default or "")
    shown = "" if default in (None, ()) else f"`{shown}`"
    note = f"{setting.help} {'`[x]`' if setting.per_file else ''}".strip()
    return f"| `{setting.name}` | {shown} | `{_cell(option)}` | {_cell(note)} |"


def _option_row(names: tuple[str, ...], details: dict[str, object]) -> str:
    value = details.get("metavar") or " or ".join(map(str, details.get("choices", ()) or ()))  # type: ignore[call-overload]  # choices are names
    shown = ", ".join(f"`{name}{f' {value}' if value else ''}`" for name in names)
    return f"| {shown} | {_cell(str(details['help']))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
