"""Model callbacks: their state, their log, and the signature that proves their sender."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SIGNATURE_HEADER: Final = "X-Leanpix-Signature"
STANDARD_ID_HEADER: Final = "webhook-id"
STANDARD_TIME_HEADER: Final = "webhook-timestamp"
STANDARD_SIGNATURE_HEADER: Final = "webhook-signature"
"""The headers of Standard Webhooks 1.0, by which ready libraries check a call."""
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how secrets begin, none itself
JOB_HEADER: Final = "X-Leanpix-Job"
CALLBACK_PAUSES_SECONDS: Final = (10, 60, 300, 900, 3_600, 21_600)
"""The pauses between one try and the next; after the last, the callback has failed."""


class CallbackState(StrEnum):
    """The state of a job's callback. It only moves forward, unless an operator redrives it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One try to deliver a callback."""

    at: float
    status: int | None = None
    """The status that the other side answered, if it did."""
    error: str | None = None

    @property
    def was_accepted(self) -> bool:
        """True where the other side accepted the call: any status from 200 to 299."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """The call that a job owes its sender once it has ended."""

    url: str
    state: CallbackState = CallbackState.PENDING
    attempts: int = 0
    lease_id: str | None = None
    lease_ends_at: float = 0.0
    deliveries: tuple[Delivery, ...] = ()

    @property
    def is_pending(self) -> bool:
        """True where the call is still owed."""
        return self.state is CallbackState.PENDING


def pause_after(attempts: int) -> int | None:
    """Return how long to wait after that many tries, or None where it was the last."""
    return (
        CALLBACK_PAUSES_SECONDS[attempts - 1] if attempts <= len(CALLBACK_PAUSES_SECONDS) else None
    )


def sign(body: bytes, *, secret: str, at: float) -> str:
    """Return the signature header's value: `t=<seconds>,v1=<hexadecimal HMAC-SHA256>`.

    The time is signed with the body, so that an old call cannot be sent again as a new one.
    """
    seconds = int(at)
    signed = f"{seconds}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def sign_by_standard(body: bytes, *, message_id: str, secret: str, at: float) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0 ("Signature scheme", symmetric)."""
    seconds = int(at)
    signed = f"{message_id}.{seconds}.".encode() + body
    digest = hmac.new(_standard_key(secret), signed, hashlib.sha256).digest()
    return {
        STANDARD_ID_HEADER: message_id,
        STANDARD_TIME_HEADER: str(seconds),
        STANDARD_SIGNATURE_HEADER: f"v1,{b64encode(digest).decode()}",
    }


def to_standard_secret(secret: str) -> str:
    """Return an account's secret as the libraries of Standard Webhooks take it."""
    return f"{SECRET_PREFIX}{b64encode(_standard_key(secret)).decode()}"


def _standard_key(secret: str) -> bytes:
    """Return the bytes that a secret stands for; older ones are in the alphabet of URLs."""
    text = secret.removeprefix(SECRET_PREFIX).translate(str.maketrans("-_", "+/"))
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return secret.encode()
