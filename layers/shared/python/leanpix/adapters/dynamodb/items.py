"""Translate jobs and images into DynamoDB items, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from leanpix.adapters.dynamodb.attributes import from_attribute, to_attribute
from leanpix.contract import TTL_ATTRIBUTE
from leanpix.domain.callbacks import Callback, CallbackState, Delivery
from leanpix.domain.jobs import (
    Credentials,
    Image,
    ImageState,
    Job,
    Outcome,
    Rendition,
    Source,
    UploadedSource,
    UrlSource,
)
from leanpix.domain.options import Compression, Crop, CropMethod, ImageOptions, Operation
from leanpix.domain.recovery import FIRST_CALLBACK_LOOK_SECONDS, FIRST_LOOK_SECONDS, shard_of

Item = dict[str, Any]
"""An item, or a part of one, in DynamoDB's own notation: `{"name": {"S": "…"}}`."""

JOB_PART: Final = "job"


def image_part(index: int) -> str:
    """Return the sort key of a job's image."""
    return f"image#{index}"


def parse_image_part(part: str) -> int:
    """Return an image's index from its sort key."""
    return int(part.partition("#")[2])


def job_key(job_id: int) -> Item:
    """Return the primary key of a job's own item."""
    return to_item({"job_id": str(job_id), "part": JOB_PART})


def image_key(job_id: int, index: int) -> Item:
    """Return the primary key of an image's item."""
    return to_item({"job_id": str(job_id), "part": image_part(index)})


def to_item(values: Mapping[str, Any]) -> Item:
    """Return plain values in DynamoDB's notation; `None` is left out."""
    return {
        name: to_attribute(_with_decimals(value))
        for name, value in values.items()
        if value is not None
    }


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's plain values."""
    return {name: from_attribute(value) for name, value in item.items()}


def job_to_items(job: Job) -> list[Item]:
    """Return the items that record a job: its own first, then one per image."""
    own = {
        "job_id": str(job.job_id),
        "part": JOB_PART,
        "account_id": job.account_id,
        "api": job.api,
        "operation": job.operation.value,
        "created_at": job.created_at,
        "image_count": len(job.images),
        TTL_ATTRIBUTE: int(job.expires_at),
    }
    if job.callback:
        own |= {
            "callback_url": job.callback.url,
            "callback_state": job.callback.state.value,
            "callback_attempts": job.callback.attempts,
            **_open(job.job_id, job.created_at + FIRST_CALLBACK_LOOK_SECONDS),
        }
    return [to_item(own), *(_image_to_item(image, job) for image in job.images)]


def job_from_items(items: Iterable[Mapping[str, Any]]) -> Job | None:
    """Return the job that items of one partition record, or None where they record none.

    Expired items are deleted one by one, in any order: a job that lacks one is no more.
    """
    by_part = {str(values["part"]): values for values in map(from_item, items)}
    own = by_part.get(JOB_PART)
    if own is None:
        return None
    images = [by_part.get(image_part(index)) for index in range(int(own["image_count"]))]
    present = [values for values in images if values is not None]
    if len(present) < len(images):
        return None
    return Job(
        job_id=int(own["job_id"]),
        account_id=own["account_id"],
        api=own["api"],
        operation=Operation(own["operation"]),
        created_at=float(own["created_at"]),
        expires_at=float(own[TTL_ATTRIBUTE]),
        callback=_callback_from(own) if own.get("callback_url") else None,
        looks=int(own.get("looks", 0)),
        images=tuple(image_from_values(values) for values in present),
    )


def image_from_values(values: Mapping[str, Any]) -> Image:
    """Return the image that an item's plain values record."""
    return Image(
        job_id=int(values["job_id"]),
        index=parse_image_part(str(values["part"])),
        account_id=values["account_id"],
        public_id=values["public_id"],
        file_name=values["file_name"],
        source=_source_from(values["source"]),
        options=_options_from(values["options"]),
        always_has_result=values["always_has_result"],
        is_free=values.get("is_free", False),
        state=ImageState(values["state"]),
        attempts=int(values["attempts"]),
        charged_tokens=int(values["charged_tokens"]),
        charged_month=values["charged_month"],
        has_callback=values["has_callback"],
        looks=int(values.get("looks", 0)),
        lease_id=values.get("lease_id"),
        lease_ends_at=float(values.get("lease_ends_at", 0)),
        outcome=_outcome_from(values["outcome"]) if values.get("outcome") else None,
    )


def outcome_to_value(outcome: Outcome) -> Item:
    """Return an outcome as one attribute value."""
    return to_attribute(_with_decimals(asdict(outcome)))


def _image_to_item(image: Image, job: Job) -> Item:
    return to_item(
        {
            "job_id": str(image.job_id),
            "part": image_part(image.index),
            "account_id": image.account_id,
            "public_id": image.public_id,
            "file_name": image.file_name,
            "source": asdict(image.source),
            "options": asdict(image.options),
            "always_has_result": image.always_has_result,
            "is_free": image.is_free or None,
            "state": image.state.value,
            "attempts": image.attempts,
            "charged_tokens": image.charged_tokens,
            "charged_month": image.charged_month,
            "has_callback": job.callback is not None,
            **_open(job.job_id, job.created_at + FIRST_LOOK_SECONDS),
            TTL_ATTRIBUTE: int(job.expires_at),
        }
    )


def _open(job_id: int, due_at: float) -> dict[str, Any]:
    """Return what puts a record into the index of open ones."""
    return {"open_shard": shard_of(job_id), "due_at": due_at}


def delivery_to_value(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as plain values."""
    return {name: value for name, value in asdict(delivery).items() if value is not None}


def _callback_from(own: Mapping[str, Any]) -> Callback:
    return Callback(
        url=own["callback_url"],
        state=CallbackState(own["callback_state"]),
        attempts=int(own["callback_attempts"]),
        lease_id=own.get("callback_lease_id"),
        lease_ends_at=float(own.get("callback_lease_ends_at", 0)),
        deliveries=tuple(
            Delivery(
                at=float(value["at"]),
                status=_whole(value.get("status")),
                error=value.get("error"),
            )
            for value in own.get("deliveries", ())
        ),
    )


def _source_from(value: Mapping[str, Any]) -> Source:
    if "object_key" in value:
        return UploadedSource(object_key=value["object_key"])
    credentials = value.get("credentials")
    return UrlSource(
        url=value["url"], credentials=Credentials(**credentials) if credentials else None
    )


def _options_from(value: Mapping[str, Any]) -> ImageOptions:
    return ImageOptions(
        compression=Compression(value["compression"]),
        quality=_whole(value.get("quality")),
        target_format=value.get("target_format"),
        also_webp=value["also_webp"],
        always_convert=value.get("always_convert", False),
        keep_exif=value["keep_exif"],
        cmyk_to_rgb=value["cmyk_to_rgb"],
        max_width=_whole(value.get("max_width")),
        max_height=_whole(value.get("max_height")),
        smallest_of=tuple(value.get("smallest_of", ())),
        crop=_crop_from(value["crop"]) if value.get("crop") else None,
        background=_colour_from(value.get("background")),
        keep=tuple(value.get("keep", ())),
    )


def _crop_from(value: Mapping[str, Any]) -> Crop:
    return Crop(
        method=CropMethod(value["method"]),
        width=int(value["width"]),
        height=int(value["height"]),
    )


def _colour_from(value: Iterable[Decimal] | None) -> tuple[int, int, int] | None:
    if value is None:
        return None
    red, green, blue = value
    return int(red), int(green), int(blue)


def _outcome_from(value: Mapping[str, Any]) -> Outcome:
    return Outcome(
        original_bytes=int(value["original_bytes"]),
        format=value["format"],
        main=_rendition_from(value.get("main")),
        webp=_rendition_from(value.get("webp")),
        reason=value.get("reason"),
        detail=value.get("detail"),
        is_refused=value["is_refused"],
        seconds=float(value["seconds"]),
        original_format=value["original_format"],
        width=int(value.get("width", 0)),
        height=int(value.get("height", 0)),
    )


def _rendition_from(value: Mapping[str, Any] | None) -> Rendition | None:
    if not value:
        return None
    return Rendition(
        file_name=value["file_name"],
        format=value["format"],
        bytes=int(value["bytes"]),
        quality=_real(value.get("quality")),
        score=_real(value.get("score")),
    )


def _real(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)


def _with_decimals(value: object) -> object:
    """Return the value with floats as decimals, which is what the serializer takes."""
    if isinstance(value, float):
        return Decimal(f"{value:.6f}")
    if isinstance(value, Mapping):
        return {name: _with_decimals(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_with_decimals(each) for each in value]
    return value
