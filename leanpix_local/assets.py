"""Zip the bundles that a template refers to, and put them where it looks for them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from leanpix_local.aws import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can name, so that the same content gives the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One bundle and its place."""

    path: Path
    is_folder: bool
    bucket: str
    key: str


def read_assets(assembly: Path, stack_name: str) -> Iterator[Asset]:
    """Read the assembly's list of bundles; the template itself is not among them."""
    listing = json.loads((assembly / f"{stack_name}.assets.json").read_text("utf-8"))
    for entry in listing["files"].values():
        source: Mapping[str, Any] = entry["source"]
        if source["path"].endswith(".template.json"):
            continue
        for destination in entry["destinations"].values():
            yield Asset(
                path=assembly / source["path"],
                is_folder=source["packaging"] == "zip",
                bucket=_fill_in(destination["bucketName"]),
                key=destination["objectKey"],
            )


def upload(s3: S3Client, asset: Asset) -> None:
    """Put a bundle into its bucket unless it is there: its key names its content."""
    try:
        s3.head_object(Bucket=asset.bucket, Key=asset.key)
    except ClientError:
        body = zip_folder(asset.path) if asset.is_folder else asset.path.read_bytes()
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)


def zip_folder(folder: Path) -> bytes:
    """Return a folder as a zip, not compressed: it stays on this machine."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
                entry.external_attr = (path.stat().st_mode & 0xFFFF) << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _fill_in(name: str) -> str:
    return name.replace("${AWS::AccountId}", ACCOUNT_ID).replace("${AWS::Region}", REGION)
