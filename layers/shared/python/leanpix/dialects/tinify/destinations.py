"""Read where a result is to be stored. No host of a store is ever the caller's to name."""

from __future__ import annotations

import re
from typing import Any, Final

from leanpix.contract import AWS_REGIONS, MAX_CREDENTIAL_CHARACTERS, MAX_URL_CHARACTERS
from leanpix.dialects.tinify.requests import refuse
from leanpix.domain.destinations import Destination, GcsDestination, S3Destination

HEADERS: Final = {"cache-control": "Cache-Control", "expires": "Expires"}
"""The headers that a stored object may get."""
_NO_ACL: Final = "no-acl"
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def read_destination(value: object) -> Destination:
    """Return the place that a `store` command names.

    Raises:
        RefusedError: the command is not valid.
    """
    if not isinstance(value, dict):
        refuse("store must be an object")
    service = value.get("service")
    if service not in ("s3", "gcs"):
        refuse("Store service must be one of s3, gcs")
    bucket, _, key = _text(value, "path").strip("/").partition("/")
    if not _BUCKET.fullmatch(bucket) or not key or {"", ".", ".."} & set(key.split("/")):
        refuse("path must be a bucket, a slash and the name of an object")
    headers = _read_headers(value.get("headers"))
    if service == "gcs":
        token = _text(value, "gcp_access_token", MAX_URL_CHARACTERS)
        return GcsDestination(bucket=bucket, key=key, access_token=token, headers=headers)
    return _read_s3(value, bucket, key, headers)


def _read_s3(
    value: dict[str, Any], bucket: str, key: str, headers: dict[str, str]
) -> S3Destination:
    region = _text(value, "region")
    if region not in AWS_REGIONS:
        refuse("region must be a Region of AWS, such as us-west-1")
    acl = value.get("acl")
    if acl not in (None, _NO_ACL, "public-read"):
        refuse(f"acl must be {_NO_ACL} or left out")
    token = "aws_session_token"  # noqa: S105 - the name of a field
    return S3Destination(
        region=region,
        bucket=bucket,
        key=key,
        access_key_id=_text(value, "aws_access_key_id"),
        secret_access_key=_text(value, "aws_secret_access_key"),
        session_token=_text(value, token, MAX_URL_CHARACTERS) if value.get(token) else None,
        is_public=acl != _NO_ACL,
        headers=headers,
    )


def _text(value: dict[str, Any], name: str, longest: int = MAX_CREDENTIAL_CHARACTERS) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text:
        refuse(f"Store needs {name}")
    # What goes into a header or a URL holds no control character (RFC 9110 §5.5).
    if len(text) > longest or not text.isprintable() or not text.isascii():
        refuse(f"{name} is not valid")
    return text


def _read_headers(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        refuse("headers must be an object")
    read = {}
    for name in value:
        if name.lower() not in HEADERS:
            refuse(f"Header '{name}' not supported"[:200])
        read[HEADERS[name.lower()]] = _text(value, name)
    return read
