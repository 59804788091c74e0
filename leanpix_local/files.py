"""Serve the files behind the front door as CloudFront does: from S3, else by the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from leanpix_local.distribution import Behavior
from leanpix_local.edge import Edge, EdgeError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FORBIDDEN: Final = 403
_UNAVAILABLE: Final = 503
_LEAST_ERROR: Final = 400
_SIGNED_SECONDS: Final = 60
_NOT_RETURNED: Final = frozenset({"server", "date", "connection", "transfer-encoding"})

AskApi = Callable[[str, str, CIMultiDict[str]], Awaitable[web.Response]]
"""Asks the API: method, target, headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDoor:
    """The behaviours that ask S3 first."""

    s3: S3Client
    bucket: str
    session: aiohttp.ClientSession
    edge: Edge
    ask_api: AskApi

    async def handle(
        self, behavior: Behavior, method: str, target: str, headers: Mapping[str, str]
    ) -> web.Response:
        """Answer one request."""
        path = target.partition("?")[0]
        request: dict[str, Any] = {
            "method": method,
            "uri": path,
            "querystring": {},
            "cookies": {},
            "headers": {name.lower(): {"value": value} for name, value in headers.items()},
        }
        try:
            if behavior.on_request:
                request = await self.edge.run(
                    behavior.on_request, _event("viewer-request", request=request)
                )
            if "statusCode" in request:
                return _made_at_edge(request)
            answer = await self._ask(behavior, request)
            if answer.status < _LEAST_ERROR and behavior.on_response:
                await self._finish(behavior, request, answer)
        except EdgeError:
            return web.Response(status=_UNAVAILABLE)
        for header in behavior.added:
            if header.does_override or header.name not in answer.headers:
                answer.headers[header.name] = header.value
        return answer

    async def _ask(self, behavior: Behavior, request: Mapping[str, Any]) -> web.Response:
        forwarded = CIMultiDict(
            (name, each["value"])
            for name, each in request["headers"].items()
            if name in behavior.forwarded
        )
        answer = await self._ask_s3(request["method"], request["uri"], forwarded)
        if answer.status not in behavior.falls_back_after:
            return answer
        return await self.ask_api(request["method"], request["uri"], forwarded)

    async def _ask_s3(self, method: str, path: str, headers: CIMultiDict[str]) -> web.Response:
        """Ask S3 in CloudFront's place, by a signature in the URL in place of one in a header."""
        url = self.s3.generate_presigned_url(
            "head_object" if method == hdrs.METH_HEAD else "get_object",
            Params={"Bucket": self.bucket, "Key": unquote(path[1:])},
            ExpiresIn=_SIGNED_SECONDS,
        )
        async with self.session.request(
            method, URL(url, encoded=True), headers=headers, allow_redirects=False
        ) as upstream:
            content = await upstream.read()
            kept = CIMultiDict(
                (name, value)
                for name, value in upstream.headers.items()
                if name.lower() not in _NOT_RETURNED
            )
        if method != hdrs.METH_HEAD:
            kept.popall(hdrs.CONTENT_LENGTH, None)
        return web.Response(status=upstream.status, headers=kept, body=content)

    async def _finish(
        self, behavior: Behavior, request: Mapping[str, Any], answer: web.Response
    ) -> None:
        """Let the viewer response's program change the headers."""
        response = {
            "statusCode": answer.status,
            "cookies": {},
            "headers": {name.lower(): {"value": value} for name, value in answer.headers.items()},
        }
        made = await self.edge.run(
            behavior.on_response,
            _event("viewer-response", request=dict(request), response=response),
        )
        for name in list(answer.headers):
            if name.lower() not in made["headers"]:
                del answer.headers[name]
        for name, each in made["headers"].items():
            if answer.headers.get(name) != each["value"]:
                answer.headers[name.title()] = each["value"]


def forbid() -> web.Response:
    """Return CloudFront's answer to a method that a behaviour does not allow."""
    return web.Response(status=_FORBIDDEN, text="This distribution does not allow the method.")


def _made_at_edge(made: Mapping[str, Any]) -> web.Response:
    headers = {name.title(): each["value"] for name, each in made["headers"].items()}
    return web.Response(status=made["statusCode"], headers=headers)


def _event(kind: str, **parts: Any) -> dict[str, Any]:
    return {
        "version": "1.0",
        "context": {"eventType": kind},
        "viewer": {"ip": "127.0.0.1"},
        **parts,
    }
