"""Test our own routes over moto: the jobs, the usage and the keys of an account."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from leanpix.contract import API_KEY_HEADER, MAX_KEYS_PER_ACCOUNT
from leanpix.domain.accounts import KeyRecord
from leanpix.domain.ledger import day_of
from tests.images import make_photo_jpeg
from tests.security import conftest
from tests.security.conftest import API_KEY, House
from tests.security.functions import Context, authorize, call, deliver, load, read

house = conftest.house

PHOTO = make_photo_jpeg(width=96, height=64)
FORM = {"Content-Type": "multipart/form-data; boundary=b", API_KEY_HEADER: API_KEY}
HOOK = "http://10.0.0.1/hook"


def submit(house: House, *, callback: str = "", finish: bool = True) -> int:
    """Send a photo, have it optimized, and return its job's id."""
    parts = {"type": b"file", "callback_url": callback.encode()}
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in parts.items()
        if value
    )
    body += b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    answer = call("submit", "/v1/optimize", body=body + PHOTO + b"\r\n--b--\r\n", headers=FORM)
    if finish:
        deliver("optimizer", *house.stack.messages())
    return int(read(answer)["process_id"])


def ask(
    path: str,
    *,
    method: str = "GET",
    account: str = "acc_1",
    query: dict[str, str] | None = None,
    fields: dict[str, str] | None = None,
) -> tuple[int, Any]:
    """Call one of our routes; return its status and its body."""
    _, _, function, *rest = path.split("/")
    name = {"jobs": "job_id", "keys": "key_id"}.get(function, "")
    resource = "/".join(["", "v1", function, *([f"{{{name}}}"] if rest else []), *rest[1:]])
    answer = call(
        function,
        path,
        fields,
        method=method,
        account=account,
        resource=resource,
        parameters={name: rest[0]} if rest else None,
        query=query,
    )
    return answer["statusCode"], read(answer)


def test_jobs_are_listed_newest_first_page_by_page(house: House) -> None:
    ids = [submit(house, finish=False) for _ in range(3)]
    found: list[int] = []
    query = {"limit": "2"}
    while True:
        status, body = ask("/v1/jobs", query=query)
        assert status == 200
        assert len(body["result"]) <= 2
        found += [job["id"] for job in body["result"]]
        if body["next_cursor"] is None:
            break
        query["cursor"] = body["next_cursor"]
    assert found == ids[::-1]


def test_jobs_of_a_day_or_a_state_are_found(house: House) -> None:
    done, waiting = submit(house), submit(house, finish=False)
    today = day_of(time.time())

    def ids(**query: str) -> list[int]:
        return [job["id"] for job in ask("/v1/jobs", query=query)[1]["result"]]

    assert ids(state="done") == [done]
    assert ids(state="processing") == [waiting]
    assert ids(state="failed") == []
    assert ids(day=today) == [waiting, done]
    assert ids(day="2020-02-29") == []


def test_a_job_shows_its_images_and_its_callback(house: House) -> None:
    job_id = submit(house, callback=HOOK)
    deliver("callbacks", json.dumps({"job_id": job_id, "attempts": 0}))
    status, body = ask(f"/v1/jobs/{job_id}")
    job = body["result"]
    (image,) = job["images"]
    assert status == 200
    assert (job["id"], job["state"], job["operation"]) == (job_id, "done", "compress")
    assert image["original_size"] == len(PHOTO)
    assert image["source"] == "upload"
    assert image["seconds"] > 0
    assert image["options"] == {"compression": "medium"}
    assert image["success"] is (image["reason"] is None if "reason" in image else True)
    assert job["callback"]["url"] == HOOK
    assert job["callback"]["state"] == "pending"
    (one,) = job["callback"]["tries"]
    assert "status" not in one
    assert one["error"]


def test_nobody_sees_the_jobs_of_another_account(house: House) -> None:
    job_id = submit(house)
    assert ask("/v1/jobs", account="acc_2")[1]["result"] == []
    assert ask(f"/v1/jobs/{job_id}", account="acc_2")[0] == 401
    assert ask(f"/v1/jobs/{job_id}/callback", method="POST", account="acc_2")[0] == 401


@pytest.mark.parametrize("job_id", ["1", "x", "9" * 30])
def test_a_job_that_is_none_is_not_found(house: House, job_id: str) -> None:
    assert ask(f"/v1/jobs/{job_id}")[0] == 404
    assert ask(f"/v1/jobs/{job_id}/callback", method="POST")[0] == 404


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/v1/jobs", "state", "lost"),
        ("/v1/jobs", "day", "2026-02-30"),
        ("/v1/jobs", "day", "20261124"),
        ("/v1/jobs", "limit", "many"),
        ("/v1/jobs", "cursor", "1-2"),
        ("/v1/usage", "from", "yesterday"),
        ("/v1/usage", "to", "0001-13-01"),
        ("/v1/usage", "from", "2020-01-01"),
        ("/v1/usage", "from", "9999-01-01"),
    ],
)
def test_a_wrong_query_is_refused_by_name(house: House, path: str, name: str, value: str) -> None:
    status, body = ask(path, query={name: value})
    assert status == 400
    assert f"The {name} field" in body["errors"][0]


