"""Test what `leanpix` itself says, and that it loads no more than it needs."""

from __future__ import annotations

import subprocess
import sys

import typer.main

from leanpix_cli import main as entry
from leanpix_cli.commands import app
from leanpix_engine import __version__

from .conftest import Leanpix


def test_the_summaries_are_those_of_the_commands() -> None:
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]  # a group, as there are many
    told = {name: (each.help or "").partition("\n")[0] for name, each in commands.items()}
    assert told == entry.SUMMARIES


def test_help_lists_every_command(leanpix: Leanpix) -> None:
    for words in ([], ["--help"]):
        done = leanpix(*words)
        assert done.code == 0
        assert all(name in done.out for name in entry.SUMMARIES)


def test_it_says_its_version(leanpix: Leanpix) -> None:
    assert leanpix("--version").out == f"leanpix {__version__}\n"


def test_help_and_optimize_load_neither_typer_nor_boto() -> None:
    code = (
        "import sys; from leanpix_cli.main import run; run(['--help']);"
        "import leanpix_cli.optimize.command;"
        "print([m for m in ('typer', 'rich', 'boto3', 'numpy', 'pathspec') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_whose_libraries_are_missing_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['typer'] = None; from leanpix_cli.main import run;"
        "print(run(['account', 'show', 'x']), run(['serve']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2 2\n"
    first, second = done.stderr.splitlines()
    assert first == "leanpix: `leanpix account` needs typer: install leanpix[aws]"
    assert "needs a checkout" in second
