"""Test the vendor's own command line with nothing but its host changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from leanpix_cli.local_setup import LocalAccount
from leanpix_local.cloud import LocalCloud
from tests.images import make_photo_jpeg

# One pixel: there is nothing to be made smaller.
TINY_GIF = bytes.fromhex("47494638376101000100800000ffffff0000002c00000000010001000002024401003b")

# It has no option for the host, so it is set before it starts. Its own warnings are its own.
PROGRAM = """
import sys
from megaoptim.client.client import Client
from megaoptim.cli import cli

host = sys.argv.pop(1)
make = Client.__init__

def make_elsewhere(self, api_key=None):
    make(self, api_key)
    self.api_optimize_url = host + "/v1/optimize"

Client.__init__ = make_elsewhere
cli.do()
"""


def run(cloud: LocalCloud, account: LocalAccount, folder: Path, out: Path) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-c", PROGRAM, cloud.url),
            *("--api-key", account.api_key, "--dir", str(folder), "--outdir", str(out)),
            "--verbose",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout
    return done.stdout


def test_it_optimizes_a_folder(cloud: LocalCloud, account: LocalAccount, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    for seed in (1, 2):
        data = make_photo_jpeg(width=300, height=200, quality=97, seed=seed)
        (folder / f"{seed}.jpg").write_bytes(data)
    printed = run(cloud, account, folder, out)
    assert printed.count("successfully optimized.") == 2
    for path in folder.glob("*.jpg"):
        optimized = out / path.name
        assert optimized.read_bytes().startswith(b"\xff\xd8\xff")
        assert 0 < optimized.stat().st_size < path.stat().st_size


def test_it_takes_an_image_without_savings_for_already_optimized(
    cloud: LocalCloud, account: LocalAccount, tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    (folder / "a.gif").write_bytes(TINY_GIF)
    assert "Already optimized" in run(cloud, account, folder, out)
    assert list(out.glob("*.gif")) == []
