"""Recognize a repeated request by the key that its client gave it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from leanpix.domain.submission import Upload

if TYPE_CHECKING:
    from leanpix.domain.submission import Input, Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRecord:
    """The job that a client's key led to, and the request it was for."""

    key_hash: str
    """The digest of the account and the key: one account's keys mean nothing to another."""
    fingerprint: str
    job_id: int
    expires_at: float


def hash_idempotency_key(account_id: str, key: str) -> str:
    """Return the digest under which a key is kept."""
    return hashlib.sha256(f"{account_id}\0{key}".encode()).hexdigest()


def fingerprint_submission(submission: Submission) -> str:
    """Return what is the same for the same request, however its form is encoded.

    A retry's multipart boundary and field order differ, so what was read counts, not the bytes.
    It is keyed, since a password may be among what is hashed.
    """
    content = {
        "api": submission.api,
        "operation": submission.operation,
        "options": asdict(submission.options),
        "callback_url": submission.callback_url,
        "inputs": [_describe(item) for item in submission.inputs],
    }
    text = json.dumps(content, sort_keys=True).encode()
    return hmac.new((submission.idempotency_key or "").encode(), text, hashlib.sha256).hexdigest()


def _describe(item: Input) -> dict[str, Any]:
    if isinstance(item, Upload):
        return {"file_name": item.file_name, "sha256": hashlib.sha256(item.data).hexdigest()}
    return asdict(item)
