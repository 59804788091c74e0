"""What MegaOptim's routes take and answer, for the API's description."""

from __future__ import annotations

from typing import Any, Final

from leanpix.contract import ERRORS, MAX_SOURCE_BYTES, ErrorEntry, ErrorName
from leanpix.dialects.download_operations import DOWNLOAD_ANSWERS
from leanpix.dialects.megaoptim import fields, models
from leanpix.dialects.operations import BODY_ERRORS, Answer, Description, Operation

_ACCEPTED: Final = Answer(
    status=202,
    text="The images are recorded, paid for and queued.",
    body=models.Accepted,
    example={"status": "processing", "code": 202, "process_id": 12345},
)
_SUBMIT_ERRORS: Final = (*BODY_ERRORS, ErrorName.NO_TOKENS, ErrorName.IDEMPOTENCY_CONFLICT)
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
        summary=f"Wait for the result of {verb}",
        text="Held until every image of the job has ended, or the time is up. Either result route"
        " tells any job of the account. Files are told in the order they were submitted, those"
        " that failed too.",
        path_parameters={"process_id": "The process_id that the submission was answered with."},
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
    return {"status": "error", "code": entry.status, "errors": [text]}


OPERATIONS: Final = {
    "/": Operation(
        name="get_health",
        summary="Whether the service is up",
        answers=(Answer(status=200, text="It is.", body=models.Health, example={"status": 1}),),
    ),
    "/status": Operation(
        name="get_status",
        summary="Versions",
        answers=(Answer(status=200, text="What runs here.", body=models.Status),),
    ),
    "GET /ping": Operation(
        name="ping",
        summary="A simple check",
        answers=(
            Answer(
                status=200,
                text="It is up.",
                body=models.Pong,
                example={"status": "ok", "code": 200},
            ),
        ),
    ),
    "HEAD /ping": Operation(
        name="ping_head",
        summary="A simple check without a body",
        answers=(Answer(status=200, text="It is up."),),
    ),
    "/v1/optimize": Operation(
        name="optimize",
        summary="Make up to five images smaller",
        text="The format stays. A job is paid for with one token an image; what could not be made"
        " smaller is given back.",
        variants=fields.OPTIMIZE_VARIANTS,
        may_be_repeated=True,
        answers=(_ACCEPTED,),
        errors=_SUBMIT_ERRORS,
    ),
    "/v1/convert": Operation(
        name="convert",
        summary="Convert up to five images to WebP or AVIF",
        text="Where the converted file is no smaller, there is no result and nothing is charged.",
        variants=fields.CONVERT_VARIANTS,
        may_be_repeated=True,
        answers=(_ACCEPTED,),
        errors=_SUBMIT_ERRORS,
    ),
    "/v1/optimize/{process_id}/result": _result("optimize"),
    "/v1/convert/{process_id}/result": _result("convert"),
    "/v1/uploads": Operation(
        name="grant_upload",
        summary="Upload an image directly",
        text=f"For images too large to come with a request, up to {MAX_SOURCE_BYTES:,} bytes. POST"
        " a multipart form of the answer's fields, then the file as the field file, to the"
        " answer's url; then submit the upload_id with type=upload. Leanpix's own addition.",
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
                    "expires_in": 900,
                },
            ),
        ),
        errors=BODY_ERRORS,
    ),
    "/v1/users/info": Operation(
        name="get_account",
        summary="The account of the key",
        text="Works with 0 tokens too.",
        answers=(
            Answer(
                status=200,
                text="Who it is, and the tokens left.",
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
        f"{method} /image/{{public_id}}/{{file_name}}": Operation(
            name=name,
            summary=summary,
            text="The whole URL stands in the result. It needs no key: its public id cannot be"
            " guessed.",
            path_parameters={
                "public_id": "As given; it cannot be guessed.",
                "file_name": "As given.",
            },
            answers=DOWNLOAD_ANSWERS,
            errors=(ErrorName.IMAGE_NOT_FOUND,),
        )
        for method, name, summary in (
            ("GET", "download", "Download a result"),
            ("HEAD", "download_head", "What a result is, without its bytes"),
        )
    },
}

DESCRIPTION: Final = Description(
    title="MegaOptim's API",
    text="Submit images, poll for the result, download it.",
    operations=OPERATIONS,
    errors=ERRORS,
    error_body=models.Error,
    error_example=_error_example,
)
