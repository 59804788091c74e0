"""Test that a release can be deployed without a clone, and deploys what the clone would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from leanpix_cli.console import CommandError
from leanpix_cli.deploy import (
    REQUIREMENTS,
    archive_name,
    cdk_arguments,
    check_digest,
    run_cdk,
    unpack,
)
from leanpix_local.paths import ROOT
from tools.release import pack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release of the last commit."""
    return pack("v9.9.9", tmp_path_factory.mktemp("release"))


def synthesize(sources: Path, outdir: Path) -> str:
    folders = ("", "layers/shared/python", "layers/engine/python")
    done = subprocess.run(
        [sys.executable, "app.py", "-c", "stage=prod", "-c", "retention_days=9"],
        cwd=sources,
        env=os.environ
        | {
            "CDK_OUTDIR": str(outdir),
            "PYTHONPATH": os.pathsep.join(str(sources / each) for each in folders),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (outdir / "leanpix-prod.template.json").read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_unpacked_release_synthesizes_what_its_commit_does(
    archive: Path, tmp_path: Path
) -> None:
    sources = unpack(archive, tmp_path / "release")
    clone = tmp_path / "clone"
    subprocess.run(["git", "worktree", "add", "--detach", str(clone)], cwd=ROOT, check=True)
    try:
        (clone / "build").mkdir()
        for built in ("layers", "console"):
            (clone / "build" / built).symlink_to(ROOT / "build" / built)
        released = synthesize(sources, tmp_path / "one")
        assert released == synthesize(clone, tmp_path / "two")
        assert '"ExpirationInDays":10' in released.replace(" ", "")
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(clone)], cwd=ROOT, check=True)


def test_a_release_names_all_that_a_deploy_needs_with_hashes(archive: Path) -> None:
    with tarfile.open(archive) as package:
        (name,) = (name for name in package.getnames() if name.endswith(f"/{REQUIREMENTS}"))
        file = package.extractfile(name)
        assert file is not None
        text = file.read().decode()
    for package_name in ("aws-cdk-lib==", "pydantic==", "typer==", "boto3=="):
        assert package_name in text
    assert "pyvips" not in text
    assert text.count("--hash=sha256:") > text.count("==")


def test_a_release_is_compared_with_its_checksum(archive: Path, tmp_path: Path) -> None:
    line = archive.with_name(f"{archive.name}.sha256").read_text("ascii")
    check_digest(archive, line)
    other = tmp_path / archive_name("v9.9.9")
    other.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(CommandError, match="not what was released"):
        check_digest(other, line)


def test_the_cdk_is_run_in_the_release_with_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "npx"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "facts = {'arguments': sys.argv[1:], 'folder': os.getcwd()}\n"
        "open(os.environ['FACTS'], 'w').write(json.dumps(facts))\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("FACTS", str(tmp_path / "facts"))
    settings = {"stage": "prod", "account_concurrency": "10"}
    run_cdk(tmp_path, cdk_arguments("/usr/bin/py", settings, outputs_file=None, yes=True))
    facts = json.loads((tmp_path / "facts").read_text(encoding="utf-8"))
    assert facts["folder"] == str(tmp_path)
    assert facts["arguments"] == [
        *("--yes", "aws-cdk@2.1148.1", "deploy", "--app", '"/usr/bin/py" app.py'),
        *("-c", "stage=prod", "-c", "account_concurrency=10"),
        *("--require-approval", "never"),
    ]


def test_a_deploy_that_fails_ends_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "npx"
    program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(CommandError, match="ended with 3"):
        run_cdk(tmp_path, ["deploy"])
