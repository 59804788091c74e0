"""Test that the local cloud leaves nothing behind, however it ends, and keeps its data."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from leanpix_cli.local_setup import find_photo
from leanpix_local import runs
from leanpix_local.cloud import LocalCloud
from leanpix_local.errors import AlreadyRunningError, MissingPrerequisiteError, PortInUseError
from leanpix_local.http import Answer, post
from leanpix_local.ministack import EmulatorFolders, Ministack, emulator_environment, free_port
from leanpix_local.paths import ROOT
from leanpix_local.processes import ProcessMark

LEANPIX = Path(sys.executable).with_name("leanpix")

# Starts an emulator and is then killed without a chance to stop it.
OWNER_PROGRAM = """
import sys, time
from pathlib import Path
from leanpix_local import runs
from leanpix_local.ministack import EmulatorFolders, Ministack, free_port
run = runs.begin(Path(sys.argv[1]))
emulator = Ministack(EmulatorFolders(run=run.folder, log=run.folder / "log"), free_port())
emulator.start()
emulator.wait_until_ready()
run.record(emulator.mark)
print(emulator.mark.pid, flush=True)
time.sleep(60)
"""


def wait_for(what: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.05)
    return what()


def processes_with(text: str) -> list[str]:
    """Return the command lines of processes that name something, but for our own."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "pid"]):
        environ = process.info["environ"] or {}
        words = [*(process.info["cmdline"] or []), *environ.values()]
        if process.info["pid"] != os.getpid() and any(text in word for word in words):
            found.append(" ".join(words[:4]))
    return found


# --------------------------------------------------------------------------- parts


def test_lambda_processes_inherit_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEANPIX_SECRET", "x")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    folders = EmulatorFolders(run=tmp_path, log=tmp_path / "log")
    environment = emulator_environment(4566, folders)
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["AUTH"] == "true"
    assert not environment.keys() & {"LEANPIX_SECRET", "HTTPS_PROXY", "VIRTUAL_ENV"}


def test_a_process_id_given_anew_is_not_taken_for_the_old_process() -> None:
    mark = ProcessMark.of(os.getpid())
    assert mark.find() is not None
    assert ProcessMark(pid=mark.pid, created=mark.created - 5).find() is None


def test_files_are_written_whole_and_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "stack.json"
    runs.write_atomically(path, "{}")
    assert path.read_text() == "{}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["stack.json"]


def test_a_second_user_of_a_state_is_refused_in_one_line(tmp_path: Path) -> None:
    with (
        runs.sole_user(tmp_path),
        pytest.raises(AlreadyRunningError, match=rf"^[^\n]*\(process {os.getpid()}\)[^\n]*$"),
        runs.sole_user(tmp_path),
    ):
        pass
    with runs.sole_user(tmp_path):
        pass


def test_a_missing_prerequisite_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leanpix_local.cloud.EMULATOR_PYTHON", tmp_path / "python")
    with pytest.raises(MissingPrerequisiteError, match=r"^\.venv-cloud is missing: run `make"):
        LocalCloud().start()


def test_a_port_in_use_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leanpix_local.cloud.RUNS_DIR", tmp_path / "run")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError):
            LocalCloud(port=port, state_dir=tmp_path / "state").start()
    assert not (tmp_path / "run").exists()


def test_a_stopped_emulator_leaves_no_process(tmp_path: Path) -> None:
    emulator = Ministack(EmulatorFolders(run=tmp_path, log=tmp_path / "log"), free_port())
    emulator.start()
    emulator.wait_until_ready()
    assert processes_with(str(tmp_path))
    emulator.stop()
    emulator.stop()
    assert processes_with(str(tmp_path)) == []


def test_an_emulator_ends_with_its_killed_owner_and_the_next_start_clears_up(
    tmp_path: Path,
) -> None:
    runs_dir = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", OWNER_PROGRAM, str(runs_dir)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    assert wait_for(lambda: not psutil.pid_exists(pid), 20)
    assert len(list(runs_dir.iterdir())) == 1
    runs.sweep(runs_dir)
    assert list(runs_dir.iterdir()) == []


# --------------------------------------------------------------------------- leanpix serve


class StallingServer(http.server.ThreadingHTTPServer):
    """A server of a photo that can hold the fetcher back in the middle of a job."""

    daemon_threads = True

    def __init__(self, photo: bytes) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.set()
                outer.released.wait(60)
                self.send_response(200)
                self.send_header("Content-Length", str(len(photo)))
                self.end_headers()
                self.wfile.write(photo)

            def log_message(self, *_arguments: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the client is killed on purpose."""


class Serve:
    """`leanpix serve` in a process of its own, with a `.local` of its own."""

    def __init__(self, local_dir: Path, temporary: Path) -> None:
        self.local_dir = local_dir
        self.environment = os.environ | {
            "LEANPIX_LOCAL_DIR": str(local_dir),
            "TMPDIR": str(temporary),
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> dict[str, str]:
        self.process = subprocess.Popen(
            [LEANPIX, "serve", "--port", "0"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        process, stack = self.process, self.local_dir / "stack.json"
        wait_for(lambda: stack.exists() or process.poll() is not None, 200)
        assert stack.exists(), process.communicate()[0]
        loaded: dict[str, str] = json.loads(stack.read_text())
        return loaded

    def stop(self, kind: signal.Signals) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(kind)
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output

    def run_another(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [LEANPIX, "serve", "--port", "0"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    running = Serve(tmp_path / "local", temporary)
    yield running
    if running.process is not None and running.process.poll() is None:
        running.process.kill()
        running.process.communicate()


@pytest.fixture
def stalling() -> Iterator[StallingServer]:
    server = StallingServer(find_photo("rocket.jpg").read_bytes())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


def call(stack: dict[str, str], path: str, **fields: str) -> Answer:
    return post(stack["url"] + path, fields=fields, headers={"X-API-KEY": stack["api_key"]})


@pytest.mark.slow
def test_a_job_ends_although_the_local_cloud_is_stopped_in_its_middle(
    serve: Serve, stalling: StallingServer
) -> None:
    first = serve.start()
    assert set(first) == {"url", "api_key", "account_id"}
    another = serve.run_another()
    assert another.returncode == 1
    assert "already runs" in another.stderr
    assert another.stderr.count("\n") == 1
    url = f"http://127.0.0.1:{stalling.server_port}/photo.jpg"
    accepted = call(first, "/v1/optimize", type="url", url=url)
    assert accepted.status == 202, accepted
    assert stalling.asked.wait(60)

    code, output = serve.stop(signal.SIGTERM)

    assert code == 0, output
    assert processes_with(str(serve.local_dir)) == []
    assert list((serve.local_dir.parent / "tmp").iterdir()) == []
    left = {path.name for path in serve.local_dir.iterdir()}
    assert left == {"state", "serve.log"}

    stalling.released.set()
    second = serve.start()
    assert second["account_id"] == first["account_id"]
    assert second["api_key"] == first["api_key"]
    process_id = accepted.json()["process_id"]
    finished = call(second, f"/v1/optimize/{process_id}/result?timeout=60")
    assert finished.status == 200, finished
    assert finished.json()["result"][0]["success"] is True
    code, output = serve.stop(signal.SIGINT)
    assert code == 0, output
