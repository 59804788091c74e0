"""Files in S3. Each carries the time when it expires, as lifecycle deletes hours late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from leanpix.contract import PRESIGNED_URL_SECONDS
from leanpix.domain.jobs import KeptReason
from leanpix.services.download import StoredFile
from leanpix.services.ports import FetchFailedError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EXPIRY_METADATA: Final = "expires-at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The bucket of uploads and results."""

    client: S3Client
    name: str

    def write(self, object_key: str, data: bytes, *, content_type: str, expires_at: float) -> None:
        """Store a file; the same key twice is the same file."""
        self.client.put_object(
            Bucket=self.name,
            Key=object_key,
            Body=data,
            ContentType=content_type,
            Metadata={EXPIRY_METADATA: str(int(expires_at))},
        )

    def read(self, object_key: str) -> bytes:
        """Return a file's content. Raises ``FetchFailedError`` where there is none."""
        try:
            answer = self.client.get_object(Bucket=self.name, Key=object_key)
        except self.client.exceptions.NoSuchKey:
            text = "the uploaded file is no longer there"
            raise FetchFailedError(text, reason=KeptReason.FETCH_FAILED.value) from None
        return answer["Body"].read()

    def describe(self, object_key: str) -> StoredFile | None:
        """Return what is known of a file, or None where there is none."""
        try:
            answer = self.client.head_object(Bucket=self.name, Key=object_key)
        except ClientError as error:
            # Without ListBucket, which we do not want, S3 says 403 for a key that is not there.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in {403, 404}:
                return None
            raise
        return StoredFile(
            content_type=answer["ContentType"],
            etag=answer["ETag"],
            total_bytes=answer["ContentLength"],
            expires_at=float(answer["Metadata"].get(EXPIRY_METADATA, "0")),
        )

    def read_range(self, object_key: str, first: int, last: int) -> bytes:
        """Return the bytes from ``first`` to ``last``, both included."""
        answer = self.client.get_object(
            Bucket=self.name, Key=object_key, Range=f"bytes={first}-{last}"
        )
        return answer["Body"].read()

    def link(self, object_key: str) -> str:
        """Return a URL under which the file can be had for a short while."""
        return self.client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self.name, "Key": object_key},
            ExpiresIn=PRESIGNED_URL_SECONDS,
        )
