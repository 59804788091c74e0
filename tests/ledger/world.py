"""The services over a ledger in a world that tests control: time, queues, deaths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from leanpix.contract import Api, ErrorName
from leanpix.domain.accounts import Account
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import make_public_id
from leanpix.domain.jobs import Job, UploadedSource
from leanpix.domain.ledger import Balance, month_of
from leanpix.domain.options import ImageOptions, Operation
from leanpix.domain.results import direct_upload_object_key, upload_object_key
from leanpix.domain.submission import (
    Input,
    Link,
    StoredUpload,
    Submission,
    Upload,
    UploadReference,
)
from leanpix.domain.tasks import CallbackTask, ImageTask
from leanpix.services.callbacks import CallbackAnnouncer, CallbackService
from leanpix.services.jobs import JobService
from leanpix.services.optimization import OptimizationService
from leanpix.services.polls import PollService
from leanpix.services.ports import LeaseLostError
from leanpix.services.recovery import GiveUpService, SweepReport, SweepService
from leanpix.services.submissions import SubmissionService
from leanpix.services.uploads import UploadsService
from tests.ledger import invariants
from tests.ledger.fakes import (
    DAY,
    FUNCTION_SECONDS,
    HOUR,
    MINUTE,
    VISIBILITY_SECONDS,
    FakeDirectUploads,
    FakeEngine,
    FakeFetcher,
    HandClock,
    MemoryCallbackQueue,
    MemoryImageQueue,
    MemoryObjects,
    MemoryPoster,
    MemoryQueue,
    Message,
)
from tests.ledger.faults import Faults, Faulty, ProcessDied
from tests.ledger.memory import MemoryAccounts, MemoryLedger

Result = TypeVar("Result")


@dataclass
class Backend:
    """A ledger behind the services' ports."""

    jobs: Any
    accounts: Any
    records: Any
    callbacks: Any
    add_account: Callable[[Account], None]
    top_up: Callable[[str, int], object]

    @classmethod
    def in_memory(cls, clock: HandClock) -> Backend:
        """Return a ledger in memory."""
        ledger = MemoryLedger(clock)
        return cls(
            jobs=ledger,
            accounts=MemoryAccounts(ledger),
            records=ledger,
            callbacks=ledger,
            add_account=ledger.add_account,
            top_up=ledger.top_up,
        )


class Watched:
    """A ledger whose new jobs are noted, also those whose submit got no answer."""

    def __init__(self, jobs: Any, job_ids: set[int]) -> None:
        self._jobs = jobs
        self._job_ids = job_ids

    def create(self, job: Job, **named: Any) -> None:
        self._job_ids.add(job.job_id)
        self._jobs.create(job, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)


@dataclass
class Accepted:
    """A job whose submit was answered."""

    job_id: int
    account_id: str


