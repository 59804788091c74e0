"""The options that all administration commands have."""

from __future__ import annotations

from typing import Annotated, Final

import typer

Local = Annotated[bool, typer.Option("--local", help="Work on the local cloud of this checkout.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Stage = Annotated[str, typer.Option(help="The stage whose stack to work on.")]
DEFAULT_STAGE: Final = "dev"
