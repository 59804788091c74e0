"""Describe our own routes."""

from __future__ import annotations

from typing import Final

from leanpix.contract import MAX_KEYS_PER_ACCOUNT, ErrorName, LeanpixPath
from leanpix.dialects.bodies import Body
from leanpix.dialects.leanpix import fields, models
from leanpix.dialects.megaoptim.operations import DESCRIPTION as MEGAOPTIM
from leanpix.dialects.operations import BODY_ERRORS, Answer, Description, Operation, Task


class Specification(Body):
    """An OpenAPI 3.1 description."""

    openapi: str
    info: dict[str, object]
    servers: list[object]
    tags: list[object]
    paths: dict[str, object]
    components: dict[str, object]


_JOB_ID: Final = {"job_id": "The id of a job: a process_id, or the id of a list."}
_JOB_ERRORS: Final = (ErrorName.NOT_YOUR_JOB, ErrorName.JOB_NOT_FOUND)

_JOB_OPERATIONS: Final = {
    LeanpixPath.JOBS: Operation(
        name="list_jobs",
        task=Task.JOBS,
        summary="List the jobs of the account",
        text="The newest come first, whichever API they were sent by. Jobs are kept as long as"
        " their files.",
        query=(fields.STATE, fields.DAY, fields.LIMIT, fields.CURSOR),
        answers=(Answer(status=200, text="Some jobs.", body=models.JobsAnswer),),
        errors=(ErrorName.INVALID_REQUEST,),
    ),
    LeanpixPath.JOB: Operation(
        name="get_job",
        task=Task.JOBS,
        summary="Get one job as it stands",
        text="Unlike a poll for the result, it never waits. It has the options of each image, its"
        " time and its tokens, and every try to call back.",
        path_parameters=_JOB_ID,
        answers=(Answer(status=200, text="The job.", body=models.JobAnswer),),
        errors=_JOB_ERRORS,
    ),
    LeanpixPath.JOB_CALLBACK: Operation(
        name="resend_callback",
        task=Task.JOBS,
        summary="Send a job's callback again",
        text="The tries begin anew, also where the callback was delivered. It has the webhook-id"
        " of the earlier ones.",
        path_parameters=_JOB_ID,
        answers=(Answer(status=200, text="The callback is on its way.", body=models.JobAnswer),),
        errors=(*_JOB_ERRORS, ErrorName.CALLBACK_NOT_READY),
    ),
}

_ACCOUNT_OPERATIONS: Final = {
    LeanpixPath.USAGE: Operation(
        name="get_usage",
        task=Task.ACCOUNT,
        summary="Get the usage by day, and the tokens left",
        text="An image counts on the day on which it ended, UTC.",
        query=(fields.FROM, fields.TO),
        answers=(Answer(status=200, text="The usage.", body=models.UsageAnswer),),
        errors=(ErrorName.INVALID_REQUEST,),
    ),
    f"GET {LeanpixPath.KEYS}": Operation(
        name="list_keys",
        task=Task.ACCOUNT,
        summary="List the keys of the account",
        text="Those in force, the newest first, and the secret that signs callbacks.",
        answers=(Answer(status=200, text="The keys.", body=models.KeysAnswer),),
    ),
    f"POST {LeanpixPath.KEYS}": Operation(
        name="create_key",
        task=Task.ACCOUNT,
        summary="Create a key",
        text=f"The answer is the only time that it is shown. An account has {MAX_KEYS_PER_ACCOUNT}"
        " keys at most.",
        form=(fields.KEY_NAME,),
        answers=(Answer(status=201, text="The key.", body=models.CreatedKeyAnswer),),
        errors=(*BODY_ERRORS, ErrorName.TOO_MANY_KEYS),
    ),
    LeanpixPath.KEY: Operation(
        name="revoke_key",
        task=Task.ACCOUNT,
        summary="Revoke a key",
        text="It stops working within a minute. The last key of an account stays.",
        path_parameters={"key_id": "The id of a list."},
        answers=(Answer(status=200, text="The key is revoked.", body=models.RevokedKeyAnswer),),
        errors=(ErrorName.KEY_NOT_FOUND, ErrorName.LAST_KEY),
    ),
}

_SERVICE_OPERATIONS: Final = {
    LeanpixPath.OPENAPI: Operation(
        name="get_openapi",
        task=Task.SERVICE,
        summary="Get this description",
        answers=(Answer(status=200, text="OpenAPI 3.1.", body=Specification),),
    ),
    LeanpixPath.DOCS: Operation(
        name="get_docs",
        task=Task.SERVICE,
        summary="Get the same for people",
        answers=(Answer(status=200, text="A page of HTML.", media_type="text/html"),),
    ),
    LeanpixPath.CONSOLE: Operation(
        name="get_console",
        task=Task.SERVICE,
        summary="Open the console",
        text="The page on which people optimize images and look after their account.",
        answers=(Answer(status=200, text="A page of HTML.", media_type="text/html"),),
    ),
    LeanpixPath.CONSOLE_FILE: Operation(
        name="get_console_file",
        task=Task.SERVICE,
        summary="Get a file of the console",
        path_parameters={"file_name": "As in the page."},
        answers=(
            Answer(status=200, text="The file.", media_type="*/*"),
            Answer(status=304, text="The file is the one that If-None-Match names."),
        ),
        errors=(ErrorName.ROUTE_NOT_FOUND,),
    ),
}

DESCRIPTION: Final = Description(
    schema_prefix="Leanpix",
    title="Leanpix",
    text="The jobs, the usage and the keys of an account, and the API about itself.",
    operations={**_JOB_OPERATIONS, **_ACCOUNT_OPERATIONS, **_SERVICE_OPERATIONS},
    errors=MEGAOPTIM.errors,
    error_body=MEGAOPTIM.error_body,
    error_example=MEGAOPTIM.error_example,
)
