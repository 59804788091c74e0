"""Test that the deployed files fit AWS Lambda: its processor, its C library, its limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import botocore
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from leanpix import contract

if TYPE_CHECKING:
    from infra.bundles import Bundle

# Lambda's Python 3.13 runs on Amazon Linux 2023.
LAMBDA_GLIBC = (2, 34)
LAMBDA_PYTHON_TAG = "cp313"
LAMBDA_MINOR = 13
MAX_UNZIPPED_BYTES = 130_000_000
MAX_LIGHT_UNZIPPED_BYTES = 20_000_000
LAMBDA_CACHE_TAG = "cpython-313"


def elf_files(bundle: Bundle) -> list[Path]:
    """Return every binary of a bundle, told by content."""
    found = []
    for path in bundle.files:
        with path.open("rb") as file:
            if file.read(4) == b"\x7fELF":
                found.append(path)
    return found


def needed_glibc(path: Path) -> tuple[int, ...]:
    """Return the newest version of the GNU C library that a binary asks for."""
    newest: tuple[int, ...] = (0,)
    with path.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            if not isinstance(section, GNUVerNeedSection):
                continue
            for _, versions in section.iter_versions():
                for version in versions:
                    match = re.fullmatch(r"GLIBC_([0-9.]+)", version.name)
                    if match:
                        newest = max(newest, tuple(map(int, match[1].split("."))))
    return newest


def test_every_binary_is_for_arm64_and_runs_on_lambdas_c_library(
    lambda_bundles: dict[str, Bundle],
) -> None:
    binaries = elf_files(lambda_bundles["optimizer"])
    assert len(binaries) > 20
    for path in binaries:
        with path.open("rb") as file:
            assert ELFFile(file)["e_machine"] == "EM_AARCH64", path.name
        assert needed_glibc(path) <= LAMBDA_GLIBC, path.name


def test_every_extension_module_is_for_lambdas_python(lambda_bundles: dict[str, Bundle]) -> None:
    names = [path.name for path in elf_files(lambda_bundles["optimizer"])]
    tags = {match[1] for name in names if (match := re.search(r"\.cpython-(\d+)", name))}
    assert tags == {LAMBDA_PYTHON_TAG.removeprefix("cp")}


def test_every_wheel_is_one_for_lambdas_python_and_machine(
    lambda_bundles: dict[str, Bundle],
) -> None:
    notes = [path for path in lambda_bundles["optimizer"].files if path.name == "WHEEL"]
    assert len(notes) > 15
    for note in notes:
        tags = re.findall(r"^Tag: (.+)$", note.read_text(encoding="utf-8"), re.MULTILINE)
        assert any(runs_on_lambda(tag) for tag in tags), (note.parent.name, tags)


def runs_on_lambda(tag: str) -> bool:
    """Tell whether a wheel of this tag may be installed there (PEP 425, PEP 600)."""
    python, abi, platform = tag.split("-")
    is_stable_abi = abi == "abi3" and int(python.removeprefix("cp3")) <= LAMBDA_MINOR
    fits_python = python in {"py3", LAMBDA_PYTHON_TAG} or is_stable_abi
    if platform == "any":
        return fits_python
    legacy = {"manylinux2014_aarch64": (2, 17)}
    glibc = re.fullmatch(r"manylinux_(\d+)_(\d+)_aarch64", platform)
    needed = tuple(map(int, glibc.groups())) if glibc else legacy.get(platform)
    return fits_python and needed is not None and needed <= LAMBDA_GLIBC


def test_libvips_is_the_one_that_came_with_the_bundle(lambda_bundles: dict[str, Bundle]) -> None:
    names = [path.name for path in elf_files(lambda_bundles["optimizer"])]
    assert [name for name in names if name.startswith("libvips-")]


@pytest.mark.parametrize("name", contract.FUNCTIONS)
def test_a_function_and_its_layers_stay_well_below_lambdas_limit(
    lambda_bundles: dict[str, Bundle], name: str
) -> None:
    total = sum(path.stat().st_size for path in lambda_bundles[name].files)
    most = MAX_UNZIPPED_BYTES if name == "optimizer" else MAX_LIGHT_UNZIPPED_BYTES
    assert total < most, f"{total:,} bytes"


@pytest.mark.parametrize("name", contract.FUNCTIONS)
def test_a_bundle_carries_no_strays_and_not_what_the_runtime_has(
    lambda_bundles: dict[str, Bundle], name: str
) -> None:
    bundle = lambda_bundles[name]
    for path in bundle.files:
        assert path.name != ".DS_Store", path
        # Compiled for Lambda's Python where this machine has one, else not at all.
        assert path.suffix != ".pyc" or f".{LAMBDA_CACHE_TAG}.pyc" in path.name, path
    modules = {path.name for folder in bundle.python_path for path in Path(folder).iterdir()}
    assert not modules & {"boto3", "s3transfer", "scipy"}
    assert "handler.py" in modules


def test_botocore_is_carried_pinned_and_with_the_services_alone_that_are_called(
    lambda_bundles: dict[str, Bundle],
) -> None:
    # Its loader is overridden (leanpix/adapters/aws.py): the runtime's own moves under the code.
    folders = [Path(path) / "botocore" for path in lambda_bundles["submit"].python_path]
    (folder,) = (folder for folder in folders if folder.is_dir())
    assert (folder.parent / f"botocore-{botocore.__version__}.dist-info").is_dir()
    services = {path.name for path in (folder / "data").iterdir() if path.is_dir()}
    assert services == {"apigateway", "dynamodb", "s3", "sqs"}


def test_licences_are_carried_along(lambda_bundles: dict[str, Bundle]) -> None:
    texts = [
        path
        for path in lambda_bundles["optimizer"].files
        if "LICEN" in path.name.upper() or "COPYING" in path.name.upper()
    ]
    assert len(texts) > 10
