"""Send an image and its result between processes: lengths, JSON, bytes.

Nothing that executes (no pickle): the process that decoded a hostile image is not trusted.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.limits import Limits
from leanpix_engine.model import Crop, Level, Options, Output, Result

_HEAD = struct.Struct(">I")
_MAX_JSON_BYTES = 1_000_000


class Broken(Exception):
    """The other side ended, or sent what is no frame."""


def send(to: socket.socket, fields: dict[str, Any], *blobs: bytes) -> None:
    """Send one frame."""
    text = json.dumps({**fields, "blobs": [len(blob) for blob in blobs]}).encode()
    to.sendall(_HEAD.pack(len(text)) + text)
    for blob in blobs:
        to.sendall(blob)


def receive(source: socket.socket, max_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
    """Receive one frame, of `max_bytes` at most.

    Raises:
        Broken: the other side ended, or sent too much or nonsense.
        TimeoutError: nothing came within the socket's timeout.
    """
    (length,) = _HEAD.unpack(_receive_exactly(source, _HEAD.size))
    if length > _MAX_JSON_BYTES:
        raise Broken
    try:
        fields = json.loads(_receive_exactly(source, length))
        sizes = [int(size) for size in fields.pop("blobs")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Broken from error
    if any(size < 0 for size in sizes) or sum(sizes) > max_bytes:
        raise Broken
    return fields, [_receive_exactly(source, size) for size in sizes]


def _receive_exactly(source: socket.socket, size: int) -> bytes:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        try:
            got = source.recv_into(view)
        except ConnectionError as error:
            raise Broken from error
        if not got:
            raise Broken
        view = view[got:]
    return bytes(data)


def pack_task(options: Options, limits: Limits) -> dict[str, Any]:
    """Return a task as JSON."""
    fields = {**asdict(options), "keep": sorted(options.keep)}
    return {"options": fields, "limits": asdict(limits)}


def unpack_task(fields: dict[str, Any]) -> tuple[Options, Limits]:
    """Return the task in JSON."""
    options = fields["options"]
    target = options["target_format"]
    options["level"] = Level(options["level"])
    options["target_format"] = Format(target) if target else None
    options["crop"] = Crop(**options["crop"]) if options["crop"] else None
    return Options(**options), Limits(**fields["limits"])


def pack_result(result: Result) -> tuple[dict[str, Any], list[bytes]]:
    """Return a result as JSON and the bytes of its outputs."""
    outputs = [output for output in (result.output, *result.also) if output is not None]
    fields = asdict(replace(result, output=None, also=()))
    del fields["also"]
    fields["has_output"] = result.output is not None
    fields["outputs"] = [
        {name: value for name, value in asdict(output).items() if name != "data"}
        for output in outputs
    ]
    return {"result": fields}, [output.data for output in outputs]


def unpack_answer(fields: dict[str, Any], blobs: Sequence[bytes]) -> Result:
    """Return the result in an answer.

    Raises:
        Refused: what the engine raised there.
        Broken: it is no answer.
    """
    try:
        if "refused" in fields:
            raise Refused(Reason(fields["refused"]), str(fields["text"])[:500])
        found = dict(fields["result"])
        outputs = [
            Output(**{**facts, "format": Format(facts["format"]), "data": data})
            for facts, data in zip(found.pop("outputs"), blobs, strict=True)
        ]
        found["output"] = outputs.pop(0) if found.pop("has_output") else None
        found["also"] = tuple(outputs)
        found["original_format"] = Format(found["original_format"])
        return Result(**found)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Broken from error
