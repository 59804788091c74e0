"""Run the documents' examples as they are printed, with host, key and file put in."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

VENDOR_HOSTS = ("https://api.megaoptim.com", "https://www.tinyjpg.co")
VENDOR_KEYS = ("your_api_key", "YOUR_API_KEY")
VENDOR_FILE = "/path/to/image.jpg"
VENDOR_PAGE = "https://example.com/photo.jpg"


@dataclass(frozen=True)
class Transcript:
    """The values in place of the documents' host, key, file and page."""

    url: str
    api_key: str
    file: Path
    page: str = VENDOR_PAGE

    def run(self, command: str) -> tuple[int, Any]:
        """Run a printed curl command and return the status and the JSON it got."""
        for host in VENDOR_HOSTS:
            command = command.replace(host, self.url)
        for key in VENDOR_KEYS:
            command = command.replace(key, self.api_key)
        command = command.replace(VENDOR_FILE, str(self.file)).replace(VENDOR_PAGE, self.page)
        arguments = shlex.split(command.replace("\\\n", " "))
        status, body = _by_curl(arguments) if shutil.which("curl") else _by_requests(arguments)
        return status, json.loads(body)


def _by_curl(arguments: list[str]) -> tuple[int, bytes]:
    done = subprocess.run(
        [*arguments, "--silent", "--show-error", "--write-out", "\n%{http_code}"],
        capture_output=True,
        check=True,
        timeout=150,
    )
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body


def _by_requests(arguments: list[str]) -> tuple[int, bytes]:
    """Do the same where there is no curl; the examples use `-X`, `-H` and `-F` alone."""
    method, url = "GET", ""
    headers: dict[str, str] = {}
    parts: list[tuple[str, Any]] = []
    words = iter(arguments[1:])
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-F":
            name, _, value = next(words).partition("=")
            path = Path(value.removeprefix("@"))
            content = (path.name, path.read_bytes()) if value[:1] == "@" else (None, value)
            parts.append((name, content))
        else:
            url = word
    answer = requests.request(method, url, headers=headers, files=parts or None, timeout=150)
    return answer.status_code, answer.content


def shape(value: Any) -> Any:
    """Return JSON with ids, sizes, hosts and names of people put aside: kinds in their place."""
    if isinstance(value, dict):
        return {name: _shape_of(name, member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return value


def _shape_of(name: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        return shape(value)
    if isinstance(value, bool) or name in {"code", "verified"}:
        return value
    if isinstance(value, int | float):
        return "number"
    if name in {"name", "email"}:
        return "person"
    if isinstance(value, str) and value.startswith("http"):
        return "url"
    return value
