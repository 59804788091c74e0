"""Name the places in other people's object stores to which a result can be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Destination:
    """A key in a bucket of Amazon S3, and the caller's right to write it."""

    region: str
    bucket: str
    key: str
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    is_public: bool = True
    """Whether everyone may read the object, which needs the right to set its ACL."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GcsDestination:
    """An object in a bucket of Google Cloud Storage, and the caller's right to write it."""

    bucket: str
    key: str
    access_token: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


Destination = S3Destination | GcsDestination
