"""Test that no log line of any function holds a secret, whatever goes wrong."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from leanpix import observability
from leanpix.adapters import bucket as bucket_module
from leanpix.adapters.dynamodb.jobs import JobsTable
from leanpix.adapters.fetching.fetcher import GuardedFetcher
from leanpix.contract import API_KEY_HEADER, MAX_INLINE_RESPONSE_BYTES
from leanpix.domain.ids import make_public_id
from leanpix.domain.results import result_object_key
from leanpix.redaction import scrub
from leanpix.services.ports import FetchFailedError
from tests.images import make_photo_jpeg
from tests.security import functions
from tests.security.conftest import API_KEY, AWS_SECRET, OTHER_KEY, SESSION_TOKEN, House
from tests.security.functions import authorize, call, deliver, read

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "correct-horse-battery"
SOURCE_TOKEN = "source-token-51423"
OTHER_STORES_KEY = "a-right-to-anothers-bucket"
CALLBACK_TOKEN = "callback-token-98765"
SECRETS = (
    API_KEY,
    OTHER_KEY,
    PASSWORD,
    SOURCE_TOKEN,
    CALLBACK_TOKEN,
    AWS_SECRET,
    SESSION_TOKEN,
    "X-Amz-Signature=",
    "whsec_",
    OTHER_STORES_KEY,
)
KEY = {API_KEY_HEADER: API_KEY}
FIELDS = {
    "type": "url",
    "url": f"http://127.0.0.1/photo.jpg?token={SOURCE_TOKEN}",
    "http_user": "ada",
    "http_pass": PASSWORD,
    "callback_url": f"http://127.0.0.1/hook?token={CALLBACK_TOKEN}",
}


def check(house: House) -> None:
    """Check that something was logged, and no secret of any account or of ours."""
    account = house.stack.accounts.read("acc_1")
    assert account
    assert house.logged.strip()
    for secret in (*SECRETS, account.callback_secret):
        assert secret not in house.logged, f"{secret} is in the log"


def work(house: House) -> None:
    """Let the optimizer take what is queued, and the callbacks' consumer what comes of it."""
    deliver("optimizer", *house.stack.messages())
    found = house.stack.sqs.receive_message(
        QueueUrl=house.stack.callbacks_url, MaxNumberOfMessages=10
    )
    deliver("callbacks", *(message["Body"] for message in found.get("Messages", [])))


def test_a_job_with_a_password_tokens_in_urls_and_a_callback(house: House) -> None:
    """Its source and its callback lead to loopback, so both are refused as well."""
    assert authorize(API_KEY)["context"]["accountId"] == "acc_1"
    accepted = call("submit", "/v1/optimize", FIELDS, headers=KEY)
    assert accepted["statusCode"] == 202
    work(house)
    process_id = str(read(accepted)["process_id"])
    result = call(
        "result",
        f"/v1/optimize/{process_id}/result",
        headers=KEY,
        resource="/v1/optimize/{process_id}/result",
        parameters={"process_id": process_id},
    )
    assert read(result)["result"][0]["reason"] == "fetch_failed"
    for secret in (PASSWORD, SOURCE_TOKEN, CALLBACK_TOKEN):
        assert secret.encode() not in result["body"]
    check(house)


def test_keys_that_nobody_has(house: House) -> None:
    assert "context" not in authorize(OTHER_KEY) or not authorize(OTHER_KEY)["context"]
    authorize(f"{OTHER_KEY}\n{API_KEY}")
    check(house)


def test_requests_that_are_refused(house: House) -> None:
    for fields in (
        {**FIELDS, "url": f"ftp://ada:{PASSWORD}@127.0.0.1/?{SOURCE_TOKEN}"},
        {**FIELDS, "callback_url": f"no url {CALLBACK_TOKEN}"},
        {**FIELDS, "type": PASSWORD},
    ):
        call("submit", "/v1/optimize", fields, headers=KEY)
        call("tinyjpg_submit", "/api/optimize", fields, headers=KEY)
    call("submit", "/v1/optimize", headers=KEY, body=b'{"http_pass": "' + PASSWORD.encode())
    check(house)


@pytest.mark.parametrize(
    "fault", [FetchFailedError("no answer", reason="fetch_failed"), OSError()]
)
def test_tinifys_keys_and_the_rights_of_other_stores(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """Keys come as a password and in a path; a store that fails leaves no right in the log."""

    def put(_self: object, url: str, body: bytes, *, headers: object) -> int:
        raise fault

    monkeypatch.setattr(GuardedFetcher, "put", put)
    basic = {"Authorization": f"Basic {b64encode(f'api:{API_KEY}'.encode()).decode()}"}
    event = {"httpMethod": "POST", "resource": "/shrink", "headers": basic, "methodArn": "a:b/c/d"}
    assert functions.load("authorizer")(event, functions.Context())["context"]
    for key in (API_KEY, OTHER_KEY):
        path = {"key": key}
        call(
            "tinify_account", f"/keys/{key}", method="GET", resource="/keys/{key}", parameters=path
        )
    photo = make_photo_jpeg(width=48, height=32)
    shrunk = call("tinify_shrink", "/shrink", body=photo, headers=basic)
    work(house)
    output_id = shrunk["headers"]["Location"].rpartition("/")[2]
    store = {
        "service": "s3",
        "aws_access_key_id": OTHER_STORES_KEY,
        "aws_secret_access_key": OTHER_STORES_KEY,
        "region": "eu-central-1",
        "path": "bucket/a.jpg",
    }
    answer = call(
        "tinify_output",
        f"/output/{output_id}",
        resource="/output/{output_id}",
        parameters={"output_id": output_id},
        body=json.dumps({"store": store}).encode(),
        headers=basic,
    )
    assert answer["statusCode"] == (400 if isinstance(fault, FetchFailedError) else 500)
    assert basic["Authorization"] not in house.logged
    check(house)


def test_signed_links_and_upload_grants(house: House) -> None:
    """They are answered, and not logged."""
    public_id = make_public_id()
    house.stack.bucket.write(
        result_object_key(public_id, "a.jpg"),
        bytes(MAX_INLINE_RESPONSE_BYTES + 1),
        content_type="image/jpeg",
        expires_at=4e9,
    )
    moved = call(
        "image",
        f"/image/{public_id}/a.jpg",
        method="GET",
        account=None,
        resource="/image/{public_id}/{file_name}",
        parameters={"public_id": public_id, "file_name": "a.jpg"},
    )
    assert moved["statusCode"] == 302
    assert "X-Amz-Signature=" in moved["headers"]["Location"]
    granted = call(
        "uploads",
        "/v1/uploads",
        {"name": "a.jpg", "content_type": "image/jpeg", "size": "100"},
        headers=KEY,
    )
    assert granted["statusCode"] in {200, 201}, granted
    check(house)


def _no_tables(house: House) -> None:
    for name in ("jobs", "keys", "accounts"):
        house.stack.dynamodb.delete_table(TableName=name)


def _no_bucket(house: House) -> None:
    house.stack.s3.delete_bucket(Bucket="images")


def _no_queue(house: House) -> None:
    house.stack.sqs.delete_queue(QueueUrl=house.stack.queue_url)
    house.stack.sqs.delete_queue(QueueUrl=house.stack.callbacks_url)


@pytest.mark.parametrize("break_it", [_no_tables, _no_bucket, _no_queue])
def test_services_that_are_gone(house: House, break_it: Callable[[House], None]) -> None:
    """What botocore says of it is logged with its trace, and without the request's content."""
    accepted = call("submit", "/v1/optimize", FIELDS, headers=KEY)
    messages = house.stack.messages()
    account = house.stack.accounts.read("acc_1")
    assert account
    break_it(house)
    photo = make_photo_jpeg(width=32, height=32)
    multipart = (
        b'--b\r\nContent-Disposition: form-data; name="http_pass"\r\n\r\n'
        + PASSWORD.encode()
        + b'\r\n--b\r\nContent-Disposition: form-data; name="type"\r\n\r\nfile\r\n'
        + b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        + photo
        + b"\r\n--b--\r\n"
    )
    headers = {**KEY, "Content-Type": "multipart/form-data; boundary=b"}
    answers = [
        call("submit", "/v1/optimize", FIELDS, headers=KEY),
        call("submit", "/v1/optimize", headers=headers, body=multipart),
        call("account", "/v1/users/info", headers=KEY),
        call("tinyjpg_account", "/api/v1/usage", method="GET", headers=KEY),
    ]
    for answer in answers:
        for inside in (b"boto", b"Traceback", b"NoSuch", b"arn:", b"NotFound", b"Exception"):
            assert inside not in answer["body"]
    deliver("optimizer", *messages)
    deliver("dead_letters", *messages)
    deliver("callbacks", json.dumps({"job_id": read(accepted)["process_id"], "attempts": 0}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observability.logger, "service", "test")
        try:
            authorize(API_KEY)
        except Exception:  # noqa: BLE001 - API Gateway makes a 500 of it
            observability.logger.exception("the authorizer failed")
    assert "Traceback" in house.logged or "left to the sweeper" in house.logged
    for secret in (*SECRETS, account.callback_secret):
        assert secret not in house.logged, f"{secret} is in the log"


def test_faults_whose_texts_quote_everything(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that puts the whole request into its exception still betrays nothing."""
    text = (
        f"GET https://images.s3.amazonaws.com/x?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/x"
        f"&X-Amz-Security-Token={SESSION_TOKEN}&X-Amz-Signature=deadbeef failed;"
        f" Authorization: Basic YWRhOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ== for"
        f" http://ada:{PASSWORD}@a.example/?token={SOURCE_TOKEN} with {API_KEY},"
        f" whsec_0123456789abcdef0123456789"
    )

    def fail(*_: object, **__: object) -> None:
        raise ValueError(text)

    monkeypatch.setattr(JobsTable, "claim", fail)
    monkeypatch.setattr(bucket_module.Bucket, "describe", fail)
    call("submit", "/v1/optimize", FIELDS, headers=KEY)
    deliver("optimizer", *house.stack.messages())
    answer = call(
        "image",
        "/image/x/a.jpg",
        method="GET",
        account=None,
        resource="/image/{public_id}/{file_name}",
        parameters={"public_id": make_public_id(), "file_name": "a.jpg"},
    )
    assert answer["statusCode"] == 500
    assert b"a.example" not in answer["body"]
    assert "ValueError" in house.logged
    for secret in (
        *(secret for secret in SECRETS if secret not in {"X-Amz-Signature=", "whsec_"}),
        "deadbeef",
        "0123456789abcdef",
        "YWRhOmNvcnJlY3Q",
        "AKIAIOSFODNN7EXAMPLE",
    ):
        assert secret not in house.logged, f"{secret} is in the log"


def test_what_is_no_secret_stays_in_the_log() -> None:
    text = '{"url":"https://a.example/b.jpg","job_id":5,"why":"basic error","path":"/image/x"}'
    assert scrub(text) == text


def test_all_functions_share_one_logger_that_redacts() -> None:
    """No function makes a handler or prints; what services log goes through the same handler."""
    folder: Path = functions.FUNCTIONS
    shared = folder.parent / "layers" / "shared" / "python" / "leanpix"
    for path in (*folder.rglob("*.py"), *shared.rglob("*.py")):
        text = path.read_text("utf-8")
        assert "print(" not in text, path
        if path.name != "observability.py":
            ours = text.replace("logging.getLogger(__name__)", "")
            assert "Logger(" not in ours, path
            assert "getLogger" not in ours, path
            assert "addHandler" not in text, path
    services = logging.getLogger("leanpix.services.submissions")
    assert services.handlers == []
    library = logging.getLogger("leanpix")
    # Beside those that pytest adds.
    assert library.handlers[0] is observability.logger.registered_handler
    assert not library.propagate
