"""Test the ledger on the local cloud: parallel clients, kills, callbacks, the sweeper."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from leanpix.adapters.bucket import Bucket
from leanpix.adapters.clock import SystemClock
from leanpix.adapters.dynamodb.accounts import AccountsTable
from leanpix.adapters.dynamodb.jobs import JobsTable
from leanpix.adapters.queues import SqsImageQueue
from leanpix.contract import IDEMPOTENCY_HEADER, ErrorName, OutputName
from leanpix.deployed_stack import DeployedStack
from leanpix.domain.errors import LeanpixError
from leanpix.domain.options import ImageOptions, Operation
from leanpix.domain.submission import Link, Submission
from leanpix.services.submissions import SubmissionService
from leanpix.services.uploads import UploadsService
from leanpix_cli.chaos import Plan, unleash
from leanpix_local.aws import make_session
from leanpix_local.cloud import LocalCloud
from tests.api import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leanpix_cli.local_setup import LocalAccount

TEXT = {"file": ("a.jpg", b"no image, so that it ends at once")}


@pytest.fixture
def target(cloud: LocalCloud) -> DeployedStack:
    """Return the stack that administration commands work on."""
    return DeployedStack(cloud.client, cloud.outputs)


class Ear:
    """A server on loopback that takes callbacks and refuses the first ones."""

    def __init__(self, refusals: int) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(503 if len(ear.heard) <= refusals else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/done"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Yield such a server that refuses one callback."""
    ear = Ear(refusals=1)
    yield ear
    ear.server.shutdown()
    ear.server.server_close()


def wait_for(condition: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Return what the condition gives once it is true."""
    ends_at = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.2)
    return found


def test_of_50_submits_at_once_20_are_accepted_on_20_tokens(
    cloud: LocalCloud, make_account: Callable[..., LocalAccount]
) -> None:
    """Fifty threads in the service itself: as many Lambda processes would starve this machine."""
    account = make_account(tokens=20, plan="free")
    service = accept_service_on(cloud)
    everyone_is_ready = threading.Barrier(50)

    def submit(_: int) -> str:
        everyone_is_ready.wait()
        try:
            service.accept(link_submission(account.account_id))
        except LeanpixError as error:
            return error.name.value
        return "accepted"

    with ThreadPoolExecutor(50) as pool:
        answers = Counter(pool.map(submit, range(50)))
    assert answers == {"accepted": 20, ErrorName.NO_TOKENS.value: 30}


def accept_service_on(cloud: LocalCloud) -> SubmissionService:
    """Return the service over the running cloud's tables."""
    config = Config(max_pool_connections=50)
    dynamodb = make_session().client("dynamodb", endpoint_url=cloud.endpoint_url, config=config)
    table = cloud.outputs[OutputName.ACCOUNTS_TABLE]
    accounts = AccountsTable(client=dynamodb, table=table)
    bucket = Bucket(client=cloud.client("s3"), name=cloud.outputs[OutputName.BUCKET])
    url = cloud.outputs[OutputName.IMAGES_QUEUE_URL]
    return SubmissionService(
        jobs=JobsTable(
            client=dynamodb, table=cloud.outputs[OutputName.JOBS_TABLE], accounts=accounts
        ),
        accounts=accounts,
        objects=bucket,
        queue=SqsImageQueue(client=cloud.client("sqs"), url=url),
        uploads=UploadsService(store=bucket),
        clock=SystemClock(),
        retention_days=7,
    )


def link_submission(account_id: str) -> Submission:
    """Return a request for an image that nobody serves."""
    return Submission(
        account_id=account_id,
        api="megaoptim",
        operation=Operation.COMPRESS,
        options=ImageOptions(),
        inputs=(Link(file_name="a.jpg", url="http://127.0.0.1:9/a.jpg"),),
    )


def test_a_submit_sent_again_with_its_key_is_not_charged_again(
    cloud: LocalCloud, make_account: Callable[..., LocalAccount], photo: bytes
) -> None:
    api = Api(cloud.url, make_account(tokens=5, plan="free").api_key)
    headers = {IDEMPOTENCY_HEADER: "order-7"}
    files = {"file": ("a.jpg", photo)}

    def submit(fields: dict[str, str]) -> Any:
        return api.post("/v1/optimize", data=fields, files=files, headers=headers)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: submit({"type": "file"}), range(4)))
    assert {answer.status_code for answer in answers} == {202}
    (process_id,) = {answer.json()["process_id"] for answer in answers}
    assert submit({"type": "file", "webp": "1"}).status_code == 409
    assert api.wait(process_id)["user"]["tokens"] == 4


def test_a_callback_comes_again_until_it_is_taken_and_is_signed(
    api: Api, account: LocalAccount, target: DeployedStack, ear: Ear
) -> None:
    job_id = api.submit({"type": "file", "callback_url": ear.url}, TEXT)
    wait_for(lambda: len(ear.heard) == 2)
    headers, body = ear.heard[1]
    assert body == api.post(f"/v1/optimize/{job_id}/result").content
    fields = dict(field.split("=", 1) for field in headers["x-leanpix-signature"].split(","))
    secret = target.administration().show_account(account.account_id).callback_secret
    signed = f"{fields['t']}.".encode() + body
    assert fields["v1"] == hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()

    def read_statuses() -> list[int | None]:
        callback = target.jobs().read(job_id).callback  # type: ignore[union-attr]  # the job was submitted above
        return [delivery.status for delivery in callback.deliveries] if callback else []

    assert wait_for(lambda: len(read_statuses()) == 2)
    assert read_statuses() == [503, 200]


def test_the_sweeper_may_do_all_that_it_has_to(cloud: LocalCloud) -> None:
    """Under its own role, which the emulator enforces."""
    answer = cloud.client("lambda").invoke(FunctionName="leanpix-local-sweeper", Payload=b"{}")
    report = json.loads(answer["Payload"].read())
    assert report["has_finished"] is True


@pytest.mark.slow
def test_nothing_is_lost_while_optimizers_are_killed() -> None:
    """The small brother of `make chaos`, on a local cloud of its own."""
    plan = Plan(submits=16, clients=2, kills=2, patience_seconds=150, function_seconds=20)
    with LocalCloud() as cloud:
        report = unleash(cloud, plan, lambda _: None)
    assert report.is_exact, report
    assert report.killed_processes == plan.kills
