"""Tinify's response bodies."""

from __future__ import annotations

from typing import Literal

from leanpix.dialects.bodies import Body, described


class InputFile(Body):
    """The image that was sent; what is not known yet is left out."""

    size: int | None = described("Bytes.", default=None)
    type: str | None = described("A media type.", default=None)


class OutputFile(Body):
    """The image that was made of it."""

    size: int = described("Bytes.")
    type: str = described("A media type.")
    width: int
    height: int
    ratio: float = described("The output's bytes divided by the input's.")
    url: str


class Shrunk(Body):
    """The answer to an upload. `output` is left out while it is still worked on."""

    input: InputFile
    output: OutputFile | None = None


class Stored(Body):
    """The answer to `store`; the place is in `Location`."""

    status: Literal["success"] = "success"


class Key(Body):
    """The answer about a key, an empty object; the facts are in the headers."""


class Error(Body):
    """An error. The fields after `message` are sent where API Gateway itself answers."""

    error: str = described("The kind of error.")
    message: str
    status: Literal["error"] | None = None
    code: int | None = described("Equal to the HTTP status.", default=None)
    errors: list[str] | None = None
    success: Literal[False] | None = None
    hint: str | None = described("A way out, where there is one.", default=None)
