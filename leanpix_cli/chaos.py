"""Kill optimizers of a local cloud under load, then audit the ledger: `leanpix chaos`.

Clients submit at the same time, some messages are delivered twice, and optimizer processes are
ended by SIGKILL at random moments. In the end every accepted image must have ended, and every
account's tokens must be what its images leave of them.
"""

from __future__ import annotations

import io
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any, Final

import psutil
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table

from leanpix.contract import IDEMPOTENCY_HEADER, MAX_RECEIVES, OutputName
from leanpix.deployed_stack import DeployedStack
from leanpix.domain.jobs import Image as JobImage
from leanpix.domain.jobs import ImageState
from leanpix.domain.tasks import ImageTask, task_to_body
from leanpix_cli.console import CommandError
from leanpix_cli.local_setup import DEMO_PHOTOS, LocalAccount, create_local_account, find_photo
from leanpix_local.cloud import LocalCloud
from leanpix_local.http import post

OPTIMIZER: Final = "optimizer"
HIDDEN_SECONDS: Final = 6
"""The time for which a message stays hidden after its function's timeout."""
TRIES_OF_A_CLIENT: Final = 8
TOKENS: Final = 1_000
_POLL_SECONDS: Final = 0.5
_GLANCE_SECONDS: Final = 0.03
_KINDS: Final = ("photo",) * 8 + ("text", "noise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The amount of chaos."""

    submits: int = 300
    clients: int = 16
    kills: int = 30
    twice_share: float = 0.1
    patience_seconds: float = 900.0
    function_seconds: int = 40
    """The optimizer's timeout, shorter than deployed: what a killed one held is tried again that
    much sooner."""
    seed: int = 4


@dataclass(slots=True, kw_only=True)
class Report:
    """The audit of a run."""

    submits: int = 0
    accepted: int = 0
    ended: int = 0
    lost: int = 0
    optimized: int = 0
    kept_as_they_were: int = 0
    failed: int = 0
    """Given up and refunded."""
    failed_unexplained: int = 0
    """Those among them that were claimed less often than a message is delivered, so that no kill
    of a worker explains their end."""
    killed_processes: int = 0
    messages_sent_twice: int = 0
    images_tried_again: int = 0
    tokens_given: int = 0
    tokens_left: int = 0
    tokens_of_images: int = 0
    accounts_not_exact: int = 0
    counters_not_exact: int = 0
    seconds: float = 0.0

    @property
    def is_exact(self) -> bool:
        """True where nothing was lost, no token went astray, and every end is explained."""
        is_all_there = self.accepted == self.submits and self.ended == self.submits
        return is_all_there and not (
            self.lost
            or self.failed_unexplained
            or self.accounts_not_exact
            or self.counters_not_exact
        )


@dataclass(slots=True)
class _Run:
    """One run on a cloud."""

    cloud: LocalCloud
    plan: Plan
    stack: DeployedStack
    accounts: list[LocalAccount]
    job_ids: list[int] = field(default_factory=list)
    twice: int = 0
    killed: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def submit_all(self, client: int) -> None:
        """Be one client: submit one image after the other, each until it is accepted."""
        dice = random.Random(f"{self.plan.seed} {client}")  # noqa: S311 - no secret
        sqs = self.cloud.client("sqs")
        for number in range(client, self.plan.submits, self.plan.clients):
            job_id = self._submit(client, number, dice)
            with self._lock:
                self.job_ids.append(job_id)
            if dice.random() < self.plan.twice_share:
                body = task_to_body(ImageTask(job_id, 0))
                url = self.cloud.outputs[OutputName.IMAGES_QUEUE_URL]
                sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="again")
                with self._lock:
                    self.twice += 1

    def _submit(self, client: int, number: int, dice: random.Random) -> int:
        data = make_image(dice.choice(_KINDS), dice)
        for attempt in range(TRIES_OF_A_CLIENT):
            answer = post(
                f"{self.cloud.url}/v1/optimize",
                fields={"type": "file", "file": (f"{number}.png", data)},
                headers={
                    "X-API-KEY": self.accounts[client].api_key,
                    IDEMPOTENCY_HEADER: f"chaos-{number}",
                },
            )
            if answer.status == HTTPStatus.ACCEPTED:
                return int(answer.json()["process_id"])
            time.sleep(attempt + dice.random())
        message = f"submit {number} was not accepted: {answer.status} {answer.body[:200]!r}"
        raise CommandError(message)

    def kill_all(self) -> None:
        """Kill optimizers at random moments until there were enough."""
        dice = random.Random(self.plan.seed)  # noqa: S311 - no secret
        while self.killed < self.plan.kills:
            if self.is_over.wait(dice.uniform(0.05, 1.0)):
                break
            running = find_optimizers(self.cloud.emulator_pid)
            # Images are short: from a random moment on, the first one that is in hand.
            while not running and not self.is_over.wait(_GLANCE_SECONDS):
                running = find_optimizers(self.cloud.emulator_pid)
            if running and kill(dice.choice(running)):
                self.killed += 1

    def wait(self) -> None:
        """Wait until every image has ended, or for as long as there is patience."""
        deadline = time.monotonic() + self.plan.patience_seconds
        jobs = self.stack.jobs()
        for job_id in self.job_ids:
            while time.monotonic() < deadline:
                job = jobs.read(job_id)
                if job is not None and job.is_final:
                    break
                time.sleep(_POLL_SECONDS)

    def audit(self) -> Report:
        """Compare what is on record with what was accepted."""
        images = self._read_images()
        outcomes = Counter(_tell_outcome(image) for image in images)
        report = Report(
            submits=self.plan.submits,
            accepted=len(set(self.job_ids)),
            ended=sum(image.state.is_final for image in images),
            lost=len(set(self.job_ids)) - sum(image.state.is_final for image in images),
            optimized=outcomes["optimized"],
            kept_as_they_were=outcomes["kept"],
            failed=outcomes["failed"],
            failed_unexplained=sum(_is_unexplained(image) for image in images),
            killed_processes=self.killed,
            messages_sent_twice=self.twice,
            images_tried_again=sum(image.attempts > 1 for image in images),
        )
        for account in self.accounts:
            own = [image for image in images if image.account_id == account.account_id]
            self._audit_account(account.account_id, own, report)
        return report

    def _audit_account(self, account_id: str, images: list[JobImage], report: Report) -> None:
        administration = self.stack.administration()
        tokens = administration.show_account(account_id).tokens
        cost = sum(image.cost_tokens for image in images)
        report.tokens_given += TOKENS
        report.tokens_left += tokens
        report.tokens_of_images += cost
        report.accounts_not_exact += tokens != TOKENS - cost
        usage = administration.show_usage(account_id)
        counted = (
            sum(month.images for month in usage),
            sum(month.charged_tokens for month in usage),
            sum(month.bytes_in for month in usage),
        )
        bytes_in = sum(image.outcome.original_bytes for image in images if image.outcome)
        report.counters_not_exact += counted != (len(images), cost, bytes_in)

    def _read_images(self) -> list[JobImage]:
        jobs = self.stack.jobs()
        found = [jobs.read(job_id) for job_id in set(self.job_ids)]
        return [image for job in found if job for image in job.images]


