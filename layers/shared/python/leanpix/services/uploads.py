"""Grant direct uploads, and find the files that were uploaded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leanpix.contract import UPLOAD_URL_SECONDS, ErrorName
from leanpix.domain.errors import LeanpixError, Problem
from leanpix.domain.ids import is_public_id, make_public_id
from leanpix.domain.results import direct_upload_object_key
from leanpix.domain.submission import StoredUpload, UploadGrant, UploadReference

if TYPE_CHECKING:
    from leanpix.domain.submission import Input, Submission, UploadRequest
    from leanpix.services.ports import DirectUploads


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadsService:
    """The service that lets accounts upload to the object store themselves."""

    store: DirectUploads

    def grant(self, request: UploadRequest) -> UploadGrant:
        """Return a new upload's id and the form to POST its file with."""
        upload_id = make_public_id()
        key = direct_upload_object_key(request.account_id, upload_id)
        url, fields = self.store.grant(key, request)
        return UploadGrant(
            upload_id=upload_id, url=url, fields=fields, expires_in_seconds=UPLOAD_URL_SECONDS
        )

    def resolve(self, submission: Submission) -> Submission:
        """Return the submission with every reference to an upload replaced by the file.

        Raises:
            LeanpixError: `INVALID_REQUEST` that names the fields of the uploads that are not
                there.
        """
        problems: list[Problem] = []
        inputs: list[Input] = []
        for item in submission.inputs:
            if isinstance(item, UploadReference):
                found = self._find(submission.account_id, item)
                if found is None:
                    text = f"The {item.field} field names no completed upload of your account."
                    problems.append(Problem(item.field, text))
                else:
                    inputs.append(found)
            else:
                inputs.append(item)
        if problems:
            raise LeanpixError(ErrorName.INVALID_REQUEST, problems=tuple(problems))
        return replace(submission, inputs=tuple(inputs))

    def _find(self, account_id: str, reference: UploadReference) -> StoredUpload | None:
        if not is_public_id(reference.upload_id):
            return None
        key = direct_upload_object_key(account_id, reference.upload_id)
        name = self.store.find_name(key)
        return StoredUpload(file_name=name, object_key=key) if name is not None else None
