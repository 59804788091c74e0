"""Test that each role may do what its function does and nothing else.

Every function runs, over moto, through all that it has to do, and each call to AWS that it makes
is held against the statements of its role in the template. The local cloud enforces the same
roles in the end-to-end tests.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any

import pytest

from leanpix import contract
from leanpix.adapters import aws
from leanpix.adapters.bucket import Bucket
from leanpix.adapters.clock import SystemClock
from leanpix.adapters.fetching.fetcher import GuardedFetcher
from leanpix.contract import API_KEY_HEADER, EnvironmentName
from leanpix.domain.callbacks import CALLBACK_PAUSES_SECONDS
from leanpix.domain.ids import make_public_id
from leanpix.domain.recovery import PATIENCE_SECONDS
from leanpix.domain.results import result_object_key, upload_object_key
from tests.images import make_photo_jpeg
from tests.infra.conftest import Template
from tests.security import conftest, functions
from tests.security.conftest import API_KEY, House
from tests.security.functions import authorize, call, deliver, load, read

house = conftest.house

DAY = 86_400
PHOTO = make_photo_jpeg(width=64, height=48)

# What a function's container and its event source do, in no code of ours.
BY_LAMBDA_ITSELF = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueUrl",
}
BY_EVENT_SOURCES = {"sqs:GetQueueAttributes"}
"""Also the sweeper's own, on a queue that it does not consume."""

OBJECT_ACTIONS = {
    "DeleteObject": "DeleteObject",
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "PutObject": "PutObject",
}
"""The rights that calls about one object need."""

GATEWAY = "arn:AWS::Partition:apigateway:AWS::Region::"
GATEWAY_CALLS = {
    "CreateApiKey": ("POST", "/apikeys"),
    "CreateUsagePlanKey": ("POST", "/usageplans/{usagePlanId}/keys"),
    "DeleteApiKey": ("DELETE", "/apikeys/{apiKey}"),
    "GetUsagePlans": ("GET", "/usageplans"),
}
"""API Gateway's calls, which its rights name by method and path."""

Right = tuple[str, str]
"""An action and what it is done to, such as `dynamodb:GetItem` and `table/jobs`."""


