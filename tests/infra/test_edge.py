"""Test the programs at the edge under Node.js, as CloudFront runs them."""

from __future__ import annotations

import json
import re
import subprocess
import time
from email.utils import formatdate
from typing import Any

import pytest

from infra.front_door import edge_code
from infra.settings import Settings
from leanpix.contract import find_link
from leanpix.domain.ids import make_public_id
from leanpix.domain.results import result_object_key, upload_object_key
from leanpix_local.edge import find_node

DAY = 86_400
PUBLIC_ID = "f" * 8 + "0123456789abcdef" * 2
"""An id of the year 2106; the same in every process of a test run."""
CODE = {name: edge_code(name, Settings()) for name in ("find_object", "end_caching")}


def run(program: str, event: dict[str, Any]) -> dict[str, Any]:
    """Run a program on an event."""
    code = f"{CODE[program]}\nconsole.log(JSON.stringify(handler({json.dumps(event)})));"
    done = subprocess.run(
        [find_node(), "-e", code], capture_output=True, text=True, check=True, timeout=30
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def ask(uri: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    """Return the request that the program passes on, or its answer."""
    named = {name: {"value": value} for name, value in headers.items()}
    request = {"method": method, "uri": uri, "querystring": {}, "headers": named, "cookies": {}}
    return run("find_object", {"request": request})


@pytest.mark.parametrize(
    ("link", "key"),
    [
        (f"/image/{PUBLIC_ID}/a.jpg", result_object_key(PUBLIC_ID, "a.jpg")),
        (f"/direct-file/optimized/{PUBLIC_ID}-a-b.jpg", result_object_key(PUBLIC_ID, "a-b.jpg")),
        (f"/direct-file/original/{PUBLIC_ID}-a.jpg", upload_object_key(PUBLIC_ID)),
    ],
)
def test_a_link_leads_to_the_object_and_travels_along(link: str, key: str) -> None:
    request = ask(link)
    assert request["uri"] == f"/{key}"
    assert request["headers"]["x-leanpix-link"] == {"value": link}
    assert find_link(link) is not None


@pytest.mark.parametrize(
    "uri",
    [
        f"/image/{PUBLIC_ID[:-1]}/a.jpg",
        f"/image/{PUBLIC_ID}/a/b.jpg",
        "/image/failed/a.jpg",
        f"/direct-file/original/{PUBLIC_ID}",
        f"/direct-file/other/{PUBLIC_ID}-a.jpg",
        f"/image/{PUBLIC_ID}/",
    ],
)
def test_what_is_no_link_keeps_its_path(uri: str) -> None:
    assert ask(uri)["uri"] == uri


def test_a_link_that_may_have_expired_is_left_to_the_function() -> None:
    old = make_public_id(time.time() - 7 * DAY - 60)
    fresh = make_public_id(time.time() - 7 * DAY + 60)
    assert ask(f"/image/{old}/a.jpg")["uri"] == f"/image/{old}/a.jpg"
    assert ask(f"/image/{fresh}/a.jpg")["uri"] == f"/results/{fresh}/a.jpg"


def test_a_name_stays_encoded_and_a_plus_sign_is_one() -> None:
    assert ask(f"/image/{PUBLIC_ID}/%C3%A4%20b+c.jpg")["uri"] == (
        f"/results/{PUBLIC_ID}/%C3%A4%20b%2Bc.jpg"
    )


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ("bytes=0-9", True),
        ("bytes=10-", True),
        ("bytes=-10", True),
        ("bytes=0-1,5-6", False),
        ("lines=1-2", False),
        ("bytes=-", False),
    ],
)
def test_a_range_that_functions_ignore_goes_no_further(value: str, *, is_kept: bool) -> None:
    assert ("range" in ask(f"/image/{PUBLIC_ID}/a.jpg", range=value)["headers"]) is is_kept


def test_a_preflight_is_answered_as_the_api_answers_it() -> None:
    answer = ask(f"/image/{PUBLIC_ID}/a.jpg", "OPTIONS")
    assert answer["statusCode"] == 204
    assert answer["headers"]["access-control-allow-methods"]["value"] == "GET,HEAD,OPTIONS"
    assert "X-API-KEY" in answer["headers"]["access-control-allow-headers"]["value"]


def finish(**headers: str) -> dict[str, str]:
    """Return the headers of a response after the program."""
    named = {name.replace("_", "-"): {"value": value} for name, value in headers.items()}
    response = {"statusCode": 200, "headers": named, "cookies": {}}
    answer = run("end_caching", {"request": {}, "response": response})
    return {name: each["value"] for name, each in answer["headers"].items()}


def test_caching_ends_before_the_file_does() -> None:
    expires = formatdate(time.time() + 1_000, usegmt=True)
    found = finish(expires=expires, x_amz_meta_expires_at="1", last_modified=expires, etag='"a"')
    seconds = re.fullmatch(r"public, max-age=(\d+), immutable", found.pop("cache-control"))
    assert seconds is not None
    assert 990 <= int(seconds[1]) <= 1_000
    assert found == {"expires": expires, "etag": '"a"'}


def test_an_answer_of_a_function_stays_as_it_is() -> None:
    sent = {"cache-control": "no-store", "x-amzn-requestid": "1"}
    assert finish(cache_control="no-store", x_amzn_requestid="1") == sent


@pytest.mark.parametrize("program", CODE)
def test_the_programs_use_what_cloudfronts_runtime_has(program: str) -> None:
    """Its limits: 10 KB, no `eval`, no network, no timers ("JavaScript runtime 2.0 features")."""
    code = CODE[program]
    assert len(code.encode()) <= 10_240
    assert "%" not in re.sub(r"'%2B'", "", code.replace("between percent signs", ""))
    for absent in ("require(", "import ", "eval(", "setTimeout", "fetch(", "process.", "console."):
        assert absent not in code
