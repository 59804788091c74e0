"""Call real handlers over services in memory by events as API Gateway makes them."""

from __future__ import annotations

import importlib.util
import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from leanpix import bootstrap
from leanpix.adapters.prober import EngineProber
from leanpix.contract import EnvironmentName
from leanpix.domain.accounts import KeyRecord
from leanpix.domain.destinations import Destination
from leanpix.domain.estimates import ImageFacts
from leanpix.domain.ids import hash_api_key
from leanpix.domain.results import StoredFile
from leanpix.domain.submission import UploadGrant, UploadRequest
from leanpix.services.accounts import AccountService, KeyedAccountService, KeyService
from leanpix.services.outputs import HeldSubmissionService, OutputService
from leanpix.services.ports import DeliveryFailedError
from leanpix.services.results import ResultService
from leanpix.services.submissions import ProbedSubmissionService
from tests.bodies import check_body, find_route
from tests.ledger.fakes import KINDS, MemoryObjects
from tests.ledger.world import Backend, World

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions"
BASE_URL = "https://api.example.com"
SITE_URL = "https://leanpix.example"
ACCOUNT = "acc_1"
KEY = "lpxkey"
CONTEXT = SimpleNamespace(aws_request_id="1-2-3", get_remaining_time_in_millis=lambda: 29_000)


@dataclass(frozen=True)
class Answer:
    """The response of a handler to API Gateway."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, read."""
        return json.loads(self.body)


class House:
    """Functions and services, and an account with unlimited tokens."""

    def __init__(self, *, tokens: int = -1) -> None:
        self.world = World(Backend.in_memory)
        self.world.add_account(ACCOUNT, tokens=tokens)
        self.deliverer = MemoryDeliverer()
        self._modules: dict[str, ModuleType] = {}

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        account_id: str | None = ACCOUNT,
    ) -> Answer:
        """Call the function that serves a path; its answer is held to its declared type."""
        found = find_route(method, path)
        assert found, f"no route for {method} {path}"
        route, parameters = found
        event = {
            "httpMethod": method,
            "path": path,
            "resource": route.path,
            "pathParameters": parameters or None,
            "queryStringParameters": query,
            "headers": headers or {},
            "body": b64encode(body).decode() if body else None,
            "isBase64Encoded": bool(body),
            "requestContext": {"authorizer": {"accountId": account_id} if account_id else {}},
        }
        result = self._module(route.function).handler(event, CONTEXT)
        answer = Answer(result["statusCode"], result["headers"], b64decode(result["body"]))
        check_body(route, answer.status, answer.body)
        return answer

    def finish(self) -> None:
        """Let the optimizer do all that waits for it."""
        self.world.drain()

    def download(self, link: str) -> Answer:
        """Follow a link to a file of ours."""
        return self.call("GET", unquote(link.removeprefix(BASE_URL)), account_id=None)

    def install(self, function: str, service: object) -> None:
        """Load a function's handler and give it its service."""
        self._modules[function] = load_handler(function)
        self._modules[function].SERVICE = service  # type: ignore[attr-defined]  # each handler has one

    def _module(self, function: str) -> ModuleType:
        if function not in self._modules:
            self._modules[function] = load_handler(function)
            self._give_services(function, self._modules[function])
        return self._modules[function]

    def _tinify_services(self) -> dict[str, Any]:
        world = self.world
        accounts = AccountService(accounts=world.backend.accounts)
        files = ResultService(results=MemoryResults(world.objects), clock=world.clock)
        return {
            "tinify_shrink": HeldSubmissionService(
                submissions=world.submission_service,
                polls=world.poll_service,
                accounts=accounts,
                prober=KindProber(),
                clock=world.clock,
            ),
            "tinify_output": OutputService(
                jobs=world.job_service,
                polls=world.poll_service,
                submissions=world.submission_service,
                accounts=accounts,
                files=files,
                deliverer=self.deliverer,
                clock=world.clock,
            ),
            "tinify_account": KeyedAccountService(
                keys=KeyService(keys=MemoryKeys(), clock=world.clock), accounts=accounts
            ),
        }

    def _give_services(self, function: str, module: Any) -> None:
        world = self.world
        services: dict[str, Any] = {
            "submit": world.submission_service,
            "tinyjpg_submit": ProbedSubmissionService(
                submissions=world.submission_service, prober=KindProber()
            ),
            "result": world.poll_service,
            "tinyjpg_status": world.job_service,
            "account": AccountService(accounts=world.backend.accounts),
            "uploads": SimpleNamespace(grant=_grant),
            "image": ResultService(results=MemoryResults(world.objects), clock=world.clock),
            "tinyjpg_account": AccountService(accounts=world.backend.accounts),
            **self._tinify_services(),
        }
        if function in services:
            module.SERVICE = services[function]


