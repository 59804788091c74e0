"""What TinyJPG's routes take and answer, for the API's description."""

from __future__ import annotations

from typing import Any, Final

from leanpix.contract import TINYJPG_ERRORS, ErrorEntry, ErrorName
from leanpix.dialects.download_operations import DOWNLOAD_ANSWERS
from leanpix.dialects.operations import BODY_ERRORS, Answer, Description, Operation
from leanpix.dialects.tinyjpg import fields, models

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
        summary=summary,
        form=fields.OPTIMIZE_FIELDS,
        may_be_repeated=True,
        answers=(
            Answer(
                status=200,
                text="The image is recorded, paid for and queued.",
                body=models.Accepted,
                example=_ACCEPTED_EXAMPLE,
            ),
        ),
        errors=(*BODY_ERRORS, ErrorName.NO_TOKENS, ErrorName.IDEMPOTENCY_CONFLICT),
    )


def _status(name: str, summary: str) -> Operation:
    return Operation(
        name=name,
        summary=summary,
        path_parameters={"image_id": "The image_id that the upload was answered with."},
        answers=(
            Answer(
                status=200,
                text="Where the image stands; what is not known yet is left out.",
                body=models.Status,
                example=_STATUS_EXAMPLE,
            ),
        ),
        errors=(ErrorName.JOB_NOT_FOUND,),
    )


def _file(name: str, summary: str, error: ErrorName) -> Operation:
    return Operation(
        name=name,
        summary=summary,
        path_parameters={"name": "As given; it cannot be guessed."},
        answers=DOWNLOAD_ANSWERS,
        errors=(error,),
    )


def _error_example(_entry: ErrorEntry, text: str) -> dict[str, Any]:
    return {"success": False, "message": text}


OPERATIONS: Final = {
    "/api/optimize": _submit("tinyjpg_optimize", "Make an image smaller"),
    "/api/v1/optimize": _submit("tinyjpg_optimize_v1", "The same under another path"),
    "/api/status/{image_id}": _status("tinyjpg_status", "Where an image stands"),
    "/api/v1/status/{image_id}": _status("tinyjpg_status_v1", "The same under another path"),
    "/api/v1/usage": Operation(
        name="tinyjpg_usage",
        summary="What the account used",
        answers=(Answer(status=200, text="This month and the last twelve.", body=models.Usage),),
    ),
    "/api/v1/stats": Operation(
        name="tinyjpg_stats",
        summary="What the account may still use this month",
        answers=(Answer(status=200, text="Its plan and quota.", body=models.Stats),),
    ),
    "GET /direct-file/original/{name}": _file(
        "tinyjpg_original", "Download an original", ErrorName.IMAGE_NOT_FOUND
    ),
    "HEAD /direct-file/original/{name}": _file(
        "tinyjpg_original_head", "What an original is", ErrorName.IMAGE_NOT_FOUND
    ),
    "GET /direct-file/optimized/{name}": _file(
        "tinyjpg_optimized",
        "Download a result; 404 with Retry-After until it is there",
        ErrorName.IMAGE_NOT_READY,
    ),
    "HEAD /direct-file/optimized/{name}": _file(
        "tinyjpg_optimized_head", "What a result is", ErrorName.IMAGE_NOT_READY
    ),
}

DESCRIPTION: Final = Description(
    title="TinyJPG's API",
    text="Upload an image, ask for its status, download it. Accounts, keys, tokens and jobs are"
    " shared with the other API.",
    operations=OPERATIONS,
    errors=TINYJPG_ERRORS,
    error_body=models.Error,
    error_example=_error_example,
)
