"""Fixtures and scheduling for all tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

from leanpix import deadline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from xdist.remote import Producer


@pytest.fixture(autouse=True)
def _no_deadline() -> Iterator[None]:
    """Forget the deadline that a handler's call has set: outside of Lambda there is no end."""
    yield
    deadline.begin(math.inf)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the browser that npm carries; see `leanpix_local/browser.py`."""
    # Here, for few tests need what these load.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - see above

    from leanpix_local.browser import launch_options  # noqa: PLC0415 - see above

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(**launch_options())
        yield running
        running.close()


# One local cloud, one synthesized template, one set of bundles: what is dear to set up is set up
# in one process, in which all tests of the folder then run.
ONE_PROCESS_EACH = ("contract", "e2e", "infra", "packaging")


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A schedule of whole folders where their set-up is slow, and of single tests elsewhere.

    pytest-xdist's own way, `--dist=loadgroup`, has no effect with pytest 9.2: it writes the
    group into `item._nodeid`, which pytest does not read any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        parts = nodeid.split("/")
        return parts[1] if len(parts) > 2 and parts[1] in ONE_PROCESS_EACH else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling:
    """Spread the tests by our own rule."""
    return FolderScheduling(config, log)
