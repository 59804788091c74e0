"""A local cloud for all end-to-end tests, started when the first of them needs it.

`tests/conftest.py` keeps the tests of this folder in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from leanpix_cli.local_setup import LocalAccount, create_local_account, find_photo
from leanpix_local.cloud import LocalCloud
from leanpix_local.paths import LOCAL_DIR
from tests.api import Api, Site, serve_site
from tests.tls_proxy import SecureSite, serve_tls


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalCloud]:
    """Yield a running local cloud; its log stays in `.local/e2e.log`."""
    log = LOCAL_DIR / "e2e.log"
    log.unlink(missing_ok=True)
    with LocalCloud(log=log) as running:
        yield running


@pytest.fixture
def make_account(cloud: LocalCloud) -> Callable[..., LocalAccount]:
    """Return a maker of accounts: `make_account(tokens=20, plan="free")`."""

    def make(**details: Any) -> LocalAccount:
        return create_local_account(cloud, **details)

    return make


@pytest.fixture
def account(make_account: Callable[..., LocalAccount]) -> LocalAccount:
    """Return an account of the test's own, with unlimited tokens, and its key."""
    return make_account()


@pytest.fixture(scope="session")
def photo() -> bytes:
    """Return a real photo: JPEG, 640 x 427, 112,525 bytes."""
    return find_photo("rocket.jpg").read_bytes()


@pytest.fixture
def api(cloud: LocalCloud, account: LocalAccount) -> Api:
    """Return a client with an account of the test's own."""
    return Api(cloud.url, account.api_key)


@pytest.fixture
def site() -> Iterator[Site]:
    """Yield a web site on loopback that the local cloud may fetch from."""
    with serve_site() as running:
        yield running


@pytest.fixture(scope="session")
def secure(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureSite]:
    """Yield the local cloud behind TLS, which Tinify's SDKs ask for."""
    port = urlsplit(cloud.url).port
    assert port
    with serve_tls(port, tmp_path_factory.mktemp("tls")) as site:
        yield site
