"""What holds for all tests."""

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

# One local cloud, one synthesized template, one set of bundles: what is dear to set up is set up
# in one process, in which all tests of the folder then run.
ONE_PROCESS_EACH = ("e2e", "infra", "packaging")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of some folders together (pytest-xdist's loadgroup)."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in ONE_PROCESS_EACH:
            item.add_marker(pytest.mark.xdist_group(folder))
