"""Serve encodes: one child for each task, whose CPU time and memory are reported.

    python -m benchmarks.server engine|programs

reads tasks and writes answers, one JSON a line. As `engine` it has our libraries loaded before it
forks, as the service has; as `programs` it loads nothing, so that what a program takes is not
hidden behind what its parent took. Needs Linux or macOS (fork).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Task = dict[str, Any]

MAX_SECONDS: Final = 900
_KILO: Final = 1024 if sys.platform == "darwin" else 1
"""`ru_maxrss` counts kilobytes on Linux, bytes on macOS."""


def main() -> None:
    """Serve until standard input ends."""
    if sys.argv[1] == "engine":
        _warm_up()
    for line in sys.stdin:
        print(json.dumps(_in_child(json.loads(line))), flush=True)


def _in_child(task: Task) -> Task:
    """Return the answer of a child, with the cost of all that it started."""
    reader, writer = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(task, writer)
    os.close(writer)
    with open(reader, "rb") as pipe:  # noqa: PTH123 - a descriptor
        said = pipe.read()
    _, status, usage = os.wait4(child, 0)
    answer: Task = json.loads(said) if said else {"failed": f"ended with status {status}"}
    return answer | {
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 4),
        "wall_seconds": round(time.monotonic() - started, 4),
        "peak_kilobytes": usage.ru_maxrss // _KILO,
    }


def _work(task: Task, writer: int) -> None:
    """Do one task in the child and end."""
    try:
        signal.alarm(MAX_SECONDS)
        try:
            answer = _TASKS[task["do"]](task)
        except Exception as error:  # noqa: BLE001 - the process's boundary: told to the parent
            answer = {"failed": f"{type(error).__name__}: {error}"[:200]}
        os.write(writer, json.dumps(answer).encode())
    finally:
        os._exit(0)


def _optimize(task: Task) -> Task:
    """Run our engine with wide clocks: a busy machine must not change what it finds."""
    from leanpix_engine import (  # noqa: PLC0415 - not in `programs`
        Format,
        Level,
        Limits,
        Options,
        Refused,
        optimize,
    )

    source = Path(task["source"]).read_bytes()
    options = Options(
        level=Level(task["level"]),
        quality=task.get("quality"),
        target_format=Format(task["format"]) if task.get("format") else None,
    )
    limits = Limits(max_seconds=MAX_SECONDS - 60.0, max_child_seconds=300.0)
    try:
        result = optimize(source, options, limits)
    except Refused as refused:
        return {"refused": refused.reason.value}
    data = result.output.data if result.output else source
    Path(task["out"]).write_bytes(data)
    output = result.output
    return {
        "bytes": len(data),
        "kept": result.reason,
        "quality": output.quality if output else None,
        "own_score": output.score if output else None,
        "size": [output.width, output.height] if output else [result.width, result.height],
    }


def _oxipng(task: Task) -> Task:
    import oxipng  # noqa: PLC0415 - not in `programs`

    data = oxipng.optimize_from_memory(Path(task["source"]).read_bytes(), level=task["level"])
    Path(task["out"]).write_bytes(data)
    return {"bytes": len(data)}


def _pillow(task: Task) -> Task:
    from PIL import Image, ImageOps  # noqa: PLC0415 - not in `programs`

    image = ImageOps.exif_transpose(Image.open(task["source"]))
    if image.mode not in ("RGB", "RGBA", "L"):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    image.save(task["out"], task["format"], **task["options"])
    return {"bytes": Path(task["out"]).stat().st_size}


def _program(task: Task) -> Task:
    """Run a program that reads its standard input and writes its standard output."""
    with Path(task["source"]).open("rb") as source, Path(task["out"]).open("wb") as out:
        done = subprocess.run(
            task["command"], stdin=source, stdout=out, stderr=subprocess.PIPE, check=False
        )
    if done.returncode:
        return {"failed": done.stderr.decode(errors="replace")[-200:]}
    return {"bytes": Path(task["out"]).stat().st_size}


_TASKS: Final[dict[str, Callable[[Task], Task]]] = {
    "optimize": _optimize,
    "oxipng": _oxipng,
    "pillow": _pillow,
    "program": _program,
}


def _warm_up() -> None:
    """Load every codec, but run none: libvips' threads would not be there after a fork."""
    import oxipng  # noqa: F401, PLC0415 - not in `programs`
    from PIL import Image  # noqa: PLC0415 - not in `programs`

    from leanpix_engine import Format, pipeline  # noqa: F401, PLC0415 - not in `programs`
    from leanpix_engine.formats.registry import codec_of  # noqa: PLC0415 - not in `programs`

    Image.init()
    for format_ in Format:
        codec_of(format_)


if __name__ == "__main__":
    main()
