"""Describe what TinyJPG's routes take and answer."""

from __future__ import annotations

from typing import Any, Final

from leanpix.contract import ErrorEntry, ErrorName, TinyJpgPath
from leanpix.dialects.operations import (
    BODY_ERRORS,
    DOWNLOAD_ANSWERS,
    Answer,
    Description,
    Operation,
    Task,
)
from leanpix.dialects.tinyjpg import fields, models
from leanpix.dialects.tinyjpg.errors import TINYJPG_ERRORS

_FILES: Final = "https://www.example.com/direct-file"
_ACCEPTED_EXAMPLE: Final = {
    "success": True,
    "message": "Image uploaded and queued for optimization",
    "data": {
        "image_id": 123,
        "original_url": f"{_FILES}/original/sample_filename.jpg",
        "optimized_url": f"{_FILES}/optimized/sample_filename.jpg",
        "status": "processing",
        "original_size": 2048576,
        "estimated_optimized_size": 1024288,
    },
}
_STATUS_EXAMPLE: Final = {
    "success": True,
    "data": {
        "image_id": 123,
        "status": "completed",
        "original_size": 2048576,
        "optimized_size": 1024288,
        "compression_ratio": 50.0,
        "processing_time": 2.34,
        "original_url": f"{_FILES}/original/sample_filename.jpg",
        "optimized_url": f"{_FILES}/optimized/sample_filename.jpg",
    },
}


def _submit(name: str, summary: str) -> Operation:
    return Operation(
        name=name,
        task=Task.SUBMIT,
        summary=summary,
        form=fields.OPTIMIZE_FIELDS,
        may_be_repeated=True,
        answers=(
            Answer(
                status=200,
                text="The image is charged and queued.",
                body=models.Accepted,
                example=_ACCEPTED_EXAMPLE,
            ),
        ),
        errors=(*BODY_ERRORS, ErrorName.NO_TOKENS, ErrorName.IDEMPOTENCY_CONFLICT),
    )


def _status(name: str, summary: str) -> Operation:
    return Operation(
        name=name,
        task=Task.RESULT,
        summary=summary,
        path_parameters={"image_id": "The image_id from the answer to the upload."},
        answers=(
            Answer(
                status=200,
                text="The status of the image; facts that are not known yet are left out.",
                body=models.Status,
                example=_STATUS_EXAMPLE,
            ),
        ),
        errors=(ErrorName.JOB_NOT_FOUND,),
    )


def _file(name: str, summary: str, error: ErrorName) -> Operation:
    return Operation(
        name=name,
        task=Task.DOWNLOAD,
        summary=summary,
        path_parameters={"name": "As in the link; it cannot be guessed."},
        answers=DOWNLOAD_ANSWERS,
        errors=(error,),
    )


def _error_example(_entry: ErrorEntry, text: str) -> dict[str, Any]:
    return {"success": False, "message": text}


OPERATIONS: Final = {
    TinyJpgPath.OPTIMIZE: _submit("tinyjpg_optimize", "Make an image smaller"),
    TinyJpgPath.OPTIMIZE_V1: _submit("tinyjpg_optimize_v1", "The same under another path"),
    TinyJpgPath.STATUS: _status("tinyjpg_status", "Get the status of an image"),
    TinyJpgPath.STATUS_V1: _status("tinyjpg_status_v1", "The same under another path"),
    TinyJpgPath.USAGE: Operation(
        name="tinyjpg_usage",
        task=Task.ACCOUNT,
        summary="Get the usage of the account",
        answers=(
            Answer(
                status=200,
                text="The usage of this month and of the last twelve.",
                body=models.Usage,
            ),
        ),
    ),
    TinyJpgPath.STATS: Operation(
        name="tinyjpg_stats",
        task=Task.ACCOUNT,
        summary="Get the plan and the remaining quota",
        answers=(Answer(status=200, text="The plan and the quota.", body=models.Stats),),
    ),
    f"GET {TinyJpgPath.ORIGINAL}": _file(
        "tinyjpg_original", "Download an original", ErrorName.IMAGE_NOT_FOUND
    ),
    f"HEAD {TinyJpgPath.ORIGINAL}": _file(
        "tinyjpg_original_head", "Get the headers of an original", ErrorName.IMAGE_NOT_FOUND
    ),
    f"GET {TinyJpgPath.OPTIMIZED}": _file(
        "tinyjpg_optimized",
        "Download a result; 404 with Retry-After until it is ready",
        ErrorName.IMAGE_NOT_READY,
    ),
    f"HEAD {TinyJpgPath.OPTIMIZED}": _file(
        "tinyjpg_optimized_head", "Get the headers of a result", ErrorName.IMAGE_NOT_READY
    ),
}

DESCRIPTION: Final = Description(
    schema_prefix="TinyJpg",
    title="TinyJPG's API",
    text="Upload an image, ask for its status, download it. Accounts, keys, tokens and jobs are"
    " shared with the other API.",
    operations=OPERATIONS,
    errors=TINYJPG_ERRORS,
    error_body=models.Error,
    error_example=_error_example,
)
