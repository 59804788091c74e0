"""Test that every command of the README works as shown, here or in CI."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from leanpix_cli.local_setup import LocalAccount
    from leanpix_local.cloud import LocalCloud

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip() and not line.startswith("#")
]
RUN_ELSEWHERE = {
    "make demo": "tests/e2e/test_demo.py",
    "make serve PORT=8080": "tests/local/test_lifecycle.py",
    "make setup": "tests/tools/test_bootstrap.py",
    "leanpix account create --stage prod --name Me --email me@example.org": (
        "tests/integration/test_administration.py"
    ),
    "LEANPIX_API_KEY=… .venv/bin/python tools/smoke.py --url https://…/prod": (
        "tests/e2e/test_smoke.py"
    ),
    # These need an AWS account, so it is the workflow that runs them.
    "npx aws-cdk@2.1148.1 bootstrap": ".github/workflows/stage.yml",
    "npx aws-cdk@2.1148.1 deploy -c stage=prod": ".github/workflows/stage.yml",
}


def test_every_make_target_exists() -> None:
    """Those in running text too."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_what_is_run_elsewhere_is_run_there() -> None:
    """By the same code, and the CDK in the same version."""
    for command, path in RUN_ELSEWHERE.items():
        assert command in COMMANDS
        text = (ROOT / path).read_text(encoding="utf-8")
        for tool in re.findall(r"aws-cdk@[\d.]+", command):
            assert tool in text


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's examples are for curl")
def test_the_curl_lines_work(
    cloud: LocalCloud, account: LocalAccount, photo: bytes, tmp_path: Path
) -> None:
    """In their order: submit, then poll for its id."""
    (tmp_path / "photo.jpg").write_bytes(photo)
    submit, poll = (command for command in COMMANDS if command.startswith("curl"))
    environment = {"KEY": account.api_key, "PATH": "/usr/bin:/bin:/usr/local/bin"}

    def run(command: str) -> dict[str, object]:
        local = command.replace("http://127.0.0.1:8080", cloud.url)
        done = subprocess.run(
            ["sh", "-c", local.replace("curl", "curl -sS", 1)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=150,
            check=True,
        )
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    environment["ID"] = str(run(submit)["process_id"])
    assert run(poll)["status"] == "ok"


def test_the_commands_lines_work(photo: bytes, tmp_path: Path) -> None:
    """In their order, on a folder and a photo."""
    (tmp_path / "photos").mkdir()
    for path in (tmp_path / "photo.jpg", tmp_path / "photos" / "photo.jpg"):
        path.write_bytes(photo)
    lines = [command for command in COMMANDS if "leanpix optimize" in command]
    assert len(lines) == 4
    environment = {**os.environ, "LEANPIX_CACHE_DIR": str(tmp_path / "cache")}
    for line in lines:
        command = [str(ROOT / ".venv" / "bin" / "leanpix"), *line.split()[1:]]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, check=False, timeout=60, capture_output=True
        )
        # photo.jpg beside the folder could still be smaller.
        assert done.returncode == int("--check" in line), (line, done.stderr)
    assert 0 < (tmp_path / "smaller.jpg").stat().st_size < len(photo)
    assert (tmp_path / "photos" / "photo.jpg").stat().st_size < len(photo)


def test_every_command_is_covered() -> None:
    """A command that is added here must be run somewhere."""
    covered = {*RUN_ELSEWHERE, *(c for c in COMMANDS if c.startswith("curl"))}
    rest = [c for c in COMMANDS if c not in covered and "leanpix optimize" not in c]
    assert rest == []
