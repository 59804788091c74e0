"""Describe what MegaOptim's routes take and answer."""

from __future__ import annotations

from typing import Any, Final

from leanpix.contract import (
    ERRORS,
    MAX_SOURCE_BYTES,
    TARGET_FORMATS,
    UPLOAD_URL_SECONDS,
    ErrorEntry,
    ErrorName,
    MegaOptimPath,
)
from leanpix.dialects.megaoptim import fields, models
from leanpix.dialects.operations import (
    BODY_ERRORS,
    DOWNLOAD_ANSWERS,
    Answer,
    Description,
    Operation,
    Task,
)

_ACCEPTED: Final = Answer(
    status=202,
    text="The images are charged and queued.",
    body=models.Accepted,
    example={"status": "processing", "code": 202, "process_id": 12345},
)
_SUBMIT_ERRORS: Final = (*BODY_ERRORS, ErrorName.NO_TOKENS, ErrorName.IDEMPOTENCY_CONFLICT)
_TARGETS: Final = " or ".join(target.title for target in TARGET_FORMATS)
_RESULT_EXAMPLE: Final = {
    "status": "ok",
    "code": 200,
    "result": [
        {
            "success": True,
            "file_name": "photo.jpg",
            "original_size": 524288,
            "optimized_size": 314572,
            "saved_bytes": 209716,
            "saved_percent": 40.0,
            "url": "https://cdn.example.com/image/abc123/photo.jpg",
            "type": "compress",
            "format": "jpg",
        }
    ],
    "id": 12345,
    "user": {"name": "John Doe", "email": "john@example.com", "tokens": 4500},
}


def _result(verb: str) -> Operation:
    return Operation(
        name=f"get_{verb}_result",
        task=Task.RESULT,
        summary=f"Wait for the result of {verb}",
        text="The request is held until every image of the job has ended, or the time is up. Both"
        " result routes work for every job of the account. The results have the order of the"
        " submission and include the images that failed.",
        path_parameters={"process_id": "The process_id from the answer to the submission."},
        query=(fields.TIMEOUT,),
        answers=(
            Answer(
                status=200,
                text="Every image has ended.",
                body=models.Result,
                example=_RESULT_EXAMPLE,
            ),
        ),
        errors=(
            ErrorName.NOT_YOUR_JOB,
            ErrorName.JOB_NOT_FOUND,
            ErrorName.OPTIMIZATION_FAILED,
            ErrorName.WAIT_TIMED_OUT,
            ErrorName.TOO_LARGE,
        ),
    )


def _error_example(entry: ErrorEntry, text: str) -> dict[str, Any]:
    hint = {"hint": entry.hint} if entry.hint else {}
    return {"status": "error", "code": entry.status, "errors": [text], **hint}


OPERATIONS: Final = {
    MegaOptimPath.HEALTH: Operation(
        name="get_health",
        task=Task.SERVICE,
        summary="Check that the service is up",
        answers=(
            Answer(
                status=200, text="The service is up.", body=models.Health, example={"status": 1}
            ),
        ),
    ),
    MegaOptimPath.STATUS: Operation(
        name="get_status",
        task=Task.SERVICE,
        summary="Get the versions",
        answers=(
            Answer(status=200, text="The versions of Python and of Leanpix.", body=models.Status),
        ),
    ),
    f"GET {MegaOptimPath.PING}": Operation(
        name="ping",
        task=Task.SERVICE,
        summary="Ping the service",
        answers=(
            Answer(
                status=200,
                text="The service is up.",
                body=models.Pong,
                example={"status": "ok", "code": 200},
            ),
        ),
    ),
    f"HEAD {MegaOptimPath.PING}": Operation(
        name="ping_head",
        task=Task.SERVICE,
        summary="Ping the service without a body",
        answers=(Answer(status=200, text="The service is up."),),
    ),
    MegaOptimPath.OPTIMIZE: Operation(
        name="optimize",
        task=Task.SUBMIT,
        summary="Make up to five images smaller",
        text="Every image keeps its format. Each image costs one token, which is given back if the"
        " image could not be made smaller.",
        variants=fields.OPTIMIZE_VARIANTS,
        may_be_repeated=True,
        answers=(_ACCEPTED,),
        errors=_SUBMIT_ERRORS,
    ),
    MegaOptimPath.CONVERT: Operation(
        name="convert",
        task=Task.SUBMIT,
        summary=f"Convert up to five images to {_TARGETS}",
        text="If the converted file is not smaller, there is no result and nothing is charged.",
        variants=fields.CONVERT_VARIANTS,
        may_be_repeated=True,
        answers=(_ACCEPTED,),
        errors=_SUBMIT_ERRORS,
    ),
    MegaOptimPath.OPTIMIZE_RESULT: _result("optimize"),
    MegaOptimPath.CONVERT_RESULT: _result("convert"),
    MegaOptimPath.UPLOADS: Operation(
        name="grant_upload",
        task=Task.SUBMIT,
        summary="Upload an image directly",
        text="An addition of Leanpix, for images that are too large for a request, up to"
        f" {MAX_SOURCE_BYTES:,} bytes. POST a multipart form to the answer's url: the answer's"
        " fields, then the file in the field file. Then submit the upload_id with type=upload.",
        form=fields.UPLOAD_FIELDS,
        answers=(
            Answer(
                status=200,
                text="The upload may begin.",
                body=models.UploadGranted,
                example={
                    "status": "ok",
                    "code": 200,
                    "upload_id": "6ae1c9800123456789abcdef0123456789abcdef",
                    "url": "https://bucket.s3.amazonaws.com/",
                    "fields": {"key": "uploads/…", "policy": "…"},
                    "expires_in": UPLOAD_URL_SECONDS,
                },
            ),
        ),
        errors=BODY_ERRORS,
    ),
    MegaOptimPath.ACCOUNT: Operation(
        name="get_account",
        task=Task.ACCOUNT,
        summary="Get the account of the key",
        text="It works with 0 tokens too.",
        answers=(
            Answer(
                status=200,
                text="The account and its remaining tokens.",
                body=models.AccountInfo,
                example={
                    "status": "ok",
                    "code": 200,
                    "result": {
                        "name": "John Doe",
                        "email": "john@example.com",
                        "tokens": 4500,
                        "verified": 1,
                    },
                },
            ),
        ),
        errors=(ErrorName.TOO_LARGE,),
    ),
    **{
        f"{method} {MegaOptimPath.IMAGE}": Operation(
            name=name,
            task=Task.DOWNLOAD,
            summary=summary,
            text="The result has the whole URL. It needs no key, since its public id cannot be"
            " guessed.",
            path_parameters={
                "public_id": "As in the result's URL.",
                "file_name": "As in the result's URL.",
            },
            answers=DOWNLOAD_ANSWERS,
            errors=(ErrorName.IMAGE_NOT_FOUND,),
        )
        for method, name, summary in (
            ("GET", "download", "Download a result"),
            ("HEAD", "download_head", "Get the headers of a result"),
        )
    },
}

DESCRIPTION: Final = Description(
    schema_prefix="MegaOptim",
    title="MegaOptim's API",
    text="Submit images, poll for the result, download it.",
    operations=OPERATIONS,
    errors=ERRORS,
    error_body=models.Error,
    error_example=_error_example,
)
