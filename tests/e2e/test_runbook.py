"""Test that the commands of the runbooks run, in their order, on a local cloud of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import botocore.session
import pytest
from botocore import xform_name
from typer.testing import CliRunner

from leanpix_cli.commands import app
from leanpix_cli.local_setup import create_local_account, find_photo
from leanpix_local.cloud import LocalCloud
from leanpix_local.http import post
from leanpix_local.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNBOOK = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
USAGE_ERRORS = {2, 252}
"""Exit codes of the AWS command line for a command that it cannot read."""
LAST = ("delete-stack", "stage destroy", "stage empty", "account delete", "--all")
"""What ends something that other commands need."""
NOT_HERE = ("restore-table-to-point-in-time", "wait table-exists", "-restored")
"""The emulator restores no tables: such commands are read by the AWS command line, no more."""


class Ground(NamedTuple):
    """What commands name: a cloud, an account and a job in it, and a version of a function."""

    cloud: LocalCloud
    account_id: str
    job_id: str
    version: str
    folder: Path


def fenced() -> list[str]:
    """Return the commands of the shell blocks, those that go on over lines as one."""
    blocks = re.findall(r"^```sh\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)
    text = "\n".join(block for block in blocks if not block.startswith("out()"))
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def inline(program: str) -> list[str]:
    """Return the commands of a program that stand in a sentence or a table."""
    text = re.sub(r"^```.*?^```", "", RUNBOOK, flags=re.MULTILINE | re.DOTALL)
    return [found.replace("\n", " ") for found in re.findall(rf"`({program} [^`]+)`", text)]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Yield a local cloud with what the commands name."""
    folder = tmp_path_factory.mktemp("runbook")
    with LocalCloud() as cloud:
        account = create_local_account(cloud, tokens=9, plan="free")
        accepted = post(
            f"{cloud.url}/v1/optimize",
            fields={
                "type": "file",
                "file": ("photo.jpg", find_photo("rocket.jpg").read_bytes()),
            },
            headers={"X-API-KEY": account.api_key},
        ).json()
        headers = {"X-API-KEY": account.api_key}
        post(f"{cloud.url}/v1/optimize/{accepted['process_id']}/result", headers=headers)
        version = cloud.client("lambda").publish_version(FunctionName="leanpix-local-submit")
        facts = {
            "endpoint_url": cloud.endpoint_url,
            "region": cloud.region,
            "stack_name": cloud.stack.name,
        }
        (folder / "cloud.json").write_text(json.dumps(facts), encoding="utf-8")
        yield Ground(
            cloud, account.account_id, str(accepted["process_id"]), version["Version"], folder
        )


def localize(command: str, ground: Ground) -> str:
    """Return a command as it is on the local cloud."""
    command = re.sub(r"\s+#.*$", "", command)
    command = re.sub(r"leanpix-(dev|prod)", ground.cloud.stack.name, command)
    command = command.replace("ACCOUNT", ground.account_id)
    command = re.sub(r"--function-version \d+", f"--function-version {ground.version}", command)
    if command.startswith("leanpix "):
        command = re.sub(r"\s--stage (dev|prod)", "", command) + " --local"
        if re.search(r"destroy|empty|delete|--all", command):
            command += " --yes"
    return command


def run(command: str, ground: Ground) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator does, with the shell function that the page begins with."""
    (out,) = re.findall(r"^out\(\) \{.*?^  --query.*?\}$", RUNBOOK, re.MULTILINE | re.DOTALL)
    (ground.folder / "local").mkdir(exist_ok=True)
    (ground.folder / "local" / "cloud.json").write_bytes(
        (ground.folder / "cloud.json").read_bytes()
    )
    return subprocess.run(
        ["sh", "-c", f"{out.replace('leanpix-dev', ground.cloud.stack.name)}\n{command}"],
        cwd=ROOT,
        env=os.environ
        | ground.cloud.environment()
        | {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "LEANPIX_LOCAL_DIR": str(ground.folder / "local"),
            "AWS_PAGER": "",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def is_last(command: str) -> bool:
    return any(word in command for word in LAST)


@pytest.mark.slow
def test_every_command_of_the_runbooks_blocks_runs(ground: Ground) -> None:
    commands = [command for command in fenced() if not command.startswith("leanpix deploy")]
    assert len(commands) >= 15
    for command in sorted(commands, key=is_last):
        done = run(localize(command, ground), ground)
        told = f"{command}\n{done.stdout}\n{done.stderr}"
        if "delete-stack" in command or "stage " in command:
            # The stage may be gone by another of them.
            assert done.returncode == 0 or "there is no stack" in done.stderr, told
        elif any(word in command for word in NOT_HERE):
            assert done.returncode not in USAGE_ERRORS, told
        else:
            assert done.returncode == 0, told


@pytest.mark.parametrize("command", inline("leanpix"))
def test_a_command_of_ours_in_a_sentence_has_its_options(command: str) -> None:
    words = [word for word in shlex.split(command) if word.startswith("--") or word.islower()]
    if len(words) < len(shlex.split(command)) or not any(w.startswith("--") for w in words):
        # Without a value for what it stands for: its name must be one.
        words = [word for word in words[1:] if re.fullmatch(r"[a-z-]+", word)][:2]
        words = [word for word in words if not word.startswith("--")]
    else:
        words = words[1:]
    answer = CliRunner().invoke(app, [*words, "--help"])
    assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize(
    "command", [line for line in fenced() if line.startswith("leanpix deploy")]
)
def test_a_deploy_of_the_runbook_has_its_options(command: str) -> None:
    answer = CliRunner().invoke(app, [*shlex.split(command)[1:], "--help"])
    assert answer.exit_code == 0, answer.output


@pytest.mark.parametrize("command", inline("aws"))
def test_a_command_of_aws_in_a_sentence_has_its_operation_and_parameters(command: str) -> None:
    _, service, operation, *options = shlex.split(command)
    client = botocore.session.get_session().create_client(service, region_name="eu-central-1")
    names = {
        xform_name(name, "-"): client.meta.service_model.operation_model(name)
        for name in client.meta.service_model.operation_names
    }
    shape = names[operation].input_shape
    members = {xform_name(name, "-") for name in shape.members} if shape else set()
    for option in options:
        if option.startswith("--"):
            name = option.removeprefix("--").removeprefix("no-")
            assert name in members | {"query", "output"}, option
