"""Make identifiers that cannot be guessed, and the digest under which a key is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import time
from base64 import b64encode
from typing import Final

JOB_ID_LIMIT: Final = 2**53
"""The bound of job ids, below which a JavaScript client reads them exactly (ECMA-262 §6.1.6.1)."""
API_KEY_PREFIX: Final = "lpx"
_KEY_ALPHABET: Final = string.ascii_letters + string.digits
_KEY_CHARACTERS: Final = 43
"""Of 62 letters and digits: 256 bits."""
_TIME_DIGITS: Final = 8
_PUBLIC_ID: Final = re.compile(r"[0-9a-f]{40}")


def make_job_id() -> int:
    """Return a random job id, from 1 up to 2^53 - 1."""
    return secrets.randbelow(JOB_ID_LIMIT - 1) + 1


def make_public_id(now: float | None = None) -> str:
    """Return 40 hexadecimal digits, 128 random bits: who has it may download the result.

    The time stands first (RFC 9562 does the same for UUIDs), so that objects are listed by age
    and the sweeper need not read all of them to find what is old.
    """
    return f"{start_public_ids(time.time() if now is None else now)}{secrets.token_hex(16)}"


def start_public_ids(at: float) -> str:
    """Return how the public ids of that second begin."""
    return f"{int(at) & 0xFFFFFFFF:08x}"


def made_at(public_id: str) -> float:
    """Return the time at which a public id was made."""
    return float(int(public_id[:_TIME_DIGITS], 16))


def make_callback_secret() -> str:
    """Return a new secret with 256 random bits, by which an account checks our callbacks."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


def is_public_id(text: str) -> bool:
    """Return whether a text can be one of our public ids."""
    return _PUBLIC_ID.fullmatch(text) is not None


def make_lease_id() -> str:
    """Return 64 random bits that tell one worker's claim of an image from another's."""
    return secrets.token_hex(8)


def make_account_id() -> str:
    """Return a random account id, such as `acc_4f6d…`."""
    return f"acc_{secrets.token_hex(10)}"


def make_api_key() -> str:
    """Return a new API key with 256 random bits.

    API Gateway takes 20 to 128 characters, and documents letters and digits alone ("Choose an API
    key source", "Set up API keys").
    """
    return API_KEY_PREFIX + "".join(secrets.choice(_KEY_ALPHABET) for _ in range(_KEY_CHARACTERS))


def hash_api_key(api_key: str) -> str:
    """Return the SHA-256 of a key in hexadecimal. A key is random, so it needs no salt."""
    return hashlib.sha256(api_key.encode()).hexdigest()
