"""Pack a release: the sources of a commit with the layers built for Lambda, and its SHA-256.

    python tools/release.py v1.2.3 [--output dist]

`leanpix deploy --version` fetches it and synthesizes it with the operator's own settings, so that
nobody needs a clone or a compiler. The same commit and lock file give the same archive.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from leanpix_cli.deploy import REQUIREMENTS, archive_name

ROOT = Path(__file__).resolve().parent.parent
LAYERS = Path("build/layers/arm64")
BUILT = (LAYERS, Path("build/console"))
GROUPS = ("infra", "cli", "runtime", "node")
"""The dependency groups of the environment that `leanpix deploy` makes."""
LEFT_OUT = ("benchmarks", "tests", "docs/images")


def main() -> int:
    """Write the archive and its checksum."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("version", help="the tag, such as v1.2.3")
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    arguments = parser.parse_args()
    path = pack(arguments.version, arguments.output)
    print(f"{path}  {path.stat().st_size:,} bytes")
    return 0


def pack(version: str, folder: Path, *, reference: str = "HEAD") -> Path:
    """Write a release of a commit into a folder, and return the archive's path."""
    if not (ROOT / LAYERS / "engine.digest").is_file():
        sys.exit("The layers for Lambda are not built: run `make setup` first.")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / archive_name(version)
    top = path.name.removesuffix(".tar.gz")
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        for name, data, mode in sorted(contents(reference)):
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n", "ascii")
    return path


def contents(reference: str) -> Iterator[tuple[str, bytes, int]]:
    """Return every file of a release with its mode: sources, layers, requirements."""
    done = subprocess.run(
        ["git", "archive", reference, "--", ".", *(f":!{name}" for name in LEFT_OUT)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as sources:
        for member in sources:
            file = sources.extractfile(member)
            if file is not None:
                yield member.name, file.read(), member.mode
    for path in sorted(path for built in BUILT for path in (ROOT / built).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            mode = path.stat().st_mode & 0o777
            yield path.relative_to(ROOT).as_posix(), path.read_bytes(), mode
    yield REQUIREMENTS, requirements(), 0o644


def requirements() -> bytes:
    """Return what a deploy needs of PyPI, pinned with hashes as the lock file has it."""
    bundled = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))
    uv = os.environ.get("UV") or (str(bundled[-1]) if bundled else shutil.which("uv")) or "uv"
    command = [uv, "export", "--quiet", "--frozen", "--no-emit-project", "--no-default-groups"]
    for group in GROUPS:
        command += ["--group", group]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
