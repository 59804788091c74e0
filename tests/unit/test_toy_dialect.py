"""Test that a third API is one package, its rows in the contract, and its functions' folders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

PACKAGE = {
    "__init__.py": '''
"""A toy of an API."""

from leanpix.contract import ERRORS, Api, ErrorEntry, ErrorName
from leanpix.dialects.bodies import Body, fill_text, render
from leanpix.dialects.dialect import Dialect
from leanpix.dialects.downloads import to_download_request
from leanpix.domain.errors import LeanpixError
from leanpix.domain.options import ImageOptions, Operation
from leanpix.domain.results import result_object_key
from leanpix.domain.submission import Submission, Upload

ERRORS = {**ERRORS, ErrorName.NO_TOKENS: ErrorEntry(status=402, text="Insert a coin.")}


class Accepted(Body):
    job: int


class Oops(Body):
    oops: str


def parse_submission(request, *, account_id):
    if not request.body:
        raise LeanpixError(ErrorName.UNREADABLE_BODY, kind="an image")
    return Submission(
        account_id=account_id,
        api=Api.TOY,
        operation=Operation.COMPRESS,
        options=ImageOptions(),
        inputs=(Upload(file_name="toy.png", data=request.body),),
    )


def parse_download(request):
    public_id = request.path_parameters["toy_file"]
    return to_download_request(request, public_id, result_object_key(public_id, "toy.png"))


def render_accepted(job):
    return render(Accepted(job=job.job_id), status=201)


def render_error(error, *, site_url):
    entry = ERRORS[error.name]
    return render(Oops(oops=fill_text(entry, error, site_url=site_url)), status=entry.status)


def render_callback(finished, *, base_url, site_url):
    return b"toy"


DIALECT = Dialect(
    errors=ERRORS,
    render_error=render_error,
    job_parameter="toy_job",
    render_callback=render_callback,
    parse_download=parse_download,
)
''',
    "operations.py": '''
"""The toy's routes, described."""

from leanpix.contract import ErrorName
from leanpix.dialects import toy
from leanpix.dialects.operations import DOWNLOAD_ANSWERS, Answer, Description, Operation, Task

ACCEPTED = Answer(status=201, text="Accepted.", body=toy.Accepted)

DESCRIPTION = Description(
    schema_prefix="Toy",
    title="The toy's API",
    text="A toy.",
    operations={
        "/toy/shrink": Operation(
            name="toy_shrink",
            task=Task.SUBMIT,
            summary="Shrink",
            answers=(ACCEPTED,),
            errors=(ErrorName.UNREADABLE_BODY, ErrorName.NO_TOKENS),
        ),
        "/toy/jobs/{toy_job}": Operation(
            name="toy_job",
            task=Task.RESULT,
            summary="Look a job up",
            path_parameters={"toy_job": "Its number."},
            answers=(ACCEPTED,),
            errors=(ErrorName.JOB_NOT_FOUND,),
        ),
        "/toy/files/{toy_file}": Operation(
            name="toy_file",
            task=Task.DOWNLOAD,
            summary="Download",
            path_parameters={"toy_file": "Its id."},
            answers=DOWNLOAD_ANSWERS,
            errors=(ErrorName.IMAGE_NOT_FOUND,),
        ),
    },
    errors=toy.ERRORS,
    error_body=toy.Oops,
    error_example=lambda _entry, text: {"oops": text},
)
''',
}
HANDLERS = {
    "toy_shrink": '''
"""Serve `POST /toy/shrink`."""

from leanpix.bootstrap import submission_service
from leanpix.dialects import toy
from leanpix.gateway import require_account, serves

SERVICE = submission_service()


@serves()
def handler(request):
    submission = toy.parse_submission(request, account_id=require_account(request))
    return toy.render_accepted(SERVICE.accept(submission))
''',
    "toy_job": '''
"""Serve `GET /toy/jobs/{toy_job}`."""

from leanpix.bootstrap import poll_service
from leanpix.dialects import toy
from leanpix.dialects.identifiers import parse_job_id
from leanpix.gateway import require_account, serves

SERVICE = poll_service()


@serves()
def handler(request):
    job_id = parse_job_id(request.path_parameters["toy_job"])
    return toy.render_accepted(SERVICE.look_up(job_id, account_id=require_account(request)))
