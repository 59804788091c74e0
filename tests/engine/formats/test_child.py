"""Test that a codec in a child process cannot hang or end its parent, nor take its memory."""

from __future__ import annotations

import io
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from leanpix_engine import Level, Limits, Options, Reason, Refused, optimize
from leanpix_engine.formats import child
from leanpix_engine.formats.child import ChildNotStarted, CodecFailed
from leanpix_engine.limits import Deadline
from tests.engine.conftest import photo

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON = [sys.executable, "-c"]


def test_bytes_go_in_and_come_out() -> None:
    echo = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])"
    assert child.run([*PYTHON, echo], b"abc" * 100_000, Limits(), Deadline(10)) == (
        b"cba" * 100_000
    )


def test_a_child_that_exits_is_a_failed_codec_with_its_last_words() -> None:
    with pytest.raises(CodecFailed, match="bad marker"):
        child.run([*PYTHON, "import sys; sys.exit('bad marker')"], b"", Limits(), Deadline(10))


def test_a_child_that_hangs_is_stopped_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(Refused) as refusal:
        child.run(
            [*PYTHON, "import time; time.sleep(60)"],
            b"",
            Limits(max_child_seconds=0.5),
            Deadline(10),
        )
    assert refusal.value.reason is Reason.TIMEOUT
    assert time.monotonic() - started < 5


@pytest.mark.skipif(sys.platform != "linux", reason="limits from outside need Linux' prlimit")
def test_a_child_that_takes_too_much_memory_fails() -> None:
    script = "import time; time.sleep(0.3); block = bytearray(900_000_000)"
    limits = Limits(max_memory_bytes=500_000_000)
    with pytest.raises(CodecFailed):
        child.run([*PYTHON, script], b"", limits, Deadline(10))


def test_a_child_does_not_inherit_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    assert "AWS_SECRET_ACCESS_KEY" in os.environ
    show = "import os; print(sorted(os.environ))"
    assert b"AWS" not in child.run([*PYTHON, show], b"", Limits(), Deadline(10))


@pytest.mark.parametrize("command", [["/nonexistent/tool"], ["sh", "-c", "exit 127"]])
def test_a_tool_that_does_not_start_is_our_fault(command: list[str]) -> None:
    with pytest.raises(ChildNotStarted) as refusal:
        child.run(command, b"", Limits(), Deadline(10))
    assert refusal.value.reason is Reason.ENGINE_FAILURE
    # The text is for whoever sent the image.
    assert "nonexistent" not in refusal.value.text


def test_a_codec_that_fails_on_a_file_has_started() -> None:
    with pytest.raises(CodecFailed):
        child.call("mozjpeg_lossless", b"no JPEG", Limits(), Deadline(20))


def jpeg() -> bytes:
    buffer = io.BytesIO()
    photo(120, 80).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def gif() -> bytes:
    buffer = io.BytesIO()
    photo(60, 40).convert("P").save(buffer, "GIF")
    return buffer.getvalue()


@pytest.mark.parametrize("level", [Level.LOSSLESS, Level.MEDIUM])
@pytest.mark.parametrize("make", [jpeg, gif])
def test_an_image_whose_child_does_not_start_is_told_as_our_fault_and_never_as_no_savings(
    make: Callable[[], bytes],
    level: Level,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = make()
    # As in an environment in which no program starts.
    monkeypatch.setattr("subprocess.Popen", _refuse_to_start)
    if make is jpeg and level is Level.MEDIUM:
        # JPEG's lossy encoder is our own and needs no child.
        output = optimize(source, Options(level=level, assume_pristine=True)).output
        assert output is not None
        return
    with pytest.raises(Refused) as refusal:
        optimize(source, Options(level=level))
    assert refusal.value.reason is Reason.ENGINE_FAILURE
    assert "does not start" in caplog.text


def test_a_child_whose_modules_are_missing_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "environment", lambda: {"PYTHONPATH": "/nonexistent"})
    monkeypatch.setattr("sys.executable", getattr(sys, "_base_executable", sys.executable))
    with pytest.raises(ChildNotStarted):
        child.call("mozjpeg_lossless", jpeg(), Limits(), Deadline(20))


def _refuse_to_start(*_: object, **__: object) -> None:
    message = "Exec format error"
    raise OSError(8, message)
