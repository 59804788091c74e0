"""Describe what Tinify's routes take and answer."""

from __future__ import annotations

from typing import Any, Final

from leanpix.contract import AWS_REGIONS, ErrorEntry, ErrorName, TinifyPath
from leanpix.dialects.operations import (
    BODY_ERRORS,
    DOWNLOAD_ANSWERS,
    IMAGE_TYPE,
    Answer,
    Description,
    Operation,
    Task,
)
from leanpix.dialects.tinify import models
from leanpix.dialects.tinify.commands import ANY_TYPE, METADATA, TYPES
from leanpix.dialects.tinify.errors import TINIFY_ERRORS
from leanpix.domain.options import CropMethod
from leanpix.http import JSON_TYPE

_COUNT: Final = {"Compression-Count": "The account's compressions of this calendar month."}
_SIZE: Final = {"Image-Width": "Pixels.", "Image-Height": "Pixels."}
_OUTPUT_URL: Final = (
    "https://www.example.com/output/00042a6c4f1e9b6915c2f00f2d5b6e8c1a3f7d9e4b2c6a8d0e1f3a"
)
_SHRUNK_EXAMPLE: Final = {
    "input": {"size": 207565, "type": "image/jpeg"},
    "output": {
        "size": 63669,
        "type": "image/jpeg",
        "width": 530,
        "height": 300,
        "ratio": 0.3067,
        "url": _OUTPUT_URL,
    },
}
_TYPE: Final = {"type": "string", "enum": [*TYPES, ANY_TYPE]}
_SIDE: Final = {"type": "integer", "minimum": 1}
_TEXT: Final = {"type": "string", "minLength": 1}
_HEADERS: Final = {
    "type": "object",
    "properties": {"Cache-Control": _TEXT, "Expires": _TEXT},
}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


_SOURCE: Final = _object(
    ("source",),
    source={
        **_object(("url",), url={"type": "string", "format": "uri"}),
        "description": "Instead of the image: where it is.",
    },
)
_COMMANDS_EXAMPLE: Final = {
    "resize": {"method": "fit", "width": 150, "height": 100},
    "convert": {"type": ["image/webp", "image/avif"]},
}
_COMMANDS: Final = _object(
    (),
    resize={
        **_object(
            (),
            method={
                "type": "string",
                "enum": ["scale", "fit", *(str(way) for way in CropMethod)],
                "default": "scale",
            },
            width=_SIDE,
            height=_SIDE,
        ),
        "description": "scale takes a width or a height, fit one or both, cover and thumb both.",
    },
    convert={
        **_object(
            ("type",),
            type={"anyOf": [_TYPE, {"type": "array", "items": _TYPE, "minItems": 1}]},
        ),
        "description": "Of several types the smallest file is returned.",
    },
    transform={
        **_object((), background={"type": "string", "pattern": "^(white|black|#[0-9A-Fa-f]{6})$"}),
        "description": "The colour of background takes the place of transparency.",
    },
    preserve={
        "type": "array",
        "items": {"type": "string", "enum": list(METADATA)},
        "description": "The kinds of metadata to keep: copyright, creation, location.",
    },
    store={
        "type": "object",
        "description": "Where to put the result, in S3 or Google Cloud Storage, and the right to"
        " write it there. The right is used for this call and is kept nowhere.",
        "oneOf": [
            _object(
                ("service", "aws_access_key_id", "aws_secret_access_key", "region", "path"),
                service={"const": "s3"},
                aws_access_key_id=_TEXT,
                aws_secret_access_key=_TEXT,
                aws_session_token=_TEXT,
                region={"type": "string", "enum": sorted(AWS_REGIONS)},
                path=_TEXT,
                headers=_HEADERS,
                acl={"type": "string", "enum": ["no-acl", "public-read"]},
            ),
            _object(
                ("service", "gcp_access_token", "path"),
                service={"const": "gcs"},
                gcp_access_token=_TEXT,
                path=_TEXT,
                headers=_HEADERS,
            ),
        ],
    },
)
_DOWNLOADS: Final = (
    Answer(
        status=200,
        text="The image; with store an object, and the image's place in Location.",
        media_type=IMAGE_TYPE,
        headers={**_COUNT, **_SIZE},
    ),
    *DOWNLOAD_ANSWERS[1:],
)


