"""Deploy a stage with the CDK command line, from a checkout or a release: `leanpix deploy`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from leanpix_cli.checks import BEFORE, read_concurrency, run_checks
from leanpix_cli.console import DEFAULT_STAGE, CommandError, Stage, Yes
from leanpix_cli.doctor import Settings, blocks, parse_settings, print_findings
from leanpix_cli.stage import protect
from leanpix_cli.stage_checks import KEPT_STAGE, unprotected_tables
from leanpix_cli.target import Account, open_account
from leanpix_local.paths import ROOT

CDK: Final = "aws-cdk@2.1148.1"
"""The CDK command line that reads the assemblies of the CDK that `pyproject.toml` pins."""
REQUIREMENTS: Final = "requirements-deploy.txt"
"""The file of a release's archive that pins what a deploy needs of PyPI."""
REPOSITORY_VARIABLE: Final = "LEANPIX_REPOSITORY"
_RELEASE: Final = "https://github.com/{repository}/releases/download/{version}/{file}"
_DOWNLOAD_SECONDS: Final = 300
_BLOCKED: Final = "what blocks has to be mended first"


def deploy(  # noqa: PLR0913 - each parameter is an option of the command
    *,
    context: Settings = [],  # noqa: B006 - typer reads the default, nobody changes it
    version: Annotated[
        str, typer.Option(help="A released version, such as v1.2.3; needs no clone.")
    ] = "",
    repository: Annotated[
        str, typer.Option(envvar=REPOSITORY_VARIABLE, help="Whose releases: owner/name on GitHub.")
    ] = "",
    archive: Annotated[
        Path | None, typer.Option(help="A release's archive, downloaded already.")
    ] = None,
    outputs_file: Annotated[
        Path | None, typer.Option(help="Where to write the outputs of the stack.")
    ] = None,
    yes: Yes = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Deploy a stage: check the account, then run the CDK's own command line.

    Reads the account's Lambda concurrency, by which polls are held. Afterwards it protects the
    tables of a stage that keeps its data.
    """
    settings = {**parse_settings(context), "stage": stage}
    account = open_account(local=False, stage=stage)
    found = run_checks(BEFORE, account, settings)
    print_findings(found)
    if blocks(found):
        raise CommandError(_BLOCKED)
    settings.setdefault("account_concurrency", str(read_concurrency(account)))
    with tempfile.TemporaryDirectory(prefix="leanpix-deploy-") as folder:
        sources, python = ROOT, sys.executable
        if version and archive is None:
            archive = download(repository, version, Path(folder))
        if archive is not None:
            sources = unpack(archive, Path(folder) / "sources")
            python = prepare_python(sources, Path(folder) / "python")
        command = cdk_arguments(python, settings, outputs_file=outputs_file, yes=yes)
        run_cdk(sources, command)
    _protect(account, settings)


def download(repository: str, version: str, folder: Path) -> Path:
    """Return the archive of a release, compared with the release's own checksum.

    Raises:
        CommandError: there is none, or it is not what was released.
    """
    if not repository:
        message = f"--version needs --repository owner/name, or {REPOSITORY_VARIABLE}"
        raise CommandError(message)
    name = archive_name(version)
    path = folder / name
    try:
        for file in (name, f"{name}.sha256"):
            url = _RELEASE.format(repository=repository, version=version, file=file)
            with (
                urllib.request.urlopen(url, timeout=_DOWNLOAD_SECONDS) as answer,  # noqa: S310 - https alone, by _RELEASE
                (folder / file).open("wb") as target,
            ):
                shutil.copyfileobj(answer, target)
    except OSError as error:
        message = f"{repository} has no release {version} to be had: {error}"
        raise CommandError(message) from None
    check_digest(path, (folder / f"{name}.sha256").read_text(encoding="ascii"))
    return path


def archive_name(version: str) -> str:
    """Return the name of a release's archive; `tools/release.py` writes it."""
    return f"leanpix-{version}.tar.gz"


def check_digest(path: Path, line: str) -> None:
    """Compare a file with a line of `sha256sum`.

    Raises:
        CommandError: they differ.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if line.split()[:1] != [digest]:
        message = f"{path.name} is not what was released: its SHA-256 is {digest}"
        raise CommandError(message)


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a release's archive and return the folder in it."""
    with tarfile.open(archive) as package:
        package.extractall(folder, filter="data")
    (sources,) = folder.iterdir()
    return sources


def prepare_python(sources: Path, folder: Path) -> str:
    """Make an environment with what the release was built with, and return its Python.

    Raises:
        CommandError: its packages cannot be had.
    """
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
    done = subprocess.run([*command, "-r", str(sources / REQUIREMENTS)], check=False)
    if done.returncode:
        message = f"the packages of {REQUIREMENTS} cannot be installed"
        raise CommandError(message)
    return str(python)


def run_cdk(sources: Path, arguments: list[str]) -> None:
    """Run the CDK's command line over a folder of sources.

    Raises:
        CommandError: there is no `npx`, or the deploy failed.
    """
    if shutil.which("npx") is None:
        message = "the CDK's command line needs Node.js 20 or later: npx is not on the PATH"
        raise CommandError(message)
    folders = ("", "layers/shared/python", "layers/engine/python")
    python_path = os.pathsep.join(str(sources / each) for each in folders)
    done = subprocess.run(
        ["npx", "--yes", CDK, *arguments],
        cwd=sources,
        env=os.environ | {"PYTHONPATH": python_path},
        check=False,
    )
    if done.returncode:
        message = f"cdk deploy ended with {done.returncode}"
        raise CommandError(message)


def cdk_arguments(
    python: str, settings: dict[str, str], *, outputs_file: Path | None, yes: bool
) -> list[str]:
    """Return the arguments of the CDK's command line for a deploy."""
    arguments = ["deploy", "--app", f'"{python}" app.py']
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]
    if yes:
        arguments += ["--require-approval", "never"]
    if outputs_file:
        arguments += ["--outputs-file", str(outputs_file.absolute())]
    return arguments


def _protect(account: Account, settings: dict[str, str]) -> None:
    is_kept = settings.get("keep_data", str(settings["stage"] == KEPT_STAGE)).lower() == "true"
    names = unprotected_tables(account) if is_kept else []
    protect(account, names)
    for name in names:
        Console(soft_wrap=True, highlight=False).print(f"{name} is protected from deletion now.")