class KindProber:
    """A reader of headers that takes the fake engine's images for images too."""

    def probe(self, data: bytes) -> ImageFacts | None:
        """Return the facts of a file."""
        if data.partition(b":")[0] in KINDS:
            return ImageFacts(format="png", content_type="image/png", pixels=0)
        return EngineProber().probe(data)


@dataclass
class MemoryDeliverer:
    """Other people's buckets; `refusal` is what they answer instead of taking a file."""

    taken: list[tuple[bytes, Destination, str]] = field(default_factory=list)
    refusal: str = ""

    def deliver(self, data: bytes, destination: Destination, *, content_type: str) -> str:
        """Take a file."""
        if self.refusal:
            raise DeliveryFailedError(self.refusal)
        self.taken.append((data, destination, content_type))
        return f"https://store.example/{destination.bucket}/{destination.key}"


class MemoryKeys:
    """One key, and the account that it belongs to."""

    def look_up(self, key_hash: str) -> KeyRecord | None:
        """Return the key's record."""
        if key_hash != hash_api_key(KEY):
            return None
        return KeyRecord(key_hash=key_hash, account_id=ACCOUNT, gateway_key_id="1", created_at=0)

    def note_use(self, key_hash: str, day: str) -> None:
        """Note nothing."""


@dataclass(frozen=True)
class MemoryResults:
    """The files of a world, as the downloads see them."""

    objects: MemoryObjects

    def describe(self, object_key: str) -> StoredFile | None:
        """Return the facts of a file."""
        if object_key not in self.objects.files:
            return None
        content_type, expires_at = self.objects.facts[object_key]
        data = self.objects.files[object_key]
        return StoredFile(
            content_type=content_type,
            etag=f'"{sha256(data).hexdigest()}"',
            total_bytes=len(data),
            expires_at=expires_at,
        )

    def read_range(self, object_key: str, first: int, last: int) -> bytes:
        """Return a part of a file."""
        return self.objects.files[object_key][first : last + 1]

    def link(self, object_key: str, *, is_head: bool = False) -> str:
        """Return a URL that leads nowhere."""
        return f"https://bucket.example/{object_key}?{'HEAD' if is_head else 'GET'}"


def _grant(_request: UploadRequest) -> UploadGrant:
    return UploadGrant(upload_id="0" * 32, url=BASE_URL, fields={}, expires_in_seconds=900)


def load_handler(function: str) -> ModuleType:
    """Import a function's handler with an environment in which nothing can be reached."""
    environment = {name.value: "29" for name in EnvironmentName} | {
        EnvironmentName.BASE_URL.value: BASE_URL,
        EnvironmentName.SITE_URL.value: SITE_URL,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
    }
    spec = importlib.util.spec_from_file_location(
        f"handler_of_{function}", FUNCTIONS / function / "handler.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with patch.dict(os.environ, environment):
        bootstrap.settings.cache_clear()
        spec.loader.exec_module(module)
        # Read once, and kept for as long as the process lives.
        assert bootstrap.settings().site_url == SITE_URL
        object.__setattr__(bootstrap.settings(), "environment", dict(os.environ))
    return module


def form(parts: list[tuple[str, bytes]], boundary: str = "b") -> tuple[bytes, dict[str, str]]:
    """Return a multipart body and its headers; each part is its disposition and its content."""
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for head, content in parts
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return body + f"--{boundary}--\r\n".encode(), headers