def unleash(cloud: LocalCloud, plan: Plan, report: Callable[[str], None]) -> Report:
    """Run the plan on a running cloud and return the audit."""
    started = time.monotonic()
    _shorten_timeouts(cloud, plan.function_seconds)
    report(f"Creating {plan.clients} accounts")
    accounts = [
        create_local_account(cloud, tokens=TOKENS, plan="free") for _ in range(plan.clients)
    ]
    run = _Run(cloud, plan, DeployedStack(cloud.client, cloud.outputs), accounts)
    report(f"{plan.clients} clients submit {plan.submits} images; {plan.kills} kills")
    killer = threading.Thread(target=run.kill_all, daemon=True)
    killer.start()
    with ThreadPoolExecutor(plan.clients) as pool:
        for done in [pool.submit(run.submit_all, client) for client in range(plan.clients)]:
            done.result()
    report("All submitted; waiting until all have ended")
    run.wait()
    run.is_over.set()
    killer.join()
    result = run.audit()
    result.seconds = round(time.monotonic() - started, 1)
    return result


def find_optimizers(emulator_pid: int) -> list[psutil.Process]:
    """Return the processes in which the emulator runs the optimizer, with an image in hand.

    Each has a child that makes a child for each image (leanpix_engine.sandbox.forkserver).
    """
    return [
        process
        for process in psutil.Process(emulator_pid).children(recursive=True)
        if _is_optimizer(process) and _has_image(process)
    ]


def _is_optimizer(process: psutil.Process) -> bool:
    try:
        name = process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
    except psutil.Error:
        return False
    return name.endswith(f"-{OPTIMIZER}")


def _has_image(process: psutil.Process) -> bool:
    try:
        return any(child.children() for child in process.children())
    except psutil.Error:
        return False


def kill(process: psutil.Process) -> bool:
    """Kill a process; return whether it was still there."""
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


def make_image(kind: str, dice: random.Random) -> bytes:
    """Return a small file: one that gets smaller, one that does not, one that is no image."""
    if kind == "text":
        return b"no image at all"
    buffer = io.BytesIO()
    if kind == "noise":
        Image.effect_noise((48, 48), 90).save(buffer, "PNG", optimize=True)
    else:
        with Image.open(find_photo(DEMO_PHOTOS[0])) as photo:
            left, top = dice.randrange(200), dice.randrange(100)
            photo.crop((left, top, left + 400, top + 300)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _shorten_timeouts(cloud: LocalCloud, seconds: int) -> None:
    """Shorten the time after which a killed process's message comes back."""
    functions = cloud.client("lambda")
    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    (name,) = (name for name in names if name.endswith(f"-{OPTIMIZER}"))
    functions.update_function_configuration(FunctionName=name, Timeout=seconds)
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=cloud.outputs[OutputName.IMAGES_QUEUE_URL],
        Attributes={"VisibilityTimeout": str(seconds + HIDDEN_SECONDS)},
    )


def _tell_outcome(image: JobImage) -> str:
    if image.state is ImageState.FAILED:
        return "failed"
    return "optimized" if image.outcome and image.outcome.main else "kept"


def _is_unexplained(image: JobImage) -> bool:
    return image.state is ImageState.FAILED and image.attempts < MAX_RECEIVES


def print_report(report: Report, plan: Plan, *, as_json: bool) -> None:
    """Print the audit."""
    facts: dict[str, Any] = asdict(report)
    if as_json:
        typer.echo(json.dumps({**facts, "exact": report.is_exact}))
        return
    table = Table(title=f"Chaos: {plan.clients} clients, {plan.kills} kills", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    table.add_row("ledger", "exact" if report.is_exact else "NOT EXACT")
    Console(highlight=False).print(table)


def chaos(*, plan: Plan, as_json: bool) -> int:
    """Run it on a local cloud of its own; return 0 if all ended and every sum is exact."""
    console = Console(stderr=True, highlight=False)
    with LocalCloud(report=console.print) as cloud:
        report = unleash(cloud, plan, console.print)
    print_report(report, plan, as_json=as_json)
    return 0 if report.is_exact and report.killed_processes >= plan.kills else 1
