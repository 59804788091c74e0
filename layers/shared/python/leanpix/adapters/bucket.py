"""Keep files in S3. Each carries its time of expiry, as lifecycle deletes hours late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from botocore.exceptions import ClientError

from leanpix.contract import PRESIGNED_URL_SECONDS, UPLOAD_URL_SECONDS, UPLOADS_PREFIX
from leanpix.domain.file_names import DEFAULT_FILE_NAME
from leanpix.domain.jobs import KeptReason
from leanpix.domain.results import StoredFile
from leanpix.services.ports import FetchFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

    from leanpix.domain.submission import UploadRequest

EXPIRY_METADATA: Final = "expires-at"
JOB_METADATA: Final = "job"
FILE_NAME_METADATA: Final = "file-name"

_MISSING_CODES: Final = frozenset({"NoSuchKey", "AccessDenied"})
"""The codes for a key that is not there. Without ListBucket, which no function needs, S3 answers
403 in place of 404 (GetObject, "Permissions", Amazon S3 API Reference)."""
_MAX_KEY_BYTES: Final = 1_024
"""The longest key ("Naming Amazon S3 objects", Amazon S3 User Guide)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The bucket of uploads and results."""

    client: S3Client
    name: str

    def write(
        self,
        object_key: str,
        data: bytes,
        *,
        content_type: str,
        expires_at: float,
        job_id: int | None = None,
    ) -> None:
        """Store a file; the same key twice is the same file. `job_id` says for which job."""
        metadata = {EXPIRY_METADATA: str(int(expires_at))}
        if job_id is not None:
            metadata[JOB_METADATA] = str(job_id)
        self.client.put_object(
            Bucket=self.name,
            Key=object_key,
            Body=data,
            ContentType=content_type,
            # For who reads it without our functions: caches hold it no longer than we do.
            Expires=datetime.fromtimestamp(expires_at, UTC),
            Metadata=metadata,
        )

    def read(self, object_key: str) -> bytes:
        """Return the content of a file.

        Raises:
            FetchFailedError: there is none.
        """
        content = self._get(object_key)
        if content is None:
            text = "the uploaded file is no longer there"
            raise FetchFailedError(text, reason=KeptReason.FETCH_FAILED.value)
        return content

    def grant(self, object_key: str, request: UploadRequest) -> tuple[str, dict[str, str]]:
        """Return the URL and the form fields that allow one upload of this size at most."""
        fields = {
            "Content-Type": request.content_type,
            # Metadata is ASCII (RFC 9110 §5.5), file names are not.
            f"x-amz-meta-{FILE_NAME_METADATA}": quote(request.file_name),
        }
        granted = self.client.generate_presigned_post(
            self.name,
            object_key,
            Fields=dict(fields),
            Conditions=[
                *({name: value} for name, value in fields.items()),
                ["content-length-range", 1, request.size_bytes],
            ],
            ExpiresIn=UPLOAD_URL_SECONDS,
        )
        return granted["url"], granted["fields"]

    def find_name(self, object_key: str) -> str | None:
        """Return the file name of what was uploaded, or None where nothing was."""
        answer = self._head(object_key)
        if answer is None:
            return None
        return unquote(answer["Metadata"].get(FILE_NAME_METADATA, DEFAULT_FILE_NAME))

    def describe(self, object_key: str) -> StoredFile | None:
        """Return what is known of a file, or None where there is none."""
        answer = self._head(object_key)
        if answer is None:
            return None
        return StoredFile(
            content_type=answer["ContentType"],
            etag=answer["ETag"],
            total_bytes=answer["ContentLength"],
            expires_at=float(answer["Metadata"].get(EXPIRY_METADATA, "0")),
        )

    def read_range(self, object_key: str, first: int, last: int) -> bytes | None:
        """Return the bytes from `first` to `last`, both included; None where there is no file."""
        return self._get(object_key, byte_range=f"bytes={first}-{last}")

    def link(self, object_key: str, *, is_head: bool = False) -> str:
        """Return a URL under which the file can be had for a short while.

        S3 takes a signature for the one method that it was made for.
        """
        return self.client.generate_presigned_url(
            "head_object" if is_head else "get_object",
            Params={"Bucket": self.name, "Key": object_key},
            ExpiresIn=PRESIGNED_URL_SECONDS,
        )

    def list_uploads(self, *, after: str, until: str) -> Iterator[str]:
        """Return the object keys of the uploads between, in order."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=UPLOADS_PREFIX, StartAfter=after
        )
        for page in pages:
            for entry in page.get("Contents", ()):
                if entry["Key"] >= until:
                    return
                yield entry["Key"]

    def read_job_id(self, object_key: str) -> int | None:
        """Return for which job a file came, where it came with a request."""
        answer = self._head(object_key)
        job_id = answer["Metadata"].get(JOB_METADATA) if answer else None
        return int(job_id) if job_id else None

    def delete(self, object_key: str) -> None:
        """Delete a file; one that is gone already is fine."""
        self.client.delete_object(Bucket=self.name, Key=object_key)

    def _get(self, object_key: str, *, byte_range: str | None = None) -> bytes | None:
        part: dict[str, Any] = {} if byte_range is None else {"Range": byte_range}
        try:
            answer = self.client.get_object(Bucket=self.name, Key=object_key, **part)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING_CODES:
                raise
            return None
        return answer["Body"].read()

    def _head(self, object_key: str) -> HeadObjectOutputTypeDef | None:
        if len(object_key.encode()) > _MAX_KEY_BYTES:
            return None
        try:
            return self.client.head_object(Bucket=self.name, Key=object_key)
        except ClientError as error:
            # An answer to HEAD has no body, so that its status is all there is.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in {403, 404}:
                raise
            return None
