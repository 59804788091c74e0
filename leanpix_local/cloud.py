"""Start, use and stop the local cloud.

>>> with LocalCloud() as cloud:
...     print(cloud.url)
http://127.0.0.1:38017
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from leanpix.contract import OutputName, stack_name
from leanpix_local import deploy, ministack, runs, synth
from leanpix_local.aws import CREDENTIAL, REGION, Clients
from leanpix_local.distribution import read_distribution
from leanpix_local.errors import EmulatorError, MissingPrerequisiteError
from leanpix_local.front_door import Backend, FrontDoor
from leanpix_local.gateway import gateway_answers
from leanpix_local.ministack import EmulatorFolders, Ministack
from leanpix_local.paths import EMULATOR_PYTHON, EMULATOR_VENV, RUNS_DIR
from leanpix_local.template import API_ID, LocalSettings, patch_template

STACK_NAME: Final = stack_name(synth.STAGE)
_NOTES: Final = "cloud.json"
_FRONT_DOOR_VARIABLE: Final = "LEANPIX_FRONT_DOOR"

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The addresses and outputs of a running local cloud."""

    url: str
    endpoint_url: str
    outputs: dict[str, str]
    region: str = REGION
    name: str = STACK_NAME


class LocalCloud:
    """The deployed stack on an emulated AWS, behind one port of this machine."""

    def __init__(
        self,
        *,
        port: int = 0,
        state_dir: Path | None = None,
        fresh: bool = False,
        front_door: bool | None = None,
        log: Path | None = None,
        report: Report | None = None,
    ) -> None:
        """Prepare; nothing runs before `start`.

        `port`: of the front door, 0 for any free one. `state_dir`: where tables, objects,
        queues and keys are kept for the next start; without one they end with the cloud.
        `fresh`: begin with nothing even so. `front_door`: whether CloudFront's part is played; by
        default it is, unless the environment says LEANPIX_FRONT_DOOR=false. `report` is called
        with each step.
        """
        self._port = port
        self._state_dir = state_dir
        self._fresh = fresh
        self._has_front_door = (
            os.environ.get(_FRONT_DOOR_VARIABLE) != "false" if front_door is None else front_door
        )
        self._log = log
        self._report = report or (lambda _step: None)
        self._cleanup = contextlib.ExitStack()
        self._emulator: Ministack | None = None
        self._stack: Stack | None = None
        self._stopping = threading.Lock()

    # ----------------------------------------------------------------- use

    @property
    def stack(self) -> Stack:
        """The running stack."""
        if self._stack is None:
            message = "The local cloud does not run."
            raise EmulatorError(message)
        return self._stack

    @property
    def url(self) -> str:
        """The API's root URL, without a slash at the end."""
        return self.stack.url

    @property
    def endpoint_url(self) -> str:
        """The URL of the emulated AWS."""
        return self.stack.endpoint_url

    @property
    def region(self) -> str:
        """The region of the emulated AWS."""
        return self.stack.region

    @property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs, by `contract.OutputName`."""
        return self.stack.outputs

    @property
    def emulator_pid(self) -> int:
        """The emulator's process, whose children are the Lambda processes."""
        if self._emulator is None:
            message = "The local cloud does not run."
            raise EmulatorError(message)
        return self._emulator.mark.pid

    def client(self, service: str) -> Any:
        """Return a boto3 client for the emulated AWS, with the root's credential."""
        return Clients(self.endpoint_url).client(service)

    def environment(self) -> dict[str, str]:
        """Return the variables that point any AWS tool at this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": CREDENTIAL,
            "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
            "AWS_DEFAULT_REGION": self.region,
        }

    def check(self) -> None:
        """Check that the emulator still runs.

        Raises:
            EmulatorError: it has ended by itself.
        """
        if self._emulator is not None and not self._emulator.is_running():
            message = f"The emulated AWS has ended by itself: {self._emulator.log_tail()}"
            raise EmulatorError(message)

    # ----------------------------------------------------------------- life

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def start(self) -> Stack:
        """Start everything and return where it answers; on failure nothing is left."""
        try:
            self._stack = self._start()
        except BaseException:
            self.stop()
            raise
        return self._stack

    def stop(self) -> None:
        """Stop everything, in the reverse order; doing so twice is fine."""
        with self._stopping:
            self._cleanup.close()
            self._stack = None

    def _start(self) -> Stack:
        if not EMULATOR_PYTHON.exists():
            raise MissingPrerequisiteError(EMULATOR_VENV)
        if self._state_dir is not None:
            self._cleanup.enter_context(runs.sole_user(self._state_dir))
            if self._fresh:
                _empty(self._state_dir)
        run = runs.begin(RUNS_DIR)
        self._cleanup.callback(run.remove)
        door = FrontDoor(self._port)
        self._cleanup.callback(door.close)
        emulator = self._start_emulator(run)
        with ThreadPoolExecutor(1) as pool:
            # Both take seconds, and neither needs the other.
            ready = pool.submit(emulator.wait_until_ready)
            self._report("Preparing the template")
            assembly = synth.assembly(front_door=self._has_front_door)
            ready.result()
        template = json.loads((assembly / f"{STACK_NAME}.template.json").read_text("utf-8"))
        outputs = self._deploy(emulator, assembly, template, base_url=door.url)
        door.open(
            Backend(
                port=emulator.port,
                path=f"/_aws/execute-api/{API_ID}/{synth.STAGE}",
                integration_timeout_seconds=synth.INTEGRATION_TIMEOUT_SECONDS,
                answers=gateway_answers(template),
                distribution=read_distribution(template),
                s3=Clients(emulator.endpoint_url).s3,
                bucket=outputs[OutputName.BUCKET],
            )
        )
        return Stack(url=door.url, endpoint_url=emulator.endpoint_url, outputs=outputs)

    def _start_emulator(self, run: runs.Run) -> Ministack:
        self._report("Starting the emulated AWS")
        state = self._services_dir()
        folders = EmulatorFolders(
            run=run.folder, state=state, log=self._log or run.folder / "emulator.log"
        )
        emulator = Ministack(folders, self._emulator_port())
        self._cleanup.callback(emulator.stop)
        emulator.start()
        run.record(emulator.mark)
        self._emulator = emulator
        return emulator

    def _deploy(
        self, emulator: Ministack, assembly: Path, template: dict[str, Any], *, base_url: str
    ) -> dict[str, str]:
        local = patch_template(template, LocalSettings(base_url=base_url))
        digest = hashlib.sha256(json.dumps(local, sort_keys=True).encode()).hexdigest()
        clients = Clients(emulator.endpoint_url)
        outputs = None
        if self._read_notes().get("deployed") == digest:
            outputs = deploy.deployed_outputs(clients, STACK_NAME)
        if outputs is None:
            self._report("Deploying the stack")
            outputs = deploy.deploy(
                clients, assembly=assembly, stack_name=STACK_NAME, template=local
            )
        self._write_notes({"port": emulator.port, "deployed": digest})
        return outputs

    # ----------------------------------------------------------------- state

    def _services_dir(self) -> Path | None:
        return self._state_dir / "aws" if self._state_dir else None

    def _emulator_port(self) -> int:
        """Return the port of the last run if it is free: kept queues are named by their URLs."""
        port = self._read_notes().get("port")
        if isinstance(port, int) and ministack.is_free(port):
            return port
        return ministack.free_port()

    def _read_notes(self) -> dict[str, Any]:
        services = self._services_dir()
        if services is None:
            return {}
        try:
            notes: dict[str, Any] = json.loads((services / _NOTES).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return notes

    def _write_notes(self, notes: dict[str, Any]) -> None:
        services = self._services_dir()
        if services is not None:
            runs.write_atomically(services / _NOTES, json.dumps(notes))


def _empty(folder: Path) -> None:
    """Remove what a state folder holds, but for the lock that we hold on it."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != runs.LOCK_NAME:
            path.unlink()
