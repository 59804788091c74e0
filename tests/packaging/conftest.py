"""The bundles as they are deployed: each function's folders from a synthesized assembly."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import bundles
from infra.bundles import Bundle, read_bundles
from infra.synth import synthesize


@pytest.fixture(scope="session")
def host_bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    """Return the bundles for this machine."""
    outdir = tmp_path_factory.mktemp("host")
    return read_bundles(synthesize(outdir, {"stage": "test", "flavour": "host"}))


@pytest.fixture(scope="session")
def lambda_bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    """Return the bundles for AWS Lambda."""
    return read_bundles(synthesize(tmp_path_factory.mktemp("arm64"), {"stage": "test"}))


@pytest.fixture(scope="session")
def lambda_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the Lambda runtime's own packages: its client and boto3."""
    return bundles.link_runtime(tmp_path_factory.mktemp("runtime"))


@pytest.fixture(scope="session")
def bare_python() -> str:
    """Return the interpreter below the virtual environment, which sees none of its packages."""
    return bundles.bare_python()
