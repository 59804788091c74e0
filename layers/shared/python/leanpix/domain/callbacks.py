"""Calling a client back: the state of it, its log, and the signature that proves it is us."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SIGNATURE_HEADER: Final = "X-Leanpix-Signature"
JOB_HEADER: Final = "X-Leanpix-Job"
CALLBACK_PAUSES_SECONDS: Final = (10, 60, 300, 900, 3_600, 21_600)
"""Between one try and the next; after the last, the callback has failed."""


class CallbackState(StrEnum):
    """Where a job's callback stands. It only moves forward, unless an operator redrives it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One try to call back."""

    at: float
    status: int | None = None
    """What the other side answered, if it did."""
    error: str | None = None

    @property
    def was_accepted(self) -> bool:
        """Return whether the other side took it: any status from 200 to 299."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What a job owes to whoever sent it: a call, once it has ended."""

    url: str
    state: CallbackState = CallbackState.PENDING
    attempts: int = 0
    lease_id: str | None = None
    lease_ends_at: float = 0.0
    deliveries: tuple[Delivery, ...] = ()

    @property
    def is_pending(self) -> bool:
        """Return whether the call is still owed."""
        return self.state is CallbackState.PENDING


def pause_after(attempts: int) -> int | None:
    """Return how long to wait after that many tries, or None where it was the last."""
    return (
        CALLBACK_PAUSES_SECONDS[attempts - 1] if attempts <= len(CALLBACK_PAUSES_SECONDS) else None
    )


def sign(body: bytes, *, secret: str, at: float) -> str:
    """Return the signature header's value: ``t=<seconds>,v1=<hexadecimal HMAC-SHA256>``.

    The time is signed with the body, so that an old call cannot be sent again as a new one.
    """
    seconds = int(at)
    signed = f"{seconds}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"
