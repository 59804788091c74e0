"""Build the Lambda layers: the locked dependencies, and our own packages, apart.

Our packages stand in `layers/<name>/python` as Lambda wants them, so they are taken from there
and are always fresh. The dependencies come from `layers/build.py`, and so does the engine's C,
compiled; keeping them apart means that a change of our code uploads kilobytes, not a hundred
megabytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aws_cdk import Annotations, AssetHashType
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.bytecode import LAMBDA_PYTHON, compile_layer, find_python
from infra.setting_fields import Flavour

_ROOT: Final = Path(__file__).resolve().parent.parent

IGNORED: Final = ("__pycache__/", "*.pyc", ".DS_Store")
"""The files that no bundle carries, as lines of a .gitignore."""


class LayersNotBuiltError(RuntimeError):
    """Dependencies of a layer that are not built."""

    def __init__(self, flavour: Flavour) -> None:
        """Name the command that builds them."""
        super().__init__(
            f"The {flavour} layers are not built: run `make setup`,"
            f" or `.venv/bin/python layers/build.py --flavour {flavour}`."
        )


class Layers(Construct):
    """The layers of one flavour."""

    def __init__(self, scope: Construct, construct_id: str, *, flavour: Flavour) -> None:
        """Create them: two that every function has, three more for the engine, one of files.

        That is all that Lambda allows one function.
        """
        super().__init__(scope, construct_id)
        self._flavour = flavour
        if find_python(flavour) is None:
            version = ".".join(map(str, LAMBDA_PYTHON))
            Annotations.of(self).add_warning_v2(
                "leanpix:not-compiled",
                f"There is no python{version} here to compile the layers with: cold starts will"
                " take longer than they need (docs/sizing.md).",
            )
        self.shared = (self._dependencies("shared"), self._own("shared"))
        self.engine_code = self._own("engine")
        self.console = self._console()
        self.engine = (
            self._dependencies("engine"),
            self._dependencies("native"),
            self.engine_code,
        )

    def _own(self, name: str) -> lambda_.LayerVersion:
        # The C sources are compiled into a layer of their own.
        folder = compile_layer(
            _ROOT / "layers" / name, name=name, flavour=self._flavour, left_out=["native"]
        )
        return self._layer(name.capitalize(), folder, description=f"Leanpix: {name} code")

    def _console(self) -> lambda_.LayerVersion:
        built = _ROOT / "build" / "console"
        digest = built / "console.digest"
        if not digest.is_file():
            raise LayersNotBuiltError(self._flavour)
        folder = compile_layer(
            built,
            name="console",
            flavour=self._flavour,
            left_out=[digest.name],
            digest=digest.read_text(encoding="ascii"),
        )
        return self._layer("Console", folder, description="Leanpix: the files of the console")

    def _dependencies(self, name: str) -> lambda_.LayerVersion:
        built = _ROOT / "build" / "layers" / self._flavour
        digest = built / f"{name}.digest"
        if not digest.is_file():
            raise LayersNotBuiltError(self._flavour)
        folder = compile_layer(
            built / name,
            name=f"{name}-dependencies",
            flavour=self._flavour,
            # The hash of what went into the build, not of what came out: two machines that build
            # from the same lock file deploy the same layer.
            digest=digest.read_text(encoding="ascii").strip(),
        )
        return self._layer(
            f"{name.capitalize()}Dependencies",
            folder,
            description=f"Leanpix: what the {name} code depends on",
        )

    def _layer(self, construct_id: str, folder: Path, *, description: str) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            construct_id,
            description=description,
            # The folder's name ends in the hash of what it is made from.
            code=lambda_.Code.from_asset(
                str(folder), asset_hash=folder.name, asset_hash_type=AssetHashType.CUSTOM
            ),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        )
