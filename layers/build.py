"""Build the dependencies of the Lambda layers from the lock file, without Docker.

    python layers/build.py --flavour arm64     what AWS runs: Lambda's Python 3.13 on Graviton
    python layers/build.py --flavour host      what the local cloud runs: this machine

Each layer becomes `build/layers/<flavour>/<layer>/python` with `<layer>.digest` beside it, the
hash of everything that went in; a layer whose digest still holds is left alone. The engine's C is
one more, compiled by `layers/native.py`. Our own packages are not in here: see
`infra/layers.py`. Standard library only; it drives uv.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layers import native, uv
from layers.stamped import build_once
from layers.uv import BuildError

LAYERS: Final = ("shared", "engine")
FLAVOURS: Final = ("arm64", "host")

LAMBDA_PYTHON: Final = "3.13"
# Lambda's Python 3.13 stands on Amazon Linux 2023, glibc 2.34; the wheels need less.
LAMBDA_PLATFORM: Final = "aarch64-manylinux_2_28"

# None of it is needed to run: tests, type stubs, what is for compiling C against a package, the
# installer's own notes, and console scripts (they start with this machine's Python's path).
# Licences and metadata stay.
_FOLDERS_LEFT_OUT: Final = frozenset({"__pycache__", "tests", "include", "f2py", "sboms"})
_SUFFIXES_LEFT_OUT: Final = frozenset({".a", ".c", ".h", ".lib", ".pxd", ".pyc", ".pyi", ".pyx"})
_NOTES_LEFT_OUT: Final = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}
)
# botocore describes 400 services in 25 MB; the functions talk to four (leanpix/adapters/aws.py).
_BOTOCORE_DATA_KEPT: Final = frozenset({"apigateway", "dynamodb", "s3", "sqs"})


@dataclass(frozen=True, slots=True)
class Target:
    """The machine of a flavour."""

    flavour: str
    arguments: tuple[str, ...]
    """The arguments that describe it to uv."""

    @classmethod
    def of(cls, flavour: str) -> Target:
        """Return the target of a flavour; the host's is the Python that runs this."""
        if flavour == "host":
            return cls(flavour, ("--python", sys.executable))
        return cls(
            flavour,
            (
                *("--python", sys.executable),
                *("--python-version", LAMBDA_PYTHON),
                *("--python-platform", LAMBDA_PLATFORM),
            ),
        )

    @property
    def fingerprint(self) -> str:
        """The facts of the target that change the outcome."""
        if self.flavour == "host":
            return f"{sys.version_info[:2]} {sys.platform} {platform.machine()}"
        return f"{LAMBDA_PYTHON} {LAMBDA_PLATFORM}"


def main() -> int:
    """Build the layers of the flavours asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--flavour", choices=FLAVOURS, action="append", required=True)
    try:
        for flavour in parser.parse_args().flavour:
            for layer in LAYERS:
                build(layer, Target.of(flavour))
            native.build(flavour)
    except BuildError as error:
        print(f"layers: {error}", file=sys.stderr)
        return 1
    return 0


def build(layer: str, target: Target) -> None:
    """Build one layer, unless it is there already."""
    requirements = uv.export(f"{layer}-layer")
    digest = _digest(requirements, target.fingerprint)

    def fill(folder: Path) -> None:
        uv.install(requirements, folder, target.arguments)
        _check_pyvips_is_pure(folder)
        for path in list(_left_out(folder)):
            _remove(path)

    build_once(layer, target.flavour, digest, fill)


def _check_pyvips_is_pure(folder: Path) -> None:
    """Refuse a pyvips that was compiled against this machine's libvips.

    It comes as source only and compiles itself where it finds libvips' headers; pyproject.toml
    hides them from it. The library for the target is in pyvips-binary.
    """
    for note in folder.glob("pyvips-*.dist-info/WHEEL"):
        if "Root-Is-Purelib: true" not in note.read_text(encoding="utf-8"):
            message = "pyvips was compiled for this machine; run `uv cache clean pyvips` and again"
            raise BuildError(message)


def _left_out(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_dir():
            left_out = path.name in _FOLDERS_LEFT_OUT or _is_unused_service(path)
        elif path.parent.suffix == ".dist-info":
            left_out = path.name in _NOTES_LEFT_OUT
        elif path.parent == folder / "bin":
            left_out = path.read_bytes()[:2] == b"#!"
        else:
            left_out = path.suffix in _SUFFIXES_LEFT_OUT or path.name == ".lock"
        if left_out:
            yield path


def _is_unused_service(path: Path) -> bool:
    is_service = path.parent.name == "data" and path.parent.parent.name == "botocore"
    return is_service and path.name not in _BOTOCORE_DATA_KEPT


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _digest(*parts: str) -> str:
    builder = Path(__file__).read_text(encoding="utf-8")
    return hashlib.sha256("\0".join((builder, *parts)).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
