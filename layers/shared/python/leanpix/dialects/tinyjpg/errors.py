"""The errors in TinyJPG's words and with its statuses."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from leanpix.contract import ERRORS, ErrorEntry, ErrorName

if TYPE_CHECKING:
    from collections.abc import Mapping

TINYJPG_ERRORS: Final[Mapping[ErrorName, ErrorEntry]] = MappingProxyType(
    {
        **ERRORS,
        ErrorName.INVALID_REQUEST: ErrorEntry(status=422, text="Validation failed"),
        ErrorName.INVALID_API_KEY: ErrorEntry(status=401, text="Invalid API key."),
        ErrorName.INVALID_API_KEY_ON_ACCOUNT: ErrorEntry(status=401, text="Invalid API key."),
        ErrorName.NO_TOKENS: ErrorEntry(
            status=403,
            text="Plan limit exceeded. Upgrade your plan or wait until your quota resets.",
        ),
        ErrorName.NOT_YOUR_JOB: ErrorEntry(status=404, text="Image not found."),
        ErrorName.JOB_NOT_FOUND: ErrorEntry(status=404, text="Image not found."),
    }
)