class World:
    """One history."""

    def __init__(self, make_backend: Callable[[HandClock], Backend]) -> None:
        """Begin with no account."""
        self.clock = HandClock()
        self.began_at = self.clock.now()
        self.backend = make_backend(self.clock)
        self.faults = Faults()
        self.objects = MemoryObjects()
        self.images = MemoryQueue(self.clock, VISIBILITY_SECONDS)
        self.callbacks = MemoryQueue(self.clock, MINUTE)
        self.poster = MemoryPoster()
        self.engine = FakeEngine(self.clock)
        self.accounts: dict[str, int] = {}
        self.topped_up: Counter[str] = Counter()
        self.accepted: list[Accepted] = []
        self.job_ids: set[int] = set()
        self.expects_delivery = True
        self.idempotent: dict[tuple[str, str], tuple[Submission, int, float]] = {}
        self.restart()

    def restart(self) -> None:
        """Make every service anew, as new processes do."""
        backend, faulty = self.backend, self._faulty
        jobs = faulty("Jobs", Watched(backend.jobs, self.job_ids))
        accounts = faulty("Accounts", backend.accounts)
        objects = faulty("Objects", self.objects)
        queue = faulty("ImageQueue", MemoryImageQueue(self.images))
        callback_queue = faulty("CallbackQueue", MemoryCallbackQueue(self.callbacks))
        announcer = CallbackAnnouncer(jobs=jobs, callbacks=callback_queue)
        self.submission_service = SubmissionService(
            jobs=jobs,
            accounts=accounts,
            objects=objects,
            queue=queue,
            uploads=UploadsService(store=faulty("DirectUploads", FakeDirectUploads(self.objects))),
            clock=self.clock,
            retention_days=7,
        )
        self.optimization_service = OptimizationService(
            jobs=jobs,
            objects=objects,
            fetcher=faulty("Fetcher", FakeFetcher()),
            engine=faulty("Engine", self.engine),
            announcer=announcer,
            clock=self.clock,
            retention_days=7,
        )
        self.give_up_service = GiveUpService(
            jobs=jobs, objects=objects, announcer=announcer, clock=self.clock
        )
        self.sweep_service = SweepService(
            jobs=jobs,
            records=faulty("OpenRecords", backend.records),
            queue=queue,
            uploads=faulty("Uploads", self.objects),
            announcer=announcer,
            giver_up=self.give_up_service,
            clock=self.clock,
        )
        self.callback_service = CallbackService(
            jobs=jobs,
            accounts=accounts,
            callbacks=faulty("Callbacks", backend.callbacks),
            queue=callback_queue,
            poster=faulty("Poster", self.poster),
            clock=self.clock,
            renderers={Api.MEGAOPTIM: lambda done: str(done.job.job_id).encode()},
        )
        self.job_service = JobService(jobs=jobs, clock=self.clock)
        self.poll_service = PollService(
            jobs=self.job_service, accounts=accounts, clock=self.clock, max_hold_seconds=0
        )

    def _faulty(self, port: str, inner: object) -> Any:
        return Faulty(port, inner, self.faults)

    # ------------------------------------------------------------- what happens

    def add_account(self, account_id: str, *, tokens: int, plan: str = "free") -> None:
        """Open an account that begins with its plan's grant, or with so many tokens."""
        month = month_of(self.clock.now())
        self.accounts[account_id] = tokens
        self.backend.add_account(
            Account(
                account_id=account_id,
                name=account_id,
                email="a@example.com",
                plan=plan,
                is_unlimited=tokens < 0,
                month=month,
                balance=Balance(
                    tokens=max(0, tokens),
                    month=month,
                    month_grant=max(0, tokens),
                    given_total=max(0, tokens),
                ),
                callback_secret="whsec_test",
            )
        )

    def top_up(self, account_id: str, tokens: int) -> None:
        """Sell tokens."""
        self.backend.top_up(account_id, tokens)
        self.topped_up[account_id] += tokens

    def submission(
        self,
        account_id: str,
        *inputs: Input,
        callback: bool = False,
        key: str | None = None,
    ) -> Submission:
        """Return a request."""
        return Submission(
            account_id=account_id,
            api=Api.MEGAOPTIM,
            operation=Operation.COMPRESS,
            options=ImageOptions(),
            inputs=inputs,
            callback_url="https://client.example/done" if callback else None,
            idempotency_key=key,
        )

    def shrink(self, account_id: str, item: Input, *, key: str | None = None) -> Submission:
        """Return a request whose result is always there, and which is sent again unnamed."""
        return replace(
            self.submission(account_id, item, key=key),
            api=Api.TINIFY,
            always_has_result=True,
            idempotency_seconds=MINUTE,
        )

    def remake(self, job: Job, *, is_free: bool, key: str | None = None) -> Submission:
        """Return a request for something else of the source of a job."""
        image = job.images[0]
        source = image.source
        stored = StoredUpload(
            file_name=image.file_name,
            object_key=source.object_key
            if isinstance(source, UploadedSource)
            else upload_object_key(image.public_id),
        )
        return replace(self.shrink(job.account_id, stored, key=key), is_free=is_free)

    def submit(self, submission: Submission) -> Job | ErrorName | None:
        """Submit; return the job, the refusal, or None where the process died."""
        try:
            job = self.run(lambda: self.submission_service.accept(submission))
        except LeanpixError as error:
            return error.name
        if job is None:
            return None
        self.accepted.append(Accepted(job.job_id, submission.account_id))
        self._check_idempotency(submission, job)
        return job

    def _check_idempotency(self, submission: Submission, job: Job) -> None:
        if submission.idempotency_key is None:
            return
        name = submission.account_id, submission.idempotency_key
        earlier = self.idempotent.get(name)
        if earlier and self.clock.now() < earlier[2] + submission.idempotency_seconds - 1:
            assert earlier[:2] == (submission, job.job_id), "one key, one request, one job"
        else:
            self.idempotent[name] = submission, job.job_id, job.created_at

    def deliver(self, position: int = 0, *, twice: bool = False) -> bool:
        """Let an optimizer work on a visible message; `twice` leaves it to be delivered again.

        Returns whether there was a message that was done with.
        """
        message = self.images.receive(position)
        if message is None or not isinstance(message.task, ImageTask):
            return False
        task = message.task
        done = self._handle(
            message,
            lambda: self.optimization_service.optimize(task, seconds_left=FUNCTION_SECONDS - 1),
        )
        if done and not twice:
            self.images.delete(message)
        if done and twice:
            message.visible_at = self.clock.now()
        return done

    def deliver_dead(self) -> None:
        """Let the dead letters' consumer work on all there are."""
        for message in list(self.images.dead):
            assert isinstance(message.task, ImageTask)
            if self._handle(message, partial(self.give_up_service.give_up, message.task)):
                self.images.dead.remove(message)

    def deliver_callback(self, position: int = 0, *, twice: bool = False) -> bool:
        """Let a callback be posted; `twice` leaves its message to be delivered again."""
        message = self.callbacks.receive(position)
        if message is None or not isinstance(message.task, CallbackTask):
            return False
        task = message.task
        done = self._handle(
            message, lambda: self.callback_service.call_back(task, seconds_left=29)
        )
        if done and not twice:
            self.callbacks.delete(message)
        return done

    def sweep(self) -> SweepReport | None:
        """Run the sweeper."""
        return self.run(lambda: self.sweep_service.sweep(seconds_left=50))

    def _handle(self, message: Message, work: Callable[[], object]) -> bool:
        """Return whether the message is done with; what raises leaves it in the queue."""

        def finish() -> bool:
            work()
            return True

        try:
            return bool(self.run(finish))
        except LeaseLostError:
            return False

    def run(self, work: Callable[[], Result]) -> Result | None:
        """Do something in a process that may die; return None if it did."""
        try:
            return work()
        except ProcessDied:
            self.restart()
            return None

    def pass_time(self, seconds: float) -> None:
        """Move the clock."""
        self.clock.time += seconds

    # ------------------------------------------------------------- peace

    def settle_down(self) -> None:
        """Let time pass without faults until nothing more happens."""
        self.faults.disarm()
        self.engine.meanwhile.clear()
        self.poster.refusals %= 3
        for pause in [*[140] * 9, *[HOUR + 1] * 16]:
            self.drain()
            if self._is_quiet():
                break
            self.sweep()
            self.drain()
            self.pass_time(pause)
        self.pass_time(DAY + HOUR)
        self.sweep()

    def _is_quiet(self) -> bool:
        """Return whether nothing is left for anyone to do."""
        has_messages = self.images.messages or self.images.dead or self.callbacks.messages
        return not has_messages and all(
            job.is_final and not (job.callback and job.callback.is_pending) for job in self.jobs()
        )

    def drain(self) -> None:
        """Deliver all that is visible."""
        for _ in range(500):
            waiting = [*self.images.visible(), *self.callbacks.visible()]
            if not waiting:
                break
            self.deliver()
            self.deliver_callback()
        self.deliver_dead()

    def jobs(self) -> list[Job]:
        """Return every job on record."""
        created = [entry.job_id for entry in self.accepted]
        found = {job_id: self.backend.jobs.read(job_id) for job_id in {*created, *self.job_ids}}
        return [job for job in found.values() if job is not None]

    def check(self) -> None:
        """Check everything that must hold once nothing more happens."""
        invariants.check(self)


def upload(kind: bytes, size: int = 20) -> Upload:
    """Return an image that the engine treats in some way."""
    return Upload(file_name="a.png", data=kind + b":" + b"x" * size)


def link(kind: bytes) -> Link:
    """Return the URL of one."""
    return Link(file_name="a.png", url=f"https://images.example/{kind.decode()}")


def direct_upload(world: World, account_id: str, kind: bytes) -> UploadReference:
    """Upload a file past the API and return what names it."""
    upload_id = make_public_id(world.clock.now())
    world.objects.files[direct_upload_object_key(account_id, upload_id)] = kind + b":direct"
    return UploadReference(field="upload_id", upload_id=upload_id)
