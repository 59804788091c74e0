"""One local cloud for all end-to-end tests, started when the first of them needs it.

With pytest-xdist, ``--dist loadgroup`` keeps these tests on one worker: every test below this
folder is in the group "e2e".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.demo_photos import find_photo
from cli.local_account import LocalAccount, create_local_account
from local.cloud import LocalCloud
from local.paths import LOCAL_DIR

_FOLDER = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _FOLDER in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    """A running local cloud; its log stays in ``.local/e2e.log``."""
    log = LOCAL_DIR / "e2e.log"
    log.unlink(missing_ok=True)
    with LocalCloud(log=log) as running:
        yield running


@pytest.fixture
def make_account(cloud: LocalCloud) -> Callable[..., LocalAccount]:
    """Creates accounts: ``make_account(tokens=20, plan="free")``."""

    def make(**details: object) -> LocalAccount:
        return create_local_account(cloud, **details)  # type: ignore[arg-type]

    return make


@pytest.fixture
def account(make_account: Callable[..., LocalAccount]) -> LocalAccount:
    """An account of the test's own, with unlimited tokens, and its key."""
    return make_account()


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A real photo: JPEG, 640 x 427, 112,525 bytes."""
    return find_photo("rocket.jpg").read_bytes()