@dataclass
class Recorder:
    """A recorder of who asks AWS for what."""

    function: str = ""
    calls: dict[str, set[Right]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    """Calls that it cannot read; a function may swallow what `see` raises."""

    def add(self, action: str, resource: str) -> None:
        self.calls.setdefault(self.function, set()).add((action, resource))

    def watch(self, client: Any) -> Any:
        client.meta.events.register("provide-client-params.*.*", self.see)
        return client

    def see(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        try:
            for right in rights(model.service_model.service_name, model.name, params):
                self.add(*right)
        except LookupError as error:
            self.unknown.append(f"{self.function}: {model.name}: {error!r}")
            raise


def rights(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Right]:
    """Yield what a call needs, by the Service Authorization Reference."""
    if operation == "TransactWriteItems":
        names = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
        for item in params["TransactItems"]:
            ((kind, details),) = item.items()
            action = names.get(kind, "ConditionCheckItem")
            yield f"dynamodb:{action}", f"table/{details['TableName']}"
    elif service == "dynamodb":
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield f"dynamodb:{operation}", f"table/{params['TableName']}{index}"
    elif service == "sqs":
        name = params["QueueUrl"].rpartition("/")[2]
        yield f"sqs:{operation.removesuffix('Batch')}", f"queue/{name}"
    elif operation == "CreateBucket":
        pass  # boto3 takes a bucket's URL from this for a signed form, and sends nothing
    elif operation == "ListObjectsV2":
        yield "s3:ListBucket", f"bucket/{params['Bucket']}"
    elif service == "s3" and operation in OBJECT_ACTIONS:
        yield f"s3:{OBJECT_ACTIONS[operation]}", f"bucket/{params['Bucket']}/{params['Key']}"
    elif service == "apigateway":
        method, path = GATEWAY_CALLS[operation]
        yield f"apigateway:{method}", GATEWAY + path.format(**params)
    else:
        message = f"{service}: {operation}"
        raise LookupError(message)


@dataclass(frozen=True)
class Roles:
    """The rights of the template's roles, in the names that the functions got."""

    template: Template

    def allowed(self, function: str) -> set[Right]:
        """Return each action with each resource that a function's role allows."""
        return {
            (action, self._name(resource))
            for statement in self.template.statements(function)
            for action in _as_list(statement["Action"])
            for resource in _as_list(statement["Resource"])
        }

    def _name(self, resource: Any) -> str:
        if isinstance(resource, str):
            return resource
        if "Ref" in resource:
            return str(self._names.get(resource["Ref"], resource["Ref"]))
        if "Fn::GetAtt" in resource:
            return self._names[resource["Fn::GetAtt"][0]]
        return "".join(
            part if isinstance(part, str) else self._name(part) for part in resource["Fn::Join"][1]
        )

    @property
    def _names(self) -> Mapping[str, str]:
        """Return our names of the template's tables, queues and bucket, by logical id."""
        told: dict[str, Any] = {}
        for function in contract.FUNCTIONS:
            told |= self.template.function(function)["Environment"]["Variables"]
        name = EnvironmentName
        ours = {
            name.JOBS_TABLE: "table/jobs",
            name.KEYS_TABLE: "table/keys",
            name.ACCOUNTS_TABLE: "table/accounts",
            name.BUCKET: "bucket/images",
            name.IMAGES_QUEUE_URL: "queue/images",
            name.CALLBACKS_QUEUE_URL: "queue/callbacks",
            name.CALLBACKS_DEAD_LETTER_QUEUE_URL: "queue/dead-callbacks",
        }
        known = {told[variable]["Ref"]: text for variable, text in ours.items()}
        return {
            logical_id: known.get(logical_id, logical_id)
            for logical_id in self.template.body["Resources"]
        }


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def permits(allowed: set[Right], wanted: Right) -> bool:
    """Return whether a set of rights covers a call."""
    return any(
        action == wanted[0] and fnmatchcase(wanted[1], resource) for action, resource in allowed
    )


# --------------------------------------------------------------------------- all that they do


class Tour:
    """A tour of every function through all of its work."""

    def __init__(self, house: House, recorder: Recorder, patch: pytest.MonkeyPatch) -> None:
        self.house = house
        self.recorder = recorder
        self.patch = patch
        self.key = {API_KEY_HEADER: API_KEY}

    def call(self, name: str, *arguments: Any, **named: Any) -> dict[str, Any]:
        self.recorder.function = name
        answer = call(name, *arguments, **{"headers": self.key, **named})
        assert answer.get("statusCode", 200) < 500, f"{name} fails, and so does not do its work"
        return answer

    def take(self) -> list[str]:
        """Take what waits for the optimizer."""
        return self.house.stack.messages()

    def deliver(self, name: str, *bodies: str) -> None:
        self.recorder.function = name
        deliver(name, *bodies)

    def later(self, seconds: float) -> None:
        """Set the functions' clocks forward."""
        self.patch.setattr(SystemClock, "now", lambda _: time.time() + seconds)

    def sweep(self, after: float) -> None:
        self.later(after)
        self.recorder.function = "sweeper"
        load("sweeper")({}, functions.Context())
        self.later(0)

    def go(self) -> None:
        self.house.stack.add_account(tokens=contract.UNLIMITED_TOKENS, account_id="acc_3")
        self.recorder.function = "authorizer"
        authorize(API_KEY)
        self.submits()
        self.tinyjpg()
        self.tinify()
        self.gives_up()
        self.sweeps()
        self.serves()
        self.looks()

    def looks(self) -> None:
        """Look at jobs, usage and keys as the console does."""
        job_id = read(self.submit(callback_url="http://127.0.0.1/hook"))["process_id"]
        self.deliver("optimizer", *self.take())
        self.call("jobs", "/v1/jobs", method="GET")
        for path, method in (
            (f"/v1/jobs/{job_id}", "GET"),
            (f"/v1/jobs/{job_id}/callback", "POST"),
        ):
            self.call(
                "jobs",
                path,
                method=method,
                resource=path.replace(str(job_id), "{job_id}"),
                parameters={"job_id": str(job_id)},
            )
        self.call("usage", "/v1/usage", method="GET")
        self.house.add_usage_plans()
        key = read(self.call("keys", "/v1/keys", {"name": "shop"}))["result"]
        self.call(
            "keys",
            f"/v1/keys/{key['id']}",
            method="DELETE",
            resource="/v1/keys/{key_id}",
            parameters={"key_id": key["id"]},
        )

    def submit(self, **fields: str) -> dict[str, Any]:
        sent = {"type": "url", "url": "http://127.0.0.1/a.jpg", **fields}
        return self.call("submit", "/v1/optimize", sent)

    def upload(self, function: str, path: str, name: str) -> str:
        """Send a photo in a form, have it optimized, and return its job's id."""
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\n\r\n'
        rest = b'\r\n--b\r\nContent-Disposition: form-data; name="type"\r\n\r\nfile\r\n--b--\r\n'
        headers = {**self.key, "Content-Type": "multipart/form-data; boundary=b"}
        answer = self.call(function, path, body=head.encode() + PHOTO + rest, headers=headers)
        assert answer["statusCode"] in {200, 202}, answer
        body = read(answer)
        self.deliver("optimizer", *self.take())
        return str(body.get("process_id") or body["data"]["image_id"])

    def submits(self) -> None:
        keyed = {**self.key, contract.IDEMPOTENCY_HEADER: "once"}
        fields = {"type": "url", "url": "http://127.0.0.1/a.jpg"}
        for _ in range(2):
            self.call("submit", "/v1/optimize", fields, headers=keyed)
        self.call("submit", "/v1/optimize", fields, account="acc_3")
        process_id = self.upload("submit", "/v1/optimize", "file")
        self.call("submit", "/v1/optimize", {"type": "upload", "upload_id": "0" * 40})
        self.call(
            "submit", "/v1/optimize", {"type": "upload", "upload": "0" * 40, "upload1": "0" * 40}
        )
        self.call(
            "result",
            f"/v1/optimize/{process_id}/result",
            resource="/v1/optimize/{process_id}/result",
            parameters={"process_id": process_id},
        )
        self.call("account", "/v1/users/info")
        # Its callback is delivered once and buried once.
        for hook in ("http://127.0.0.1/hook", "http://10.0.0.1/hook"):
            answer = read(self.submit(callback_url=hook))
            self.deliver("optimizer", *self.take())
            for attempts in range(len(CALLBACK_PAUSES_SECONDS) + 1):
                body = json.dumps({"job_id": answer["process_id"], "attempts": attempts})
                self.later(DAY / 2 * attempts)
                self.deliver("callbacks", body)
                self.later(0)

    def tinyjpg(self) -> None:
        keyed = {**self.key, contract.IDEMPOTENCY_HEADER: "once more"}
        fields = {"url": "http://127.0.0.1/a.jpg"}
        head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
        body = head + PHOTO + b"\r\n--b--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        for _ in range(2):
            self.call("tinyjpg_submit", "/api/optimize", body=body, headers={**keyed, **kind})
        self.call(
            "tinyjpg_submit",
            "/api/optimize",
            body=body,
            account="acc_3",
            headers={**self.key, **kind},
        )
        del fields
        image_id = self.upload("tinyjpg_submit", "/api/optimize", "image")
        self.call(
            "tinyjpg_status",
            f"/api/status/{image_id}",
            method="GET",
            resource="/api/status/{image_id}",
            parameters={"image_id": image_id},
        )
        for path in ("/api/v1/usage", "/api/v1/stats"):
            self.call("tinyjpg_account", path, method="GET")

    def tinify(self) -> None:
        """Shrink an upload and a URL, twice as a client that had no answer, and remake each."""
        source = json.dumps({"source": {"url": "http://127.0.0.1/a.jpg"}}).encode()
        self.patch.setattr(GuardedFetcher, "fetch", lambda *_, **__: PHOTO)
        headers = {"Content-Type": "application/json"}
        for account in ("acc_1", "acc_3"):
            for body in (source, PHOTO, PHOTO):
                answer = self.call(
                    "tinify_shrink", "/shrink", body=body, headers=headers, account=account
                )
            self.deliver("optimizer", *self.take())
            for commands in (b"", b'{"resize":{"width":9}}', b'{"resize":{"width":9}}'):
                self.output(answer["headers"]["Location"], commands, account)
                self.deliver("optimizer", *self.take())
        key = {"key": API_KEY}
        # The first call of another day, which is noted with the key.
        self.later(2 * DAY)
        self.call(
            "tinify_account", "/keys/k", method="GET", resource="/keys/{key}", parameters=key
        )
        self.later(0)

    def output(self, link: str, commands: bytes, account: str) -> None:
        self.recorder.function = "tinify_output"
        output_id = link.rpartition("/")[2]
        call(
            "tinify_output",
            f"/output/{output_id}",
            resource="/output/{output_id}",
            parameters={"output_id": output_id},
            body=commands,
            account=account,
        )

    def gives_up(self) -> None:
        self.submit(callback_url="http://127.0.0.1/hook")
        self.deliver("dead_letters", *self.take())
        self.submit_image()
        self.deliver("dead_letters", *self.take())

    def submit_image(self) -> None:
        """Submit an image whose link asks for other tries until it has ended."""
        head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        body = head + PHOTO + b"\r\n--b--\r\n"
        self.call("tinyjpg_submit", "/api/optimize", body=body, headers={**self.key, **kind})

    def sweeps(self) -> None:
        self.submit()
        self.take()
        self.sweep(400)
        self.sweep(2 * PATIENCE_SECONDS)
        answer = read(self.submit(callback_url="http://127.0.0.1/hook"))
        self.deliver("optimizer", *self.take())
        assert answer["process_id"]
        old = time.time() - 2 * DAY
        for job_id in (1, None):
            self.house.stack.bucket.write(
                upload_object_key(make_public_id(old)),
                b"x",
                content_type="image/jpeg",
                expires_at=old,
                job_id=job_id,
            )
        self.submit(callback_url="http://127.0.0.1/hook")
        self.submit_image()
        self.sweep(DAY)

    def serves(self) -> None:
        public_id = make_public_id()
        for key in (result_object_key(public_id, "a.jpg"), upload_object_key(public_id)):
            self.house.stack.bucket.write(key, PHOTO, content_type="image/jpeg", expires_at=4e9)
        self.call(
            "image",
            f"/image/{public_id}/a.jpg",
            method="GET",
            resource="/image/{public_id}/{file_name}",
            parameters={"public_id": public_id, "file_name": "a.jpg"},
        )
        self.call(
            "image",
            f"/direct-file/original/{public_id}-a.jpg",
            method="GET",
            resource="/direct-file/original/{name}",
            parameters={"name": f"{public_id}-a.jpg"},
        )
        self.call(
            "uploads", "/v1/uploads", {"name": "a.jpg", "content_type": "image/jpeg", "size": "9"}
        )


@pytest.fixture
def recorded(house: House, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, set[Right]]:
    """Return what each function asked of AWS."""
    recorder = Recorder()
    keeping: Callable[[Any], Any] = aws._keeping_time
    monkeypatch.setattr(aws, "_keeping_time", lambda client: recorder.watch(keeping(client)))
    grant = Bucket.grant

    def lend(self: Bucket, object_key: str, request: Any) -> Any:
        # Who signs for others needs the right that it lends.
        recorder.add("s3:PutObject", f"bucket/images/{object_key}")
        return grant(self, object_key, request)

    monkeypatch.setattr(Bucket, "grant", lend)
    monkeypatch.setenv(
        EnvironmentName.CALLBACKS_DEAD_LETTER_QUEUE_URL,
        house.stack.sqs.create_queue(QueueName="dead-callbacks")["QueueUrl"],
    )
    functions.start_anew(monkeypatch)
    Tour(house, recorder, monkeypatch).go()
    assert not recorder.unknown
    return recorder.calls


@pytest.mark.timeout(300)
def test_every_call_is_allowed_and_without_any_right_some_call_is_not(
    template: Template, recorded: Mapping[str, set[Right]]
) -> None:
    """Take each right of each role away in turn: something that the function does is refused."""
    roles = Roles(template)
    refused, unused = [], []
    for name in contract.FUNCTIONS:
        allowed = roles.allowed(name)
        calls = recorded.get(name, set())
        refused += [(name, *wanted) for wanted in calls if not permits(allowed, wanted)]
        for right in sorted(allowed):
            if right[0] in BY_LAMBDA_ITSELF:
                continue
            if right[0] in BY_EVENT_SOURCES and name != "sweeper":
                continue
            rest = allowed - {right}
            if all(permits(rest, wanted) for wanted in calls if permits(allowed, wanted)):
                unused.append((name, *right))
    assert refused == [], "a function asks for what its role does not allow"
    assert unused == [], "a role allows what its function never asks for"


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("s3", "DeleteObjects", {"Bucket": "images", "Delete": {}}),
        ("s3", "CopyObject", {"Bucket": "images", "Key": "a", "CopySource": "images/b"}),
        ("s3", "GetObject", {"Bucket": "images"}),
        ("ssm", "GetParameter", {"Name": "a"}),
    ],
)
def test_a_call_that_the_recorder_cannot_read_is_remembered(
    service: str, operation: str, params: dict[str, Any]
) -> None:
    recorder = Recorder(function="submit")
    model = SimpleNamespace(name=operation, service_model=SimpleNamespace(service_name=service))
    with pytest.raises(LookupError):
        recorder.see(params, model)
    assert len(recorder.unknown) == 1
    assert recorder.calls == {}
