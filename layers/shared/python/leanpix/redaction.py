"""Remove from log lines what looks like a secret.

Nothing is meant to log one, but the text of an exception is other people's and may quote a URL.
"""

from __future__ import annotations

import re
from typing import Final

REDACTED: Final = "[redacted]"

_RULES: Final = (
    # Ours: API keys and callback secrets (domain.ids).
    (re.compile(r"lpx_?[\w-]{16,}"), f"lpx_{REDACTED}"),
    (re.compile(r"whsec_[\w-]{16,}"), f"whsec_{REDACTED}"),
    # AWS Signature Version 4, in a URL or a form, and its temporary credentials.
    (
        re.compile(r"(?i)(x-amz-(?:signature|credential|security-token)\W{1,6})[\w%/+=.-]+"),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), REDACTED),
    # RFC 7617 and RFC 6750, and a user name and password within a URL.
    (re.compile(r"(?i)\b((?:basic|bearer)\s+)[\w+/=.~-]{8,}"), rf"\1{REDACTED}"),
    (re.compile(r"(?i)\b(https?://)[^\s/?#\"'\\@]{1,200}@"), rf"\1{REDACTED}"),
    # The query of a URL: where other people's services expect their tokens.
    (re.compile(r"(?i)\b(https?://[^\s?\"'\\]{1,2000}\?)[^\s\"'\\]+"), rf"\1{REDACTED}"),
)


def scrub(text: str) -> str:
    """Return a text without what looks like a secret."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
