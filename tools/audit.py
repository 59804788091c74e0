"""Report known flaws of the releases in uv.lock, as PyPI knows them.

    python tools/audit.py            ends with 1 where a pinned release has a known flaw

PyPI's JSON API carries the advisories of the OSV database. Without a network there is nothing to
ask: that is said, and is no failure, so that work on a train goes on.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

LOCK_FILE = Path(__file__).resolve().parent.parent / "uv.lock"
INDEX = "https://pypi.org/pypi"
SECONDS = 15
AT_ONCE = 8

ACCEPTED: dict[str, str] = {}
"""Advisories that do not concern us, by id, each with its reason."""


@dataclass(frozen=True)
class Pin:
    """A release that the lock file names."""

    name: str
    version: str


@dataclass(frozen=True)
class Flaw:
    """An advisory about a pinned release."""

    pin: Pin
    advisory: str
    summary: str
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        fixed = ", ".join(self.fixed_in) or "nothing yet"
        release = f"{self.pin.name} {self.pin.version}"
        return f"{release}: {self.advisory}: {self.summary} (fixed in {fixed})"


class UnreachableError(Exception):
    """No answer about a release."""

    def __init__(self, pin: Pin, why: object) -> None:
        """Say which release, and why."""
        super().__init__(f"{pin.name}: {why}")


def read_pins(lock: Path) -> list[Pin]:
    """Return the releases of a lock file that come from an index."""
    packages = tomllib.loads(lock.read_text("utf-8"))["package"]
    return [
        Pin(package["name"], package["version"])
        for package in packages
        if "registry" in package.get("source", {})
    ]


def read_flaws(pin: Pin, answer: dict[str, Any]) -> Iterator[Flaw]:
    """Yield the advisories in what PyPI says of a release."""
    for found in answer.get("vulnerabilities") or ():
        names = {found["id"], *found.get("aliases", ())}
        if found.get("withdrawn") or names & set(ACCEPTED):
            continue
        summary = found.get("summary") or (found.get("details") or "").strip().splitlines()[:1]
        text = summary if isinstance(summary, str) else " ".join(summary)
        yield Flaw(pin, found["id"], text[:200], tuple(found.get("fixed_in") or ()))


def ask(pin: Pin) -> list[Flaw]:
    """Return the known flaws of a release.

    Raises:
        UnreachableError: PyPI did not answer.
    """
    request = Request(  # noqa: S310 - the address is ours
        f"{INDEX}/{pin.name}/{pin.version}/json", headers={"User-Agent": "leanpix-audit"}
    )
    try:
        with urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - the same
            return list(read_flaws(pin, json.load(response)))
    except HTTPError as error:
        raise UnreachableError(pin, f"status {error.code}") from error
    except (URLError, OSError, ValueError) as error:
        raise UnreachableError(pin, error) from error


def main() -> int:
    """Ask about every pin and print the flaws."""
    pins = read_pins(LOCK_FILE)
    flaws: list[Flaw] = []
    silent: list[str] = []
    try:
        flaws += ask(pins[0])
    except UnreachableError as error:
        print(f"audit: skipped, PyPI cannot be asked ({error})")
        return 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in [pool.submit(ask, pin) for pin in pins[1:]]:
            try:
                flaws += future.result()
            except UnreachableError as error:
                silent.append(str(error))
    for flaw in flaws:
        print(f"audit: {flaw}")
    for text in silent:
        print(f"audit: not known: {text}")
    print(
        f"audit: {len(pins) - len(silent)} of {len(pins)} releases looked up, {len(flaws)} flaws"
    )
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main())
