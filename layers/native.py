"""Compile all C of `layers/engine/native` into one shared library a processor.

It becomes `build/layers/<flavour>/native/python/leanpix_native/<machine>.so`, in a layer of its
own that is small, so that a change of the C uploads little; `layers/aom.py` adds libaom to it. The
compiler is PyPI's `ziglang` (clang and the C libraries of its targets), pinned in uv.lock and kept
under `build/zig`: no machine needs a compiler of its own, and what a developer builds is what AWS
runs.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from layers import aom, uv
from layers.stamped import build_once
from layers.uv import ROOT, BuildError

SOURCES: Final = ROOT / "layers" / "engine" / "native"
PACKAGE: Final = "leanpix_native"
_LAYER: Final = "native"
_GROUP: Final = "native"
_COMPILER: Final = ROOT / "build" / "zig"
_OLDEST_GLIBC: Final = "2.28"

_FLAGS: Final = (
    "-std=c11",
    f"-I{SOURCES.relative_to(ROOT)}",
    "-O3",
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
    *("-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow"),
    # Nobody reads errno of a square root, and it keeps loops from being vectorized.
    "-fno-math-errno",
    "-fno-trapping-math",
    # Sums are fused where the source says so alone: a pixel's result must not depend on whether
    # it fell into the vectorized part of a loop or the rest of it.
    "-ffp-contract=off",
    # No debugging information and no symbols: the same bytes wherever it is built.
    *("-g0", "-s"),
)
_ELF_FLAGS: Final = (
    *("-Wl,--gc-sections", "-Wl,--build-id=none"),
    # The C library and nothing of the compiler's own, which would be compiled first, for seconds;
    # what is missing then fails here, not where it is loaded.
    *("-nostdlib", "-Wl,--no-undefined"),
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One library; its name says for which processor."""

    name: str
    architecture: str
    processor: str
    system: str = f"linux-gnu.{_OLDEST_GLIBC}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments by which the compiler knows the machine."""
        flags = _ELF_FLAGS if self.system.startswith("linux") else ()
        target = f"{self.architecture}-{self.system}"
        return (*flags, "-target", target, f"-mcpu={self.processor}")

    @property
    def is_gnu_linux(self) -> bool:
        """True for Linux with the GNU C library."""
        return self.system.startswith("linux-gnu")

    @property
    def file_name(self) -> str:
        """The name of the library, as the loader looks for it."""
        system = self.system.partition(".")[0]
        return self.name + {"macos": ".dylib", "windows-gnu": ".dll"}.get(system, ".so")


# Lambda's arm64 is Graviton2, a Neoverse N1, or later.
_LAMBDA: Final = (Variant("aarch64", "aarch64", "neoverse_n1"),)
_HOSTS: Final = {
    # Any 64-bit ARM.
    "aarch64": (Variant("aarch64", "aarch64", "generic"),),
    # Every 64-bit x86, and those with AVX2 and FMA (2013 on), which take a third less time; the
    # loader chooses.
    "x86_64": (
        Variant("x86_64", "x86_64", "x86_64"),
        Variant("x86_64_v3", "x86_64", "x86_64_v3"),
    ),
}
_MUSL: Final = "linux-musl"
_MACOS: Final = "macos.11.0"
WHEELS: Final = {
    "manylinux_2_28_x86_64": _HOSTS["x86_64"],
    "manylinux_2_28_aarch64": _HOSTS["aarch64"],
    "musllinux_1_2_x86_64": tuple(replace(each, system=_MUSL) for each in _HOSTS["x86_64"]),
    "macosx_11_0_arm64": (Variant("aarch64", "aarch64", "apple_m1", _MACOS),),
    "macosx_11_0_x86_64": (Variant("x86_64", "x86_64", "x86_64", _MACOS),),
    "win_amd64": (Variant("x86_64", "x86_64", "x86_64", "windows-gnu"),),
}
"""The platforms that have wheels, by their tags, with their libraries."""


def variants(flavour: str) -> tuple[Variant, ...]:
    """Return the libraries of a flavour: none for a host on which the engine is numpy alone."""
    if flavour in WHEELS:
        return WHEELS[flavour]
    if flavour != "host":
        return _LAMBDA
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    return _HOSTS.get(machine, ()) if sys.platform == "linux" else ()


def build(flavour: str) -> None:
    """Build the layer of a flavour, unless it is there already."""

    def fill(folder: Path) -> None:
        (folder / PACKAGE).mkdir()
        for variant in variants(flavour):
            compile_library(folder / PACKAGE / variant.file_name, variant.arguments)
        for leftover in (folder / PACKAGE).glob("*.lib"):
            leftover.unlink()  # for linking against a DLL, which nobody does
        # Its wheel for Linux is of the GNU C library; elsewhere libvips encodes AVIF.
        linux = {each.architecture for each in variants(flavour) if each.is_gnu_linux}
        for architecture in linux:
            aom.add_library(folder, architecture)

    requirements = uv.export(_GROUP) + uv.export(aom.GROUP)
    build_once(_LAYER, flavour, _digest(flavour, requirements), fill)


def compile_library(library: Path, arguments: tuple[str, ...]) -> None:
    """Compile all sources into one shared library; later arguments win over the usual flags."""
    sources = sorted(path.relative_to(ROOT) for path in SOURCES.rglob("*.c"))
    done = subprocess.run(
        [_zig(), "cc", *_FLAGS, *arguments, "-o", library, *sources, "-lc", "-lm"],
        cwd=ROOT,
        # Its caches are a home directory's affair otherwise.
        env={
            **os.environ,
            "ZIG_GLOBAL_CACHE_DIR": str(_COMPILER / "cache"),
            "ZIG_LOCAL_CACHE_DIR": str(_COMPILER / "cache"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the C of the engine does not compile:\n{done.stderr.strip()}"
        raise BuildError(message)


def _zig() -> Path:
    """Return the compiler, installed where it is not there yet."""
    requirements = uv.export(_GROUP)
    home = _COMPILER / hashlib.sha256(requirements.encode()).hexdigest()[:16]
    if not home.is_dir():
        print("  the compiler", flush=True)
        shutil.rmtree(_COMPILER, ignore_errors=True)
        fresh = _COMPILER / ".fresh"
        fresh.mkdir(parents=True)
        uv.install(requirements, fresh, ("--python", sys.executable))
        fresh.rename(home)
    return home / "ziglang" / "zig"


def _digest(flavour: str, requirements: str) -> str:
    """Return the hash of everything that decides over the outcome."""
    digest = hashlib.sha256(f"{variants(flavour)} {requirements}".encode())
    for path in (Path(__file__), Path(aom.__file__), *sorted(SOURCES.rglob("*.[ch]"))):
        digest.update(
            path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
        )
    return digest.hexdigest()


def folder(flavour: str) -> Path:
    """Return the folder that `build` fills."""
    return ROOT / "build" / "layers" / flavour / _LAYER / "python"
