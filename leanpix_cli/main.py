"""Run the `leanpix` command: start what the first word names, and load nothing else.

`optimize` and `config` need neither typer nor AWS's library, which take longer to import than a
small image takes to optimize.
"""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from typing import Final

from leanpix_engine import __version__

SUMMARIES: Final = {
    "optimize": "Make images smaller: files, folders, repositories.",
    "config": "Show the settings of `leanpix optimize` that hold here, and where from.",
    "account": "Create, show, list and top up accounts.",
    "key": "Create, list and revoke keys.",
    "jobs": "Look at jobs.",
    "stage": "Pause, resume, empty and destroy a stage.",
    "redrive": "Send the dead letters of a queue again, after their cause is fixed.",
    "doctor": "Say what stands in the way of a deploy, or of the stage that is deployed.",
    "deploy": "Deploy a stage: check the account, then run the CDK's own command line.",
    "cost": "Compute what 1,000 images cost, by what is paid for; docs/cost.md has the formula.",
    "serve": "Run the local cloud in the foreground, until Ctrl-C.",
    "demo": "Send real photos through the local cloud, by file and by URL, and show the savings.",
    "chaos": "Kill optimizers under load on a local cloud, then audit that nothing was lost.",
}
"""Every command, and what `leanpix --help` says of it."""
CHECKOUT_ONLY: Final = frozenset({"serve", "demo", "chaos"})
_EXIT_USAGE: Final = 2
_COMPLETION: Final = "_LEANPIX_COMPLETE"


def main() -> None:
    """Run the command; print one line for an error that the user can mend."""
    sys.exit(run(sys.argv[1:]))


def run(argv: list[str]) -> int:
    """Run the command that the first word names, and return its exit code."""
    name = argv[0] if argv else "--help"
    if _COMPLETION not in os.environ:
        if name in ("--help", "-h", "help"):
            print(_help())
            return 0
        if name in ("--version", "-V"):
            print(f"leanpix {__version__}")
            return 0
        if name in ("optimize", "config"):
            from leanpix_cli.optimize import command  # noqa: PLC0415 - the others do without it

            chosen = command.main if name == "optimize" else command.show_config
            return chosen(argv[1:])
    return _run_other(name)


def _run_other(name: str) -> int:
    if name not in SUMMARIES and not name.startswith("-") and _COMPLETION not in os.environ:
        near = get_close_matches(name, SUMMARIES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`leanpix --help` lists them"
        print(f"leanpix: {name!r} is no command; {hint}", file=sys.stderr)
        return _EXIT_USAGE
    try:
        from leanpix_cli.commands import USER_ERRORS, app  # noqa: PLC0415 - slow to import
    except ModuleNotFoundError as error:
        print(f"leanpix: {_missing(name, error.name or '')}", file=sys.stderr)
        return _EXIT_USAGE
    try:
        app()
    except ModuleNotFoundError as error:
        print(f"leanpix: {_missing(name, error.name or '')}", file=sys.stderr)
        return _EXIT_USAGE
    except USER_ERRORS as error:
        print(f"leanpix: {error}", file=sys.stderr)
        return 1
    return 0


def _missing(name: str, module: str) -> str:
    """Return what to do where a command's modules are not there."""
    if name in CHECKOUT_ONLY:
        return f"`leanpix {name}` needs a checkout of the project, where `make setup` was run"
    return f"`leanpix {name}` needs {module}: install leanpix[aws]"


def _help() -> str:
    width = max(map(len, SUMMARIES))
    lines = [f"  {name.ljust(width)}  {summary}" for name, summary in SUMMARIES.items()]
    return "\n".join(
        [
            "Usage: leanpix COMMAND [ARGS]...",
            "",
            "Smaller images at the same visual quality: here, or in your own AWS account.",
            "",
            *lines,
            "",
            "`leanpix COMMAND --help` says more of each.",
        ]
    )


if __name__ == "__main__":
    main()
