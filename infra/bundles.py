"""Read the functions of an assembly as Lambda unpacks them, with their layers.

For what wants to see what is deployed: the packaging tests and the cold start benchmark.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Bundle:
    """One function with its layers, unpacked."""

    name: str
    code: Path
    layers: tuple[Path, ...]
    environment: dict[str, str]

    @property
    def python_path(self) -> list[str]:
        """The folders in which Lambda looks for modules: the function, then `/opt/python`."""
        return [str(self.code), *(str(layer / "python") for layer in self.layers)]

    @property
    def files(self) -> list[Path]:
        """Every file that Lambda unpacks."""
        return [
            path
            for folder in (self.code, *self.layers)
            for path in folder.rglob("*")
            if path.is_file()
        ]


def read_bundles(template: Path) -> dict[str, Bundle]:
    """Return each function of an assembly by its name in the contract."""
    assembly = template.parent
    resources = json.loads(template.read_text(encoding="utf-8"))["Resources"]
    listing = assembly / template.name.replace(".template.", ".assets.")
    assets = json.loads(listing.read_text(encoding="utf-8"))["files"]

    def folder(content: dict[str, Any]) -> Path:
        source: str = assets[content["S3Key"].removesuffix(".zip")]["source"]["path"]
        return assembly / source

    bundles = [
        Bundle(
            name=re.sub(r"^leanpix-[a-z0-9]+-", "", properties["FunctionName"]),
            code=folder(properties["Code"]),
            layers=tuple(
                folder(resources[layer["Ref"]]["Properties"]["Content"])
                for layer in properties["Layers"]
            ),
            environment={
                name: value if isinstance(value, str) else "https://example.org"
                for name, value in properties["Environment"]["Variables"].items()
            },
        )
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function"
        for properties in (resource["Properties"],)
    ]
    return {bundle.name: bundle for bundle in bundles}


def link_runtime(folder: Path) -> Path:
    """Fill a folder with what the Lambda runtime has of its own: its client and boto3."""
    for path in sorted(set(_top_level_files("awslambdaric", "boto3"))):
        (folder / path.name).symlink_to(path)
    return folder


def bare_python() -> str:
    """Return the interpreter below the virtual environment, which sees none of its packages."""
    return str(getattr(sys, "_base_executable", "") or sys.executable)


def _top_level_files(*names: str) -> Iterator[Path]:
    """Return what distributions, and those that they need, put into site-packages."""
    pending, seen = list(names), set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        distribution = importlib.metadata.distribution(name)
        for file in distribution.files or ():
            if file.parts[0] not in {"..", "__pycache__"}:
                yield Path(str(distribution.locate_file(file.parts[0])))
        pending.extend(
            re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
            for requirement in distribution.requires or ()
            if "extra ==" not in requirement
        )
