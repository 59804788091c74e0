"""Submit images from well-behaved clients while the stack is being changed."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import Final

from leanpix.contract import IDEMPOTENCY_HEADER
from leanpix_local.http import post

TRIES: Final = 6
PAUSE_SECONDS: Final = 0.4
STARTING_SECONDS: Final = 60.0


@dataclass(slots=True)
class Traffic:
    """Clients that submit until `stop` is called."""

    url: str
    api_key: str
    clients: int
    photo: bytes
    job_ids: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Server errors and lost connections; such a request was sent again, with its own key."""
    refused: list[str] = field(default_factory=list)
    """The answers in place of 202 where sending again does not help, or did not."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin to submit."""
        self._threads = [threading.Thread(target=self._submit_all) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()

    def run(self, seconds: float) -> None:
        """Let them submit for a while, and until each had one more accepted, or nearly."""
        enough = len(self.job_ids) + self.clients
        started = time.monotonic()
        while time.monotonic() < started + STARTING_SECONDS:
            time.sleep(PAUSE_SECONDS)
            if time.monotonic() > started + seconds and len(self.job_ids) >= enough:
                return

    def stop(self) -> None:
        """End, once the requests that are under way are answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _submit_all(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._submit(key=str(uuid.uuid4()))

    def _submit(self, *, key: str) -> None:
        """Submit a photo; send it again where the fault may pass."""
        answer = ""
        for attempt in range(TRIES):
            time.sleep(attempt * PAUSE_SECONDS)
            is_final, answer = self._send(key)
            if is_final:
                break
            self.faults.append(answer)
        if answer:
            self.refused.append(answer)

    def _send(self, key: str) -> tuple[bool, str]:
        """Return whether that was an answer to keep, and what it said in place of 202."""
        try:
            answer = post(
                f"{self.url}/v1/optimize",
                fields={"type": "file", "compression": "high", "file": ("photo.jpg", self.photo)},
                headers={"X-API-KEY": self.api_key, IDEMPOTENCY_HEADER: key},
            )
        except (OSError, HTTPException) as error:
            return False, type(error).__name__
        if answer.status == HTTPStatus.ACCEPTED:
            self.job_ids.append(int(answer.json()["process_id"]))
            return True, ""
        is_final = answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        return is_final, f"{answer.status} {answer.body[:80].decode(errors='replace')}"
