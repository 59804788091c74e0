"""Show a job, and send dead letters again: `leanpix jobs` and `leanpix redrive`."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from leanpix.domain.callbacks import Callback
from leanpix.domain.jobs import Image, Job, UploadedSource
from leanpix_cli.console import (
    DEFAULT_STAGE,
    AsJson,
    CommandError,
    Local,
    Stage,
    print_answer,
    to_timestamp,
)
from leanpix_cli.target import open_target

app = typer.Typer(help="Look at jobs.", no_args_is_help=True)


class Queue(StrEnum):
    """The queues that have dead letters."""

    IMAGES = "images"
    CALLBACKS = "callbacks"


@app.command()
def show(
    job_id: Annotated[int, typer.Argument(help="The job's id: process_id, or image_id.")],
    *,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Show a job: its images, what each cost, and how its callback went."""
    job = open_target(local=local, stage=stage).jobs().read(job_id)
    if job is None:
        message = f"there is no job {job_id}; jobs are kept for as long as their results"
        raise CommandError(message)
    print_answer(_describe(job), as_json=as_json)


def redrive(
    queue: Annotated[Queue, typer.Argument(help="Whose dead letters to send again.")],
    *,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Send the dead letters of a queue again, after their cause is fixed."""
    service = open_target(local=local, stage=stage).redrive()
    redrive_queue = {
        Queue.IMAGES: service.redrive_images,
        Queue.CALLBACKS: service.redrive_callbacks,
    }
    count = redrive_queue[queue]()
    print_answer({"queue": queue.value, "redriven": count}, as_json=as_json)


def _describe(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "account_id": job.account_id,
        "api": job.api,
        "operation": job.operation.value,
        "created_at": to_timestamp(job.created_at),
        "expires_at": to_timestamp(job.expires_at),
        "cost_tokens": job.cost_tokens,
        "images": [_describe_image(image) for image in job.images],
        "callback": _describe_callback(job.callback) if job.callback else None,
    }


def _describe_image(image: Image) -> dict[str, Any]:
    source = image.source
    outcome = image.outcome
    return {
        "index": image.index,
        "file_name": image.file_name,
        # No credentials: they are the client's.
        "source": source.object_key if isinstance(source, UploadedSource) else source.url,
        "state": image.state.value,
        "attempts": image.attempts,
        "charged_tokens": image.charged_tokens,
        "charged_month": image.charged_month,
        "cost_tokens": image.cost_tokens,
        "original_bytes": outcome.original_bytes if outcome else None,
        "optimized_bytes": outcome.main.bytes if outcome and outcome.main else None,
        "reason": outcome.reason if outcome else None,
        "seconds": outcome.seconds if outcome else None,
    }


def _describe_callback(callback: Callback) -> dict[str, Any]:
    return {
        "url": callback.url,
        "state": callback.state.value,
        "attempts": callback.attempts,
        "deliveries": [
            {**asdict(delivery), "at": to_timestamp(delivery.at)}
            for delivery in callback.deliveries
        ],
    }
