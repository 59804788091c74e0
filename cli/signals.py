"""Ctrl-C and SIGTERM as an exception, so that whoever holds something lets go of it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn


class StopRequestedError(BaseException):
    """The user wants the command to end. No ``Exception``: nothing on the way may take it."""


@contextlib.contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turn the first signal into ``StopRequestedError``; later ones do not break the way out."""
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        for kind in kinds:
            signal.signal(kind, signal.SIG_IGN)
        raise StopRequestedError

    before = {kind: signal.signal(kind, stop) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
