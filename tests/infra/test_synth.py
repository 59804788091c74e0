"""Test that the app synthesizes anywhere, and the same way each time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import synth
from infra.settings import SettingError
from tests.infra.conftest import Template

ROOT = Path(__file__).resolve().parent.parent.parent


def run_app(outdir: Path, *arguments: str, command: tuple[str, ...] = ()) -> str:
    """Run the app as a user does, without a trace of an account, and return what it wrote."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CDK_", "COVERAGE"))
    }
    done = subprocess.run(
        [*command, sys.executable, "app.py", *arguments],
        cwd=ROOT,
        env=environment | {"CDK_OUTDIR": str(outdir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (template,) = outdir.glob("*.template.json")
    return template.read_text(encoding="utf-8")


@pytest.mark.slow
def test_two_runs_write_the_same_template(tmp_path: Path) -> None:
    assert run_app(tmp_path / "one") == run_app(tmp_path / "two")


@pytest.mark.slow
def test_the_app_needs_no_network(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    command = (unshare or "unshare", "--net", "--map-root-user")
    if not unshare or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("no network namespace can be made here")
    assert run_app(tmp_path, "-c", "stage=test", command=command)


def test_a_wrong_setting_ends_the_app_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "app.py", "-c", "retention_days=never"],
        cwd=ROOT,
        env=os.environ | {"CDK_OUTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "app.py: setting retention_days='never': must be a whole number between 1 and 365"
        " (results are kept for at least a day)\n"
    )


@pytest.mark.parametrize("file", ["cdk.context.json", None])
def test_what_the_cdk_command_line_notes_for_itself_is_no_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str | None
) -> None:
    noted = {"cli-telemetry": False, "acknowledged-issue-numbers": [34892]}
    if file:
        # A note that no version of today writes.
        noted["some-later-note"] = True
        (tmp_path / file).write_text(json.dumps(noted), encoding="utf-8")
        monkeypatch.setattr(synth, "_CONTEXT_FILE", tmp_path / file)
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps(noted | {"stage": "noted"}))
    assert synth.build(tmp_path / "out", {}).node.try_get_context("stage") == "noted"


def test_a_setting_that_there_is_not_is_refused_also_from_the_cdk_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps({"max-concurrency": "3"}))
    with pytest.raises(SettingError, match="max-concurrency"):
        synth.build(tmp_path, {})


def test_a_stack_has_room_for_more_resources(template: Template, production: Template) -> None:
    """CloudFormation takes 500 ("CloudFormation quotas")."""
    for which in (template, production):
        assert len(which.body["Resources"]) <= 470
