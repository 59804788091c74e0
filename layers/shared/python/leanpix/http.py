"""HTTP requests and responses, whatever carries them."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. Header names are in lower case."""

    method: str
    path: str
    route: str = ""
    """The path as the contract has it, such as `/v1/optimize/{process_id}/result`, without the
    prefix of a stage or a custom domain."""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    account_id: str | None = None
    """The account of the key, as the authorizer found it."""

    @property
    def user_agent(self) -> str:
        """The client's name of itself."""
        return self.headers.get("user-agent", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def parse_basic_password(authorization: str) -> str:
    """Return the password in the value of `Authorization`, or an empty text (RFC 7617 §2)."""
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        pair = b64decode(credentials.strip(), validate=True).decode()
    except ValueError:
        return ""
    return pair.partition(":")[2]


def json_response(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with a JSON body."""
    return Response(
        status=status,
        headers={"Content-Type": JSON_TYPE, "Cache-Control": "no-store", **(headers or {})},
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
    )
