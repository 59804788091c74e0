"""Test the scripts of the GitHub Action with a fake event, a fake API and a real repository."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import skimage
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action" / "action.yml").read_text("utf-8"))
PAGE = Path(skimage.__file__).parent / "data" / "page.png"
MARKER = "<!-- leanpix -->"


@dataclass
class GitHub:
    """The comments of a pull request, and what was asked."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Yield an API of comments."""
    state = GitHub()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            state.calls.append(f"{self.command} {self.path.partition('?')[0]}")
            state.tokens.add(self.headers["Authorization"])
            sent = self.rfile.read(int(self.headers["Content-Length"] or 0))
            result: Any = state.comments
            if self.command == "POST":
                state.comments.append({"id": 7, **json.loads(sent)})
                result = state.comments[-1]
            if self.command == "PATCH":
                state.comments[-1].update(json.loads(sent))
                result = state.comments[-1]
            body = json.dumps(result).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - names of the base class

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.org")
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone with an image that could be smaller, on the branch topic."""
    git(tmp_path, "init", "--bare", "-b", "topic", "origin.git")
    git(tmp_path, "clone", "origin.git", "clone")
    folder = tmp_path / "clone"
    git(folder, "checkout", "-b", "topic")
    with Image.open(PAGE) as page:
        page.crop((0, 0, 120, 90)).convert("RGB").save(folder / "page.png", compress_level=1)
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    git(folder, "push", "origin", "topic")
    return folder


@dataclass
class Runner:
    """A workflow's machine."""

    folder: Path
    github: GitHub

    def run(self, mode: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the action's script as `action.yml` does."""
        temporary = self.folder.parent / "runner"
        temporary.mkdir(exist_ok=True)
        event = temporary / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 3}}))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(temporary),
            "RUNNER_TEMP": str(temporary),
            "LEANPIX_CACHE_DIR": str(temporary / "cache"),
            "GITHUB_API_URL": self.github.url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "me/site",
            "GITHUB_REF_NAME": "topic",
            "GITHUB_OUTPUT": str(temporary / "output"),
            "GITHUB_STEP_SUMMARY": str(temporary / "summary"),
            "LEANPIX_MODE": mode,
            "LEANPIX_PATHS": ".",
            "LEANPIX_TOKEN": "secret",
            **more,
        }
        return subprocess.run(
            [sys.executable, str(ROOT / "action" / "action.py")],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def written(self, name: str) -> str:
        """Return what GitHub would read."""
        return (self.folder.parent / "runner" / name).read_text()


@pytest.fixture
def runner(clone: Path, github: GitHub) -> Runner:
    """Return a machine with the clone."""
    return Runner(clone, github)


def test_check_fails_and_writes_a_summary(runner: Runner) -> None:
    done = runner.run("check")
    assert done.returncode == 1, done.stderr
    assert "| `page.png` |" in runner.written("summary")
    assert "found=1" in runner.written("output")
    assert runner.github.calls == []


def test_commit_pushes_smaller_images_and_then_has_nothing_to_do(runner: Runner) -> None:
    before = (runner.folder / "page.png").stat().st_size
    assert runner.run("commit").returncode == 0
    assert git(runner.folder, "status", "--porcelain") == ""
    subject = git(runner.folder, "log", "-1", "--format=%s", "origin/topic")
    assert subject.startswith("Make 1 images smaller by ")
    assert (runner.folder / "page.png").stat().st_size < before
    assert runner.run("commit").returncode == 0
    assert git(runner.folder, "rev-list", "--count", "HEAD").strip() == "2"
    assert runner.run("check").returncode == 0


def test_one_comment_is_made_and_then_kept_up_to_date(runner: Runner) -> None:
    assert runner.run("comment").returncode == 0
    assert runner.run("comment").returncode == 0
    (comment,) = runner.github.comments
    assert comment["body"].startswith(MARKER)
    assert "| `page.png` |" in comment["body"]
    assert runner.github.calls == [
        "GET /repos/me/site/issues/3/comments",
        "POST /repos/me/site/issues/3/comments",
        "GET /repos/me/site/issues/3/comments",
        "PATCH /repos/me/site/issues/comments/7",
    ]
    assert runner.github.tokens == {"Bearer secret"}


def test_no_comment_is_made_where_nothing_is_found(runner: Runner) -> None:
    (runner.folder / "page.png").unlink()
    assert runner.run("comment").returncode == 0
    assert runner.github.comments == []


def test_a_file_that_fails_is_a_warning_and_exit_2(runner: Runner) -> None:
    (runner.folder / "bad.png").write_bytes(b"")
    done = runner.run("comment")
    assert done.returncode == 2
    assert "::warning file=bad.png::the file is empty" in done.stdout


def test_arguments_and_references_reach_the_command(runner: Runner) -> None:
    assert runner.run("check", LEANPIX_SINCE="HEAD").returncode == 0
    assert runner.run("check", LEANPIX_ARGUMENTS="--exclude\n*.png").returncode == 0


def test_an_unknown_mode_is_an_error(runner: Runner) -> None:
    done = runner.run("fix")
    assert done.returncode == 2
    assert "::error::" in done.stdout


def test_the_metadata_hands_every_input_to_the_script() -> None:
    """What GitHub asks of a composite action, and that no input is forgotten."""
    assert ACTION["runs"]["using"] == "composite"
    (step,) = (each for each in ACTION["runs"]["steps"] if each.get("id") == "run")
    assert step["shell"] == "bash"
    assert all(each.get("description") for each in ACTION["inputs"].values())
    for name in ACTION["inputs"]:
        assert step["env"][f"LEANPIX_{name.upper()}"] == f"${{{{ inputs.{name} }}}}"
    for output in ACTION["outputs"].values():
        assert "steps.run.outputs." in output["value"]


def test_the_script_installs_what_is_pinned(runner: Runner, tmp_path: Path) -> None:
    """With a Python that only says what it was asked."""
    asked = tmp_path / "asked"
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >>{asked}\n'
        'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n'
    )
    python.chmod(0o755)
    environment = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(tmp_path / "temporary"),
        "LEANPIX_PYTHON": str(python),
        "LEANPIX_PACKAGE": "dist/a.whl\ndist/b.whl",
    }
    script = ["bash", str(ROOT / "action" / "run.sh")]
    subprocess.run(script, cwd=runner.folder, env=environment, check=True)
    venv, install, action = asked.read_text().splitlines()
    assert venv.startswith("-m venv ")
    assert install.endswith("dist/a.whl dist/b.whl")
    assert action.endswith("action.py")
