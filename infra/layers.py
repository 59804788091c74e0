"""The Lambda layers: what the locked dependencies are, and our own packages, apart.

Our packages stand in ``layers/<name>/python`` as Lambda wants them, so they are taken from there
and are always fresh. The dependencies come from ``layers/build.py``, and so does the engine's C,
compiled; keeping them apart means that a change of our code uploads kilobytes, not a hundred
megabytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aws_cdk import AssetHashType, IgnoreMode
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.settings import Flavour

_ROOT: Final = Path(__file__).resolve().parent.parent

IGNORED: Final = ("__pycache__/", "*.pyc", ".DS_Store")
"""What no bundle carries, as lines of a .gitignore."""


class LayersNotBuiltError(RuntimeError):
    """The dependencies of a layer are not there."""

    def __init__(self, flavour: Flavour) -> None:
        """Say what builds them."""
        super().__init__(
            f"The {flavour} layers are not built: run `make setup`,"
            f" or `.venv/bin/python layers/build.py --flavour {flavour}`."
        )


class Layers(Construct):
    """The layers of one flavour."""

    def __init__(self, scope: Construct, construct_id: str, *, flavour: Flavour) -> None:
        """Create them: two that every function has, three more for the engine.

        That is all that Lambda allows one function.
        """
        super().__init__(scope, construct_id)
        self._flavour = flavour
        self.shared = (self._dependencies("shared"), self._own("shared"))
        self.engine_code = self._own("engine")
        self.engine = (
            self._dependencies("engine"),
            self._dependencies("native"),
            self.engine_code,
        )

    def _own(self, name: str) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            name.capitalize(),
            description=f"Leanpix: {name} code",
            code=lambda_.Code.from_asset(
                str(_ROOT / "layers" / name),
                # The C sources are compiled into a layer of their own.
                exclude=[*IGNORED, "/native/"],
                ignore_mode=IgnoreMode.GIT,
            ),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        )

    def _dependencies(self, name: str) -> lambda_.LayerVersion:
        built = _ROOT / "build" / "layers" / self._flavour
        digest = built / f"{name}.digest"
        if not digest.is_file():
            raise LayersNotBuiltError(self._flavour)
        return lambda_.LayerVersion(
            self,
            f"{name.capitalize()}Dependencies",
            description=f"Leanpix: what the {name} code depends on",
            # The hash of what went into the build, not of what came out: two machines that build
            # from the same lock file deploy the same layer.
            code=lambda_.Code.from_asset(
                str(built / name),
                asset_hash=digest.read_text(encoding="ascii").strip(),
                asset_hash_type=AssetHashType.CUSTOM,
            ),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        )
