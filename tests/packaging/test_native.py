"""Test that the engine's C is compiled, carried and found."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from layers import aom
from layers.native import PACKAGE, variants

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundles import Bundle


def libraries(bundle: Bundle) -> list[Path]:
    return sorted(path for path in bundle.files if path.parent.name == PACKAGE)


@pytest.fixture(params=["arm64", "host"])
def optimizer(request: pytest.FixtureRequest) -> tuple[str, Bundle]:
    fixture = {"arm64": "lambda_bundles", "host": "host_bundles"}[request.param]
    return request.param, request.getfixturevalue(fixture)["optimizer"]


def test_the_optimizer_carries_a_library_for_each_of_its_processors(
    optimizer: tuple[str, Bundle],
) -> None:
    flavour, bundle = optimizer
    expected = sorted(f"{variant.name}.so" for variant in variants(flavour))
    assert [path.name for path in libraries(bundle)] == expected


def test_a_library_offers_our_functions_alone_and_needs_the_c_library_alone(
    optimizer: tuple[str, Bundle],
) -> None:
    for path in libraries(optimizer[1]):
        with path.open("rb") as file:
            elf = ELFFile(file)
            symbols = elf.get_section_by_name(".dynsym")
            dynamic = elf.get_section_by_name(".dynamic")
            assert isinstance(symbols, SymbolTableSection)
            assert isinstance(dynamic, DynamicSection)
            offered = [
                symbol.name
                for symbol in symbols.iter_symbols()
                if symbol["st_shndx"] != "SHN_UNDEF" and symbol.name
            ]
            needed = {
                tag.needed  # type: ignore[attr-defined]  # the library sets it by its name
                for tag in dynamic.iter_tags()
                if tag["d_tag"] == "DT_NEEDED"
            }
            assert elf.get_section_by_name(".symtab") is None, "not stripped"
        assert "leanpix_scale_errors" in offered
        assert all(name.startswith("leanpix_") for name in offered), offered
        assert needed <= {"libc.so.6", "libm.so.6"} | {
            name for name in needed if name.startswith("ld-linux")
        }


def test_the_optimizer_carries_libaom_alone_of_its_wheel_with_its_licence(
    optimizer: tuple[str, Bundle],
) -> None:
    flavour, bundle = optimizer
    carried = sorted(path for path in bundle.files if path.parent.name == aom.PACKAGE)
    if not variants(flavour):
        pytest.skip("this machine has no libaom of ours")
    assert [path.name for path in carried] == ["LICENSE", aom.LIBRARY]
    assert not [path for path in bundle.files if "imagecodecs" in str(path)]
    with carried[1].open("rb") as file:
        elf = ELFFile(file)
        machines = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}
        assert elf["e_machine"] == machines[variants(flavour)[0].architecture]
        dynamic = elf.get_section_by_name(".dynamic")
        assert isinstance(dynamic, DynamicSection)
        needed = {
            tag.needed  # type: ignore[attr-defined]  # the library sets it by its name
            for tag in dynamic.iter_tags()
            if tag["d_tag"] == "DT_NEEDED"
        }
    parts_of_libc = {f"lib{name}.so" for name in ("c", "m", "dl", "pthread")}
    assert {name.rsplit(".", 1)[0] for name in needed if name.startswith("lib")} <= parts_of_libc


def test_no_bundle_carries_c(optimizer: tuple[str, Bundle]) -> None:
    assert not [path for path in optimizer[1].files if path.suffix in {".c", ".h"}]


def test_the_packaged_engine_finds_its_library(
    host_bundles: dict[str, Bundle], bare_python: str
) -> None:
    if not variants("host"):
        pytest.skip("this machine's engine is numpy alone")
    done = subprocess.run(
        [
            *(bare_python, "-s", "-S", "-c"),
            "from leanpix_engine import native; print(native.available(), native._folders())",
        ],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join(host_bundles["optimizer"].python_path),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("True"), (done.stdout, done.stderr)
