"""Read form bodies as real clients send them: multipart, urlencoded, JSON, or empty."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from multipart import MultipartError, MultipartParser, parse_options_header

from leanpix.contract import MAX_INLINE_BYTES, ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.http import JSON_TYPE, Request

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MULTIPART_TYPE: Final = "multipart/form-data"
MAX_FIELDS: Final = 200
_NO_FILE: Final = (b"", b"0")
"""The contents by which clients say in a part without a file name that there is no file."""
_KEEP: Final = "surrogateescape"
"""The handling of bytes that are no UTF-8: they become lone surrogates (PEP 383), by which the
reader of a field tells that it holds no text."""


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file part. Its declared content type is often missing or wrong, so it is dropped."""

    file_name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields and files of a request; the last one of a repeated field counts."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, FormFile] = field(default_factory=dict)


def parse_form(request: Request, *, file_names: Collection[str] = ()) -> Form:
    """Return the fields and files in the body of a request.

    Args:
        request: the request.
        file_names: the names of file fields. A part of such a name is a file even if it has no
            file name.

    Raises:
        LeanpixError: `TOO_LARGE`, the body is over the inline limit; `UNREADABLE_BODY`, it is not
            of its declared type.
    """
    if len(request.body) > MAX_INLINE_BYTES:
        raise LeanpixError(ErrorName.TOO_LARGE)
    if not request.body:
        return Form()
    content_type, parameters = parse_options_header(request.headers.get("content-type", ""))
    if content_type == MULTIPART_TYPE:
        return _parse_multipart(request.body, parameters.get("boundary", ""), file_names)
    if content_type == JSON_TYPE:
        return _parse_json(request.body)
    return _parse_urlencoded(request.body)


def _parse_multipart(body: bytes, boundary: str, file_names: Collection[str]) -> Form:
    if not boundary:
        return _refuse(MULTIPART_TYPE)
    # RFC 7578 §5.1.2: part headers are UTF-8 today and were anything before; Latin-1 reads any.
    for charset in ("utf-8", "latin-1"):
        try:
            return _read_parts(body, boundary, file_names, charset=charset)
        except (MultipartError, UnicodeError):
            continue
    return _refuse(MULTIPART_TYPE)


def _read_parts(body: bytes, boundary: str, file_names: Collection[str], *, charset: str) -> Form:
    fields: dict[str, str] = {}
    files: dict[str, FormFile] = {}
    parser = MultipartParser(
        BytesIO(body),
        boundary,
        content_length=len(body),
        charset=charset,
        part_limit=MAX_FIELDS,
        spool_limit=MAX_INLINE_BYTES,
        memory_limit=MAX_INLINE_BYTES,
    )
    for part in parser:
        if part.filename is not None:
            files[part.name] = FormFile(part.filename, part.raw)
        elif part.name in file_names and part.raw.strip() not in _NO_FILE:
            files[part.name] = FormFile("", part.raw)
        else:
            fields[part.name] = part.raw.decode("utf-8", _KEEP)
    return Form(fields=fields, files=files)


def _parse_urlencoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(
            body.decode("utf-8", _KEEP),
            keep_blank_values=True,
            errors=_KEEP,
            max_num_fields=MAX_FIELDS,
        )
        for name, _ in pairs:
            name.encode()  # a name that is no UTF-8 is none
        return Form(fields=dict(pairs))
    except ValueError:
        return _refuse("application/x-www-form-urlencoded")


def _parse_json(body: bytes) -> Form:
    try:
        values = json.loads(body.decode(json.detect_encoding(body), _KEEP))
        if not isinstance(values, dict):
            return _refuse(JSON_TYPE)
        return Form(
            fields={name: _json_text(value) for name, value in values.items() if value is not None}
        )
    except (ValueError, RecursionError):
        return _refuse(JSON_TYPE)


def _json_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _refuse(kind: str) -> Form:
    raise LeanpixError(ErrorName.UNREADABLE_BODY, kind=kind)
