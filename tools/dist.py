"""Build what PyPI is to get, into `dist/`: wheels for each platform, and sources.

    python tools/dist.py                                      everything
    python tools/dist.py --platform manylinux_2_28_x86_64     the engine's wheel for one platform

`packages/` has the metadata of both distributions; versions and dependencies come from the
project's `pyproject.toml`. One compiler makes the C of all platforms (`layers/native.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from layers import aom, native

ROOT = Path(__file__).resolve().parent.parent
ENGINE, COMMAND = "engine", "command"
SOURCES = {
    ENGINE: (ROOT / "layers" / "engine" / "python" / "leanpix_engine",),
    COMMAND: (
        ROOT / "layers" / "shared" / "python" / "leanpix",
        ROOT / "leanpix_cli",
        ROOT / "leanpix_local",
    ),
}
"""The packages of each distribution."""
COMPILED = (native.PACKAGE, aom.PACKAGE)
"""Folders of a wheel that no source has."""
MAGIC = {".so": b"\x7fELF\x02", ".dylib": b"\xcf\xfa\xed\xfe", ".dll": b"MZ"}
"""The first bytes of a library: ELF of 64 bits, Mach-O of 64 bits, DOS."""
_LONGEST_MAGIC = MAGIC[".so"]


def main() -> int:
    """Build the wheels and the sources."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--platform", action="append", choices=sorted(native.WHEELS))
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    arguments = parser.parse_args()
    for path in build(arguments.platform or list(native.WHEELS), arguments.output):
        print(f"{path.name}  {path.stat().st_size:,} bytes", flush=True)
    return 0


def build(platforms: list[str], output: Path) -> list[Path]:
    """Build the engine's wheels for these platforms, the command's, and the sources of both."""
    output.mkdir(parents=True, exist_ok=True)
    before = set(output.iterdir())
    for path in before:
        if path.name.startswith(("leanpix-", "leanpix_engine-")) and path.suffix != ".sha256":
            path.unlink()
    with tempfile.TemporaryDirectory(prefix="leanpix-dist-") as staging:
        folder = stage(ENGINE, Path(staging))
        _build(folder, output, "--sdist")
        for name in platforms:
            native.build(name)
            for compiled in COMPILED:
                shutil.rmtree(folder / compiled, ignore_errors=True)
            shutil.copytree(native.folder(name), folder, dirs_exist_ok=True)
            _build(folder, output, "--wheel", platform=name)
        _build(stage(COMMAND, Path(staging)), output, "--sdist", "--wheel")
    built = sorted(path for path in output.iterdir() if path.suffix in (".whl", ".gz"))
    for path in built:
        inspect(path)
    return built


def inspect(path: Path) -> None:
    """Stop where a wheel holds what it should not, or lacks what it should have."""
    if path.suffix != ".whl":
        return
    with zipfile.ZipFile(path) as wheel:
        files = {name: wheel.read(name)[: len(_LONGEST_MAGIC)] for name in wheel.namelist()}
    tag = path.stem.rpartition("-")[2]
    wanted = {f"{native.PACKAGE}/{each.file_name}" for each in native.WHEELS.get(tag, ())}
    if any(each.is_gnu_linux for each in native.WHEELS.get(tag, ())):
        wanted |= {f"{aom.PACKAGE}/{aom.LIBRARY}", f"{aom.PACKAGE}/LICENSE"}
    wrong = wanted ^ {name for name in files if name.partition("/")[0] in COMPILED}
    for name, start in files.items():
        magic = MAGIC.get(Path(name).suffix)
        if "__pycache__" in name or (magic is not None and not start.startswith(magic)):
            wrong.add(name)
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in files):
        wrong.add("LICENSE")
    if wrong:
        sys.exit(f"dist: {path.name} is wrong about {', '.join(sorted(wrong))}")


def stage(name: str, staging: Path) -> Path:
    """Return a folder with the sources and the metadata of a distribution."""
    folder = staging / name
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "packages" / name, folder, ignore=ignored)
    for source in SOURCES[name]:
        shutil.copytree(source, folder / source.name, ignore=ignored)
    shutil.copy2(ROOT / "LICENSE", folder)
    template = folder / "pyproject.template.toml"
    (folder / "pyproject.toml").write_text(fill(template.read_text("utf-8")), "utf-8")
    template.unlink()
    return folder


def fill(text: str) -> str:
    """Return metadata with the project's version, and groups of dependencies in full."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for name, members in project["dependency-groups"].items():
        listed = ", ".join(json.dumps(each) for each in members if isinstance(each, str))
        text = text.replace(json.dumps(f"@{name}@"), listed)
    return text.replace("@version@", project["project"]["version"])


def host_platform() -> str | None:
    """Return the platform of this machine, or None where no wheel is for it."""
    machine = platform.machine()
    if sys.platform == "linux":
        library = "manylinux_2_28" if platform.libc_ver()[0] == "glibc" else "musllinux_1_2"
        name = f"{library}_{machine}"
    elif sys.platform == "darwin":
        name = f"macosx_11_0_{machine}"
    else:
        name = f"win_{machine.lower()}"
    return name if name in native.WHEELS else None


def _build(folder: Path, output: Path, *kinds: str, platform: str = "") -> None:
    bundled = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))
    uv = os.environ.get("UV") or (str(bundled[-1]) if bundled else shutil.which("uv")) or "uv"
    command = [uv, "build", "--quiet", "--python", sys.executable, *kinds]
    done = subprocess.run(
        [*command, "--out-dir", str(output), str(folder)],
        env={**os.environ, "LEANPIX_WHEEL_PLATFORM": platform, "SOURCE_DATE_EPOCH": "1577836800"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"dist: {folder.name} does not build:\n{done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main())
