"""Identifiers that cannot be guessed, and the digest under which a key is kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

JOB_ID_LIMIT: Final = 2**53
"""Job ids stay below it, so that a JavaScript client reads them exactly (ECMA-262 §6.1.6.1)."""
API_KEY_PREFIX: Final = "lpx_"


def make_job_id() -> int:
    """Return a random job id, from 1 up to 2^53 - 1."""
    return secrets.randbelow(JOB_ID_LIMIT - 1) + 1


def make_public_id() -> str:
    """Return 128 random bits as 32 hexadecimal digits: who has it may download the result."""
    return secrets.token_hex(16)


def make_lease_id() -> str:
    """Return 64 random bits that tell one worker's claim of an image from another's."""
    return secrets.token_hex(8)


def make_account_id() -> str:
    """Return a random account id, such as ``acc_4f6d…``."""
    return f"acc_{secrets.token_hex(10)}"


def make_api_key() -> str:
    """Return a new API key with 256 random bits; API Gateway takes 20 to 128 characters."""
    return API_KEY_PREFIX + secrets.token_urlsafe(32)


def hash_api_key(api_key: str) -> str:
    """Return the SHA-256 of a key in hexadecimal. A key is random, so it needs no salt."""
    return hashlib.sha256(api_key.encode()).hexdigest()
