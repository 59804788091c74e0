"""Run the emulated AWS as a process: started clean, stopped in order, nothing left."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from leanpix_local.errors import EmulatorError, MissingPrerequisiteError
from leanpix_local.paths import EMULATOR_PYTHON, EMULATOR_VENV, ROOT
from leanpix_local.processes import ProcessMark, end_tree

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.02
_PROGRAM: Final = """
import sys
sys.path.append(sys.argv.pop())
from leanpix_local.emulator import main
main()
"""
_LOG_TAIL_LINES: Final = 5


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of 127.0.0.1."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorFolders:
    """The folders that the emulated AWS may write to."""

    run: Path
    """Private to this run; its owner removes it afterwards."""
    log: Path
    state: Path | None = None
    """The state that a later run starts from; None keeps none."""


def emulator_environment(port: int, folders: EmulatorFolders) -> dict[str, str]:
    """Return the whole environment: Lambda processes inherit it, so nothing of ours is in it."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(folders.run / "home"),
        # Its Lambda processes unpack into folders that it never deletes.
        "TMPDIR": str(folders.run / "tmp"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        # It would otherwise look for containers of its own and remove them.
        "DOCKER_HOST": f"unix://{folders.run}/no-docker.sock",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    if folders.state is not None:
        environment |= {
            "PERSIST_STATE": "1",
            "STATE_DIR": str(folders.state / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(folders.state / "s3"),
        }
    return environment


class Ministack:
    """One running emulator."""

    def __init__(self, folders: EmulatorFolders, port: int) -> None:
        """Prepare; nothing runs before `start`."""
        self.port = port
        self._folders = folders
        self._process: subprocess.Popen[bytes] | None = None
        self._children_seen: list[psutil.Process] = []

    @property
    def endpoint_url(self) -> str:
        """The URL of the emulated AWS."""
        return f"http://{HOST}:{self.port}"

    @property
    def mark(self) -> ProcessMark:
        """The process, for the record of this run."""
        if self._process is None:
            message = "The emulated AWS does not run."
            raise EmulatorError(message)
        return ProcessMark.of(self._process.pid)

    def start(self) -> None:
        """Start the process; `wait_until_ready` tells when it answers."""
        if not EMULATOR_PYTHON.exists():
            raise MissingPrerequisiteError(EMULATOR_VENV)
        for name in ("home", "tmp"):
            (self._folders.run / name).mkdir(parents=True, exist_ok=True)
        self._folders.log.parent.mkdir(parents=True, exist_ok=True)
        with self._folders.log.open("ab") as log:
            self._process = subprocess.Popen(
                # -I: no folder and no variable leads it to packages that are not its own.
                [str(EMULATOR_PYTHON), "-I", "-c", _PROGRAM, str(ROOT)],
                env=emulator_environment(self.port, self._folders),
                cwd=self._folders.run,
                # The other end closes with us, however we end: the emulator stops then.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for us; we stop the emulator in order.
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Wait until AWS answers.

        Raises:
            EmulatorError: it does not, or its process has ended.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if not self.is_running():
                self._fail("The emulated AWS ended while it started")
            if time.monotonic() > deadline:
                self._fail(f"The emulated AWS did not answer within {START_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)

    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stop in order, which writes the state; what does not end in time is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        tree = self._tree(process.pid)
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        for member in tree:
            if member.is_running():
                end_tree(member)
        process.wait()

    def log_tail(self) -> str:
        """Return the last lines of the log, as one line."""
        try:
            text = self._folders.log.read_text("utf-8", errors="replace")
        except OSError:
            return ""
        return " | ".join(line.strip() for line in text.splitlines()[-_LOG_TAIL_LINES:])

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _fail(self, what: str) -> None:
        message = f"{what}: {self.log_tail() or 'it wrote no log'}"
        raise EmulatorError(message)

    @staticmethod
    def _tree(pid: int) -> list[psutil.Process]:
        try:
            parent = psutil.Process(pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []
