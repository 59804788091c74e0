"""Test an image's way through the services over moto, with the real engine."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from leanpix.adapters.engine import LeanpixEngine
from leanpix.contract import MAX_FILE_NAME_BYTES, ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import Credentials, Image, ImageState, Job, UrlSource
from leanpix.domain.options import ImageOptions, Operation
from leanpix.domain.results import DownloadRequest, result_object_key
from leanpix.domain.submission import Link, Submission, Upload
from leanpix.domain.tasks import ImageTask, task_from_body
from leanpix.services.callbacks import CallbackAnnouncer
from leanpix.services.engine_port import EngineRefusedError
from leanpix.services.jobs import JobService
from leanpix.services.optimization import SETTLE_MARGIN_SECONDS, OptimizationService
from leanpix.services.polls import PollService
from leanpix.services.ports import FetchFailedError, LeaseLostError
from leanpix.services.recovery import GiveUpService
from leanpix.services.results import ResultService
from leanpix.services.submissions import SubmissionService
from leanpix.services.uploads import UploadsService
from tests.images import make_photo, make_photo_jpeg, make_portrait_png

if TYPE_CHECKING:
    from tests.integration.conftest import Stack

DAY = 86_400


@dataclass
class HandClock:
    """A clock that tests move; a sleep moves it too."""

    time: float = 1_800_000_000.0
    sleeps: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the time."""
        self.sleeps.append(seconds)
        self.time += seconds


@dataclass
class FakeFetcher:
    """A fetcher that serves one file, or refuses."""

    data: bytes | None = None
    seen: list[Credentials | None] = field(default_factory=list)

    def fetch(self, url: str, *, credentials: Credentials | None, max_bytes: int) -> bytes:
        """Return the file."""
        del url, max_bytes
        self.seen.append(credentials)
        if self.data is None:
            text = "the URL answered with status 404"
            raise FetchFailedError(text, reason="fetch_failed")
        return self.data


class House:
    """The services over one stack and one clock."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.clock = HandClock()
        self.fetcher = FakeFetcher()
        self.announcer = CallbackAnnouncer(jobs=stack.jobs, callbacks=stack.callback_queue)
        self.accept = SubmissionService(
            jobs=stack.jobs,
            accounts=stack.accounts,
            objects=stack.bucket,
            queue=stack.queue,
            uploads=UploadsService(store=stack.bucket),
            clock=self.clock,
            retention_days=7,
        )
        self.optimize = OptimizationService(
            jobs=stack.jobs,
            objects=stack.bucket,
            fetcher=self.fetcher,
            engine=LeanpixEngine(),
            announcer=self.announcer,
            clock=self.clock,
            retention_days=7,
        )
        self.wait = PollService(
            jobs=JobService(jobs=stack.jobs, clock=self.clock),
            accounts=stack.accounts,
            clock=self.clock,
            max_hold_seconds=27,
        )
        self.give_up = GiveUpService(
            jobs=stack.jobs, objects=stack.bucket, announcer=self.announcer, clock=self.clock
        )
        self.download = ResultService(results=stack.bucket, clock=self.clock)

    def submit(
        self, *inputs: Upload | Link, options: ImageOptions | None = None, account: str = "acc_1"
    ) -> Job:
        """Submit inputs for an account."""
        return self.accept.accept(
            Submission(
                account_id=account,
                api="megaoptim",
                operation=Operation.COMPRESS,
                options=options or ImageOptions(),
                inputs=inputs,
            )
        )

    def work(self) -> None:
        """Do what waits in the queue."""
        for body in self.stack.messages():
            self.optimize.optimize(task_from_body(body), seconds_left=60)

    def image(self, job: Job, index: int = 0) -> Image:
        """Return an image as recorded."""
        found = self.stack.jobs.read(job.job_id)
        assert found is not None
        return found.images[index]


@pytest.fixture
def house(stack: Stack) -> House:
    """Return the services, with an account that has ten tokens."""
    stack.add_account(tokens=10)
    return House(stack)


PHOTO = make_photo_jpeg(width=320, height=240, quality=98)
PORTRAIT = make_portrait_png()
"""A picture that WebP stores in far fewer bytes than PNG."""


class TestSubmitting:
    """SubmissionService."""

    def test_charges_one_token_per_image_and_queues_each(self, house: House) -> None:
        """Two images cost two tokens and make two messages."""
        job = house.submit(Upload(file_name="a.jpg", data=PHOTO), Upload(file_name="b", data=b"x"))
        assert house.stack.tokens_of() == 8
        tasks = {task_from_body(body) for body in house.stack.messages()}
        assert tasks == {ImageTask(job.job_id, 0), ImageTask(job.job_id, 1)}

    def test_refuses_more_images_than_tokens_and_records_nothing(self, house: House) -> None:
        """All of a job is accepted, or none of it."""
        house.stack.add_account(tokens=1, account_id="acc_2")
        with pytest.raises(LeanpixError) as refused:
            house.submit(*[Upload(file_name="a.jpg", data=PHOTO)] * 2, account="acc_2")
        assert refused.value.name is ErrorName.NO_TOKENS
        assert house.stack.tokens_of("acc_2") == 1
        assert house.stack.messages() == []

    def test_an_unlimited_account_is_never_charged(self, house: House) -> None:
        """-1 stays -1, however the image ends."""
        house.stack.add_account(tokens=-1, account_id="acc_2")
        house.submit(Upload(file_name="a.txt", data=b"no image"), account="acc_2")
        house.work()
        assert house.stack.tokens_of("acc_2") == -1

    def test_an_id_that_is_taken_is_our_fault_and_costs_nothing(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another's job stays as it is."""
        taken = house.submit(Upload(file_name="a.jpg", data=PHOTO)).job_id
        monkeypatch.setattr("leanpix.services.submissions.make_job_id", lambda: taken)
        with pytest.raises(LeanpixError) as refused:
            house.submit(Upload(file_name="b.jpg", data=PHOTO))
        assert refused.value.name is ErrorName.INTERNAL
        assert house.stack.tokens_of() == 9

    def test_the_queue_tells_how_many_wait(self, house: House) -> None:
        """For the sweeper, which holds back while images wait."""
        assert house.stack.queue.count_waiting() == 0
        house.submit(Upload(file_name="a.jpg", data=PHOTO))
        assert house.stack.queue.count_waiting() == 1


