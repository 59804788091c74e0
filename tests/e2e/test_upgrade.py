"""Test that an upgrade and a downgrade lose no image that is being worked on.

The short form of `make rehearse`, which does the same with an older commit.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from leanpix import contract
from leanpix_cli.rehearsal import rehearse, synthesize_version
from leanpix_local import synth
from leanpix_local.http import get
from leanpix_local.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from leanpix_local.cloud import LocalCloud

PARTS = ("functions", "infra", "layers")
OTHER_VERSION = "0.0.0-rehearsal"


@pytest.fixture
def other_version(tmp_path: Path) -> Path:
    """Return an assembly of this code under another version's name."""
    sources = tmp_path / "sources"
    for name in PARTS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, sources / name, ignore=ignored)
    shutil.copy2(ROOT / "cdk.json", sources)
    module = sources / "layers" / "shared" / "python" / "leanpix" / "contract" / "names.py"
    text = module.read_text(encoding="utf-8")
    assert f'"{contract.APP_VERSION}"' in text
    module.write_text(text.replace(f'"{contract.APP_VERSION}"', f'"{OTHER_VERSION}"'))
    synthesize_version(sources, tmp_path / "assembly")
    return tmp_path / "assembly"


@pytest.mark.slow
def test_an_update_with_images_at_work_loses_none(
    cloud: LocalCloud, other_version: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    found = rehearse(
        {"upgraded": other_version, "rolled back": synth.assembly()},
        cloud=cloud,
        clients=2,
        seconds=1,
        after_step=lambda: seen.append(get(f"{cloud.url}/status").json()["software"]["app"]),
    )
    assert found.is_exact, (found, capsys.readouterr().out)
    assert found.accepted >= 4
    assert seen == [OTHER_VERSION, contract.APP_VERSION]