def test_a_callback_is_sent_again_from_its_first_try(house: House) -> None:
    job_id = submit(house, callback=HOOK)
    deliver("callbacks", json.dumps({"job_id": job_id, "attempts": 0}))
    status, body = ask(f"/v1/jobs/{job_id}/callback", method="POST")
    assert status == 200
    assert body["result"]["callback"]["attempts"] == 0
    queued = house.stack.sqs.receive_message(
        QueueUrl=house.stack.callbacks_url, MaxNumberOfMessages=10
    )["Messages"]
    assert {"job_id": job_id, "attempts": 0} in [json.loads(one["Body"]) for one in queued]
    deliver("callbacks", json.dumps({"job_id": job_id, "attempts": 0}))
    assert len(ask(f"/v1/jobs/{job_id}")[1]["result"]["callback"]["tries"]) == 2


def test_a_callback_whose_message_was_lost_is_found_by_the_sweeper(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submit(house, callback=HOOK)
    ask(f"/v1/jobs/{job_id}/callback", method="POST")
    house.stack.sqs.purge_queue(QueueUrl=house.stack.callbacks_url)
    now = time.time()
    monkeypatch.setattr("leanpix.adapters.clock.SystemClock.now", lambda _: now + 4_000)
    load("sweeper")({}, Context())
    queued = house.stack.sqs.receive_message(QueueUrl=house.stack.callbacks_url)["Messages"]
    assert json.loads(queued[0]["Body"]) == {"job_id": job_id, "attempts": 0}


def test_a_callback_that_is_not_due_is_not_sent(house: House) -> None:
    none, unfinished = submit(house), submit(house, callback=HOOK, finish=False)
    for job_id in (none, unfinished):
        assert ask(f"/v1/jobs/{job_id}/callback", method="POST")[0] == 409


def test_usage_is_told_by_day(house: House) -> None:
    submit(house)
    today = day_of(time.time())
    status, body = ask("/v1/usage")
    days = body["result"]["days"]
    assert status == 200
    assert len(days) == 30
    assert days[-1]["day"] == today
    assert days[-1]["images"] == 1
    assert days[-1]["original_bytes"] == len(PHOTO)
    assert days[-1]["images_by_format"] == {"jpg": 1}
    assert sum(day["images"] for day in days) == 1
    only = ask("/v1/usage", query={"from": today, "to": today})[1]["result"]["days"]
    assert only == days[-1:]
    assert body["result"]["tokens"]["plan"] == "free"


def test_a_key_is_made_listed_and_revoked(house: House) -> None:
    house.add_usage_plans()
    status, made = ask("/v1/keys", method="POST", fields={"name": "web shop"})
    key = made["result"]
    assert status == 201
    assert key["api_key"].startswith(key["prefix"])
    assert authorize(key["api_key"])["principalId"] == "acc_1"
    listed = ask("/v1/keys")[1]["result"]
    (first, _) = listed["keys"]
    assert (first["id"], first["name"]) == (key["id"], "web shop")
    assert first["last_used_on"] == day_of(time.time())
    assert key["api_key"] not in json.dumps(listed)
    assert listed["signing_secret"].startswith("whsec_")
    assert ask(f"/v1/keys/{key['id']}", method="DELETE")[0] == 200
    assert authorize(key["api_key"])["principalId"] == "unknown"
    assert key["id"] not in json.dumps(ask("/v1/keys")[1])
    assert key["api_key"] not in house.logged


def test_a_key_needs_a_name(house: House) -> None:
    assert ask("/v1/keys", method="POST")[0] == 400
    assert ask("/v1/keys", method="POST", fields={"name": "x" * 61})[0] == 400


def test_an_account_has_so_many_keys_and_no_more(house: House) -> None:
    for number in range(MAX_KEYS_PER_ACCOUNT):
        house.stack.keys.add(
            KeyRecord(
                key_hash=f"{number:064}",
                account_id="acc_1",
                gateway_key_id=f"gateway-{number}",
                created_at=number,
            )
        )
    assert ask("/v1/keys", method="POST", fields={"name": "one more"})[0] == 409


def test_the_last_key_stays(house: House) -> None:
    (key,) = ask("/v1/keys")[1]["result"]["keys"]
    assert ask(f"/v1/keys/{key['id']}", method="DELETE")[0] == 409
    assert authorize(API_KEY)["principalId"] == "acc_1"


def test_nobody_revokes_the_keys_of_another_account(house: House) -> None:
    (key,) = ask("/v1/keys")[1]["result"]["keys"]
    assert ask(f"/v1/keys/{key['id']}", method="DELETE", account="acc_2")[0] == 404
    assert authorize(API_KEY)["principalId"] == "acc_1"


def test_a_key_works_even_when_its_use_cannot_be_noted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr("leanpix.adapters.dynamodb.keys.KeysTable.note_use", fail)
    assert authorize(API_KEY)["principalId"] == "acc_1"
