"""Test that a callback says what a poll of the same job says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanpix.dialects.dialect import find_dialect
from leanpix.domain.jobs import FinishedJob
from tests.handlers import ACCOUNT, BASE_URL, SITE_URL, House, form
from tests.ledger.fakes import GAIN, NONE, OURS, REFUSED

if TYPE_CHECKING:
    from leanpix.contract import Api


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((GAIN,), 200),
        ((NONE, REFUSED), 200),
        ((GAIN, OURS), 200),
        ((OURS,), 500),
        ((OURS, OURS), 500),
    ],
)
def test_a_callback_says_what_the_poll_says(kinds: tuple[bytes, ...], status: int) -> None:
    """Also where every image failed for a fault of ours: the 500 of the document."""
    house = House()
    files = [
        (f'name="file{number}"; filename="a.png"', kind + b":1")
        for number, kind in enumerate(kinds, 1)
    ]
    fields = [('name="type"', b"files"), ('name="callback_url"', b"https://client.example/done")]
    body, headers = form([*fields, *files])
    job_id = house.call("POST", "/v1/optimize", body=body, headers=headers).json()["process_id"]
    for _ in kinds:
        house.world.deliver()
    polled = house.call("POST", f"/v1/optimize/{job_id}/result")
    assert polled.status == status
    assert called_back(house, job_id) == polled.body


def called_back(house: House, job_id: int) -> bytes:
    """Return the body that the job's callback posts."""
    backend = house.world.backend
    job = backend.jobs.read(job_id)
    api: Api = job.api
    render = find_dialect(api).render_callback
    assert render
    finished = FinishedJob(job, backend.accounts.read(ACCOUNT))
    return render(finished, base_url=BASE_URL, site_url=SITE_URL)