''',
}
ROWS = """\
    *_routes(Api.TOY, "toy_shrink", Access.KEY_ALL_401, "/toy/shrink", methods=_POST),
    *_routes(Api.TOY, "toy_job", Access.KEY_ALL_401, "/toy/jobs/{toy_job}", methods=_GET),
    *_routes(Api.TOY, "image", Access.PUBLIC, "/toy/files/{toy_file}", methods=_GET),
"""
CALLS = """
import json, sys
from pathlib import Path

from tests import handlers
from leanpix.contract import FUNCTIONS, Api
from leanpix.dialects.dialect import find_dialect
from leanpix.dialects.downloads import parse_download
from leanpix.http import Request
from leanpix.openapi import build_specification

handlers.FUNCTIONS = Path(sys.argv[1])


def open_house(**options):
    house = handlers.House(**options)
    house.install("toy_shrink", house.world.submission_service)
    house.install("toy_job", house.world.job_service)
    return house


house = open_house()
accepted = house.call("POST", "/toy/shrink", body=b"gain:1")
found = house.call("GET", f"/toy/jobs/{accepted.json()['job']}")
link = Request(
    method="GET",
    path="",
    route="/toy/files/{toy_file}",
    path_parameters={"toy_file": "a" * 40},
)
answers = {
    "accepted": accepted,
    "found": found,
    "missing": house.call("GET", "/toy/jobs/7"),
    "empty": house.call("POST", "/toy/shrink"),
    "poor": open_house(tokens=0).call("POST", "/toy/shrink", body=b"gain:1"),
}
specification = build_specification(base_url="https://toy.example", site_url="https://s.example")
print(json.dumps({
    **{name: [answer.status, answer.json()] for name, answer in answers.items()},
    "functions": [name for name in FUNCTIONS if name.startswith("toy")],
    "object_key": parse_download(link).object_key,
    "callback": find_dialect(Api.TOY).render_callback(None, base_url="", site_url="").decode(),
    "specification": specification,
}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a copy of the service says once it has the toy's files and rows."""
    copy = tmp_path_factory.mktemp("toy")
    shared = copy / "shared"
    shutil.copytree(ROOT / "layers/shared/python/leanpix", shared / "leanpix")
    package = shared / "leanpix/dialects/toy"
    package.mkdir()
    for name, text in PACKAGE.items():
        (package / name).write_text(text, "utf-8")
    for name, text in HANDLERS.items():
        (copy / "functions" / name).mkdir(parents=True)
        (copy / "functions" / name / "handler.py").write_text(text, "utf-8")
    routes = shared / "leanpix/contract/routes.py"
    text = routes.read_text("utf-8")
    for before, row in (
        ('    TINYJPG = "tinyjpg"\n', '    TOY = "toy"\n'),
        ("ROUTES: Final[tuple[Route, ...]] = (\n", ROWS),
    ):
        assert text.count(before) == 1
        text = text.replace(before, before + row)
    routes.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", CALLS, str(copy / "functions")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(shared), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def test_its_requests_go_through_gateway_and_services(told: dict[str, Any]) -> None:
    assert told["accepted"][0] == 201
    assert told["found"] == told["accepted"]


def test_its_errors_have_its_own_words_statuses_and_envelope(told: dict[str, Any]) -> None:
    assert told["poor"] == [402, {"oops": "Insert a coin."}]
    assert told["missing"] == [404, {"oops": "Job not found."}]
    assert told["empty"][0] == 400


def test_its_routes_links_and_callbacks_are_found(told: dict[str, Any]) -> None:
    assert told["functions"] == ["toy_shrink", "toy_job"]
    assert told["object_key"] == f"results/{'a' * 40}/toy.png"
    assert told["callback"] == "toy"


def test_openapi_describes_it(told: dict[str, Any]) -> None:
    paths = told["specification"]["paths"]
    assert paths["/toy/shrink"]["post"]["tags"] == ["The toy's API"]
    assert "402" in paths["/toy/shrink"]["post"]["responses"]
    (parameter,) = paths["/toy/jobs/{toy_job}"]["get"]["parameters"]
    assert parameter["schema"]["type"] == "integer"
    assert {"ToyAccepted", "ToyOops"} <= set(told["specification"]["components"]["schemas"])
