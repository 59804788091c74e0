"""Store files in other people's buckets, under their rights and on the stores' own hosts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from leanpix.domain.destinations import S3Destination
from leanpix.services.ports import DeliveryFailedError, FetchFailedError

if TYPE_CHECKING:
    from leanpix.adapters.fetching.fetcher import GuardedFetcher
    from leanpix.domain.destinations import Destination, GcsDestination

GCS_HOST: Final = "https://storage.googleapis.com"
_LAST_SUCCESS: Final = 299


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketDeliverer:
    """A client of Amazon S3 and Google Cloud Storage. It keeps nobody's rights."""

    fetcher: GuardedFetcher
    s3_host: str = "https://s3.{region}.amazonaws.com"

    def deliver(self, data: bytes, destination: Destination, *, content_type: str) -> str:
        """Store a file and return its URL."""
        headers = {"Content-Type": content_type, **destination.headers}
        place = f"{destination.bucket}/{quote(destination.key)}"
        if isinstance(destination, S3Destination):
            url = f"{self.s3_host.format(region=destination.region)}/{place}"
            headers = _sign(url, data, headers, destination)
        else:
            url = f"{GCS_HOST}/{place}"
            headers = _bear(headers, destination)
        try:
            status = self.fetcher.put(url, data, headers=headers)
        except FetchFailedError as error:
            raise DeliveryFailedError(str(error)) from None
        if status > _LAST_SUCCESS:
            text = f"the store answered with status {status}"
            raise DeliveryFailedError(text)
        return url


def _bear(headers: dict[str, str], destination: GcsDestination) -> dict[str, str]:
    """Return the headers with the caller's token (Cloud Storage XML API, "Authentication")."""
    return {**headers, "Authorization": f"Bearer {destination.access_token}"}


def _sign(
    url: str, data: bytes, headers: dict[str, str], destination: S3Destination
) -> dict[str, str]:
    """Return the headers with the caller's signature (Signature Version 4)."""
    acl = {"x-amz-acl": "public-read"} if destination.is_public else {}
    request = AWSRequest(method="PUT", url=url, data=data, headers={**headers, **acl})
    credentials = Credentials(
        destination.access_key_id, destination.secret_access_key, destination.session_token
    )
    S3SigV4Auth(credentials, "s3", destination.region).add_auth(request)
    return dict(request.headers.items())