class TestOptimizing:
    """OptimizationService."""

    def test_a_photo_ends_smaller_and_paid_for(self, house: House) -> None:
        """The result is stored where its URL says, and the token is kept."""
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        house.work()
        image = house.image(job)
        assert image.state is ImageState.DONE
        assert image.outcome is not None
        assert image.outcome.main is not None
        assert image.outcome.main.bytes < image.outcome.original_bytes == len(PHOTO)
        assert house.stack.tokens_of() == 9
        key = result_object_key(image.public_id, "photo.jpg")
        download = house.download.download(DownloadRequest(object_key=key))
        assert len(download.data) == image.outcome.main.bytes
        assert download.content_type == "image/jpeg"

    def test_what_is_no_image_ends_with_a_reason_and_is_paid_back(self, house: House) -> None:
        """A bad image is a result, not a failure."""
        job = house.submit(Upload(file_name="note.jpg", data=b"not an image at all"))
        house.work()
        image = house.image(job)
        assert image.state is ImageState.DONE
        assert image.outcome is not None
        assert (image.outcome.main, image.outcome.reason) == (None, "unsupported_format")
        assert house.stack.tokens_of() == 10

    def test_a_second_delivery_changes_nothing(self, house: House) -> None:
        """The message of an image that has ended is done with."""
        job = house.submit(Upload(file_name="note.jpg", data=b"not an image at all"))
        house.work()
        assert house.optimize.optimize(ImageTask(job.job_id, 0), seconds_left=60) is None
        assert house.stack.tokens_of() == 10

    def test_an_image_that_another_worker_holds_is_left_to_it(self, house: House) -> None:
        """Until the lease ends; then it is taken over."""
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        task, now = ImageTask(job.job_id, 0), house.clock.now()
        house.stack.jobs.claim(task, lease_id="other", now=now, lease_ends_at=now + 60)
        with pytest.raises(LeaseLostError):
            house.optimize.optimize(task, seconds_left=60)
        house.clock.time += 61
        assert house.optimize.optimize(task, seconds_left=60) is not None
        assert house.image(job).attempts == 2

    def test_a_worker_that_lost_its_lease_records_nothing(self, house: House) -> None:
        """Only the holder of the lease settles."""
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        task, now = ImageTask(job.job_id, 0), house.clock.now()
        slow = house.stack.jobs.claim(task, lease_id="slow", now=now, lease_ends_at=now + 1)
        house.clock.time += 2
        house.work()
        assert slow is not None
        ended = house.image(job)
        assert ended.outcome is not None
        with pytest.raises(LeaseLostError):
            house.stack.jobs.settle(
                slow, state=ImageState.DONE, outcome=replace(ended.outcome, main=None), now=now
            )
        assert house.stack.tokens_of() == 9

    def test_a_url_is_fetched_with_its_credentials_which_are_then_forgotten(
        self, house: House
    ) -> None:
        """A password lives no longer than the work on its image."""
        house.fetcher.data = PHOTO
        credentials = Credentials(user="ada", password="secret")
        job = house.submit(
            Link(file_name="p.jpg", url="https://example.com/p.jpg", credentials=credentials)
        )
        house.work()
        assert house.fetcher.seen == [credentials]
        source = house.image(job).source
        assert isinstance(source, UrlSource)
        assert source.credentials is None

    def test_a_url_that_cannot_be_fetched_is_a_result_with_a_reason(self, house: House) -> None:
        """And costs nothing."""
        job = house.submit(Link(file_name="p.jpg", url="https://example.com/p.jpg"))
        house.work()
        outcome = house.image(job).outcome
        assert outcome is not None
        assert outcome.reason == "fetch_failed"
        assert house.stack.tokens_of() == 10

    def test_the_webp_beside_the_image_is_free_of_charge(self, house: House) -> None:
        """One image, one token."""
        job = house.submit(
            Upload(file_name="photo.png", data=PORTRAIT), options=ImageOptions(also_webp=True)
        )
        house.work()
        outcome = house.image(job).outcome
        assert outcome is not None
        assert outcome.webp is not None
        assert outcome.webp.file_name == "photo.png.webp"
        assert house.stack.tokens_of() == 9

    def test_the_webp_beside_the_image_never_takes_its_place(self, house: House) -> None:
        """A PNG may have a long name that ends in .webp."""
        name = "x" * (MAX_FILE_NAME_BYTES - 5) + ".webp"
        job = house.submit(
            Upload(file_name=name, data=PORTRAIT), options=ImageOptions(also_webp=True)
        )
        house.work()
        outcome = house.image(job).outcome
        assert outcome
        assert outcome.main
        assert outcome.webp
        key = result_object_key(house.image(job).public_id, outcome.main.file_name)
        download = house.download.download(DownloadRequest(object_key=key))
        assert download.content_type == "image/png"
        assert len(download.data) == outcome.main.bytes

    def test_a_webp_has_no_webp_beside_it(self, house: House) -> None:
        """It is one already."""
        buffer = io.BytesIO()
        make_photo(width=320, height=240).save(buffer, "WEBP", quality=98)
        job = house.submit(
            Upload(file_name="photo.webp", data=buffer.getvalue()),
            options=ImageOptions(also_webp=True),
        )
        house.work()
        outcome = house.image(job).outcome
        assert outcome
        assert outcome.webp is None
        listed = house.stack.s3.list_objects_v2(Bucket="images", Prefix="results/")
        assert len(listed.get("Contents", [])) == (1 if outcome.main else 0)

    def test_the_time_of_a_slow_fetch_is_taken_off_the_engines(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With a margin in which the end is recorded."""
        given: list[float] = []

        def fetch(*_: object, **__: object) -> bytes:
            house.clock.sleep(5)
            return PHOTO

        def optimize(*_: object, max_seconds: float) -> None:
            given.append(max_seconds)
            reason = "corrupt_image"
            raise EngineRefusedError(reason, None)

        monkeypatch.setattr(house.fetcher, "fetch", fetch)
        monkeypatch.setattr(house.optimize.engine, "optimize", optimize)
        house.submit(Link(url="http://a.example/x.jpg", file_name="x.jpg"))
        house.work()
        assert given == [60 - 5 - SETTLE_MARGIN_SECONDS]

    def test_a_try_before_a_release_optimizes_and_records_nothing(self, house: House) -> None:
        """`probe`, which the rollout calls."""
        result = house.optimize.probe(PHOTO)
        assert result.main is not None
        assert len(result.main.data) < len(PHOTO)

    def test_where_a_result_is_promised_the_original_is_one(self, house: House) -> None:
        """And where none is promised, nothing is stored."""
        made = house.optimize.probe(PHOTO).main
        assert made is not None
        for is_promised in (True, False):
            job = house.accept.accept(
                Submission(
                    account_id="acc_1",
                    api="tinyjpg",
                    operation=Operation.COMPRESS,
                    options=ImageOptions(),
                    inputs=(Upload(file_name="a.jpg", data=made.data),),
                    always_has_result=is_promised,
                )
            )
            house.work()
            image = house.image(job)
            assert image.outcome is not None
            assert image.outcome.main is None
            key = result_object_key(image.public_id, "a.jpg")
            stored = house.stack.bucket.describe(key)
            assert (stored is not None) is is_promised

    def test_usage_counts_images_and_bytes_of_the_month(self, house: House) -> None:
        """Kept images count as sent but not as optimized."""
        house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        house.submit(Upload(file_name="note.jpg", data=b"not an image at all"))
        house.work()
        (usage,) = house.stack.account_records.read_usage("acc_1")
        assert (usage.month, usage.images, usage.optimized_images) == ("2027-01", 2, 1)
        assert usage.bytes_in == len(PHOTO) + 19
        assert usage.bytes_out < usage.bytes_in


class TestGivingUp:
    """GiveUpService."""

    def test_a_given_up_image_ends_failed_and_is_paid_back(self, house: House) -> None:
        """Once nobody holds it any more."""
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        task, now = ImageTask(job.job_id, 0), house.clock.now()
        house.stack.jobs.claim(task, lease_id="dead", now=now, lease_ends_at=now + 60)
        with pytest.raises(LeaseLostError):
            house.give_up.give_up(task)
        house.clock.time += 61
        assert house.give_up.give_up(task)
        assert house.image(job).state is ImageState.FAILED
        assert house.stack.tokens_of() == 10

    def test_giving_up_twice_pays_back_once(self, house: House) -> None:
        """Ended is ended."""
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        task = ImageTask(job.job_id, 0)
        assert house.give_up.give_up(task)
        assert not house.give_up.give_up(task)
        assert house.stack.tokens_of() == 10


class TestWaiting:
    """PollService."""

    def test_returns_every_image_in_the_order_submitted(self, house: House) -> None:
        """Failed ones too."""
        job = house.submit(
            Upload(file_name="1.txt", data=b"one"), Upload(file_name="2.jpg", data=PHOTO)
        )
        house.work()
        finished = house.wait.wait(job.job_id, account_id="acc_1", wait_seconds=80)
        assert [image.file_name for image in finished.job.images] == ["1.txt", "2.jpg"]
        assert finished.account.tokens == 9
        assert house.clock.sleeps == []

    def test_gives_up_before_api_gateway_does(self, house: House) -> None:
        """And tells how long it waited."""
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        with pytest.raises(LeanpixError) as timed_out:
            house.wait.wait(job.job_id, account_id="acc_1", wait_seconds=80)
        assert timed_out.value.name is ErrorName.WAIT_TIMED_OUT
        assert timed_out.value.facts == {"wait_seconds": 27}
        assert sum(house.clock.sleeps) == pytest.approx(27)

    def test_looks_often_enough_to_answer_within_150_ms_of_the_result(self, house: House) -> None:
        """No pause of the first half minute is longer than a tenth of a second."""
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        with pytest.raises(LeanpixError):
            house.wait.wait(job.job_id, account_id="acc_1", wait_seconds=80)
        assert max(house.clock.sleeps) <= 0.1

    def test_anothers_job_is_denied(self, house: House) -> None:
        """Whatever its state."""
        house.stack.add_account(account_id="acc_2")
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        with pytest.raises(LeanpixError) as denied:
            house.wait.wait(job.job_id, account_id="acc_2", wait_seconds=30)
        assert denied.value.name is ErrorName.NOT_YOUR_JOB

    def test_an_unknown_or_expired_job_is_not_found(self, house: House) -> None:
        """DynamoDB's own deletion may be days late."""
        job = house.submit(Upload(file_name="1.txt", data=b"one"))
        house.work()
        house.clock.time += 7 * DAY
        for job_id in (job.job_id, 1):
            with pytest.raises(LeanpixError) as missing:
                house.wait.wait(job_id, account_id="acc_1", wait_seconds=30)
            assert missing.value.name is ErrorName.JOB_NOT_FOUND

    def test_a_job_whose_images_all_failed_for_our_fault_is_a_failure(self, house: House) -> None:
        """The document's 500."""
        job = house.submit(Upload(file_name="photo.jpg", data=PHOTO))
        house.give_up.give_up(ImageTask(job.job_id, 0))
        with pytest.raises(LeanpixError) as failed:
            house.wait.wait(job.job_id, account_id="acc_1", wait_seconds=30)
        assert failed.value.name is ErrorName.OPTIMIZATION_FAILED