def _download(name: str, summary: str) -> Operation:
    return Operation(
        name=name,
        task=Task.DOWNLOAD,
        summary=summary,
        text="Held until the image has ended. A body with commands is read as that of a POST.",
        path_parameters={"output_id": "As in the output's URL; it cannot be guessed."},
        answers=_DOWNLOADS,
        errors=(
            *BODY_ERRORS,
            ErrorName.INVALID_API_KEY_ON_ACCOUNT,
            ErrorName.JOB_NOT_FOUND,
            ErrorName.UNSUPPORTED_MEDIA_TYPE,
            ErrorName.NO_TOKENS,
            ErrorName.OPTIMIZATION_FAILED,
            ErrorName.WAIT_TIMED_OUT,
        ),
    )


def _error_example(entry: ErrorEntry, text: str) -> dict[str, Any]:
    return {"error": entry.title, "message": text}


OPERATIONS: Final = {
    TinifyPath.SHRINK: Operation(
        name="tinify_shrink",
        task=Task.SUBMIT,
        summary="Make an image smaller",
        text="The body is the image, whatever its Content-Type, or JSON with a URL. Held until"
        " the image has ended. The same body within a minute is one job.",
        content={
            IMAGE_TYPE: {"schema": {}},
            JSON_TYPE: {"schema": _SOURCE},
        },
        answers=(
            Answer(
                status=201,
                text="The image is smaller, or still worked on.",
                body=models.Shrunk,
                example=_SHRUNK_EXAMPLE,
                headers={"Location": "The place of the output.", **_COUNT},
            ),
        ),
        errors=(
            *BODY_ERRORS,
            ErrorName.UNSUPPORTED_MEDIA_TYPE,
            ErrorName.NO_TOKENS,
            ErrorName.OPTIMIZATION_FAILED,
        ),
    ),
    f"POST {TinifyPath.OUTPUT}": Operation(
        name="tinify_output",
        task=Task.RESULT,
        summary="Resize, convert or store an image",
        text="Held until the image has ended.",
        path_parameters={"output_id": "As in the output's URL; it cannot be guessed."},
        content={JSON_TYPE: {"schema": _COMMANDS, "example": _COMMANDS_EXAMPLE}},
        answers=_DOWNLOADS,
        errors=(
            *BODY_ERRORS,
            ErrorName.JOB_NOT_FOUND,
            ErrorName.UNSUPPORTED_MEDIA_TYPE,
            ErrorName.NO_TOKENS,
            ErrorName.DELIVERY_FAILED,
            ErrorName.OPTIMIZATION_FAILED,
            ErrorName.WAIT_TIMED_OUT,
        ),
    ),
    f"GET {TinifyPath.OUTPUT}": _download("tinify_download", "Download an image"),
    f"HEAD {TinifyPath.OUTPUT}": _download("tinify_download_head", "Get the headers of an image"),
    f"GET {TinifyPath.KEY}": Operation(
        name="tinify_key",
        task=Task.ACCOUNT,
        summary="Ask whether a key is good",
        path_parameters={"key": "The key."},
        answers=(Answer(status=200, text="It is.", body=models.Key, headers=_COUNT),),
        errors=(ErrorName.JOB_NOT_FOUND,),
    ),
    f"HEAD {TinifyPath.KEY}": Operation(
        name="tinify_key_head",
        task=Task.ACCOUNT,
        summary="Ask whether a key is good, without a body",
        path_parameters={"key": "The key."},
        answers=(Answer(status=200, text="It is.", headers=_COUNT),),
        errors=(ErrorName.JOB_NOT_FOUND,),
    ),
}

DESCRIPTION: Final = Description(
    schema_prefix="Tinify",
    title="Tinify's API",
    text="Send an image, get a smaller one. The key is the password of HTTP Basic authentication."
    " Accounts, keys, tokens and jobs are shared with the other APIs.",
    operations=OPERATIONS,
    errors=TINIFY_ERRORS,
    error_body=models.Error,
    error_example=_error_example,
)
