"""Define the command line of `leanpix optimize`: the settings, and what only a run has."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Final

from leanpix_cli.optimize.settings import SETTINGS, Setting

EXIT_FINE, EXIT_FOUND, EXIT_FAILED = 0, 1, 2
_EPILOG: Final = (
    "Exit codes: 0 fine; 1 --check found files that could be smaller; 2 a wrong command line or"
    " a file that failed. With no destination nothing is written: the table shows what could be"
    " saved. IN OUT, where OUT does not exist yet, optimizes one file into another, named for the"
    " format it is to have."
)
RUN_OPTIONS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (("--in-place", "-i"), {"action": "store_true", "help": "Replace the files, each at once."}),
    (("--out",), {"metavar": "DIR", "help": "Write into this folder, in the same tree."}),
    (
        ("--suffix",),
        {"metavar": "TEXT", "default": "", "help": "Write beside: .min is a.min.jpg."},
    ),
    (("--output", "-o"), {"metavar": "FILE", "help": "Write the one file there; - is stdout."}),
    (
        ("--backup",),
        {"metavar": "DIR", "help": "With --in-place: copy originals there; the first copy stays."},
    ),
    (
        ("--check",),
        {"action": "store_true", "help": "Write nothing; exit 1 if a file could be smaller."},
    ),
    (("--dry-run", "-n"), {"action": "store_true", "help": "Write nothing, show what would be."}),
    (("--staged",), {"action": "store_true", "help": "Take the files that are staged in git."}),
    (
        ("--changed-since",),
        {"metavar": "REF", "help": "Take the files that differ from where git left REF."},
    ),
    (("--json",), {"action": "store_true", "help": "Print a JSON line a file, and a summary."}),
    (
        ("--report",),
        {"choices": ("markdown", "html"), "help": "Write a report; html shows both pictures."},
    ),
    (
        ("--report-file",),
        {"metavar": "FILE", "help": "Where to: stdout for markdown, leanpix-report.html else."},
    ),
    (
        ("--remote",),
        {"metavar": "URL", "help": "Let a deployed service do it; the key is LEANPIX_API_KEY."},
    ),
    (("--quiet", "-q"), {"action": "store_true", "help": "Print what failed alone."}),
    (("--verbose", "-v"), {"action": "store_true", "help": "List every file."}),
)
_LISTED: Final = ("include", "exclude")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="leanpix optimize",
        description="Make images smaller that look the same. Files, folders, patterns, or - for"
        " stdin to stdout.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="Files, folders, patterns, or -.")
    destination = parser.add_argument_group("where results go, and what is shown")
    for names, details in RUN_OPTIONS:
        destination.add_argument(*names, **details)
    group = parser.add_argument_group("settings, also of settings files (see `leanpix config`)")
    for setting in SETTINGS:
        _add(group, setting)
    old = parser.add_argument_group("older names")
    old.add_argument("--webp", action="store_true", help="--also webp")
    old.add_argument("--keep-exif", action="store_true", help="--keep exif,xmp")
    return parser


def given_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that the command line gives."""
    values = {
        setting.name: getattr(arguments, setting.name.replace("-", "_"))
        for setting in SETTINGS
        if getattr(arguments, setting.name.replace("-", "_")) is not None
    }
    for name in _LISTED:
        if name in values:
            values[name] = tuple(values[name])
    if arguments.webp:
        values["also"] = _joined(values.get("also", ()), "webp")
    if arguments.keep_exif:
        values["keep"] = _joined(values.get("keep", ()), "exif", "xmp")
    return values


def _joined(names: tuple[str, ...], *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *more)))


def _add(group: argparse._ArgumentGroup, setting: Setting) -> None:
    help_ = setting.help.replace("%", "%%")
    names = [f"--{setting.name}"] + (["-r"] if setting.name == "recursive" else [])
    if setting.name == "jobs":
        names.append("-j")
    if setting.is_flag:
        group.add_argument(*names, action=argparse.BooleanOptionalAction, default=None, help=help_)
        return
    if setting.name in _LISTED:
        group.add_argument(*names, action="append", metavar=setting.metavar, help=help_)
        return
    metavar = setting.metavar or "|".join(setting.choices)
    group.add_argument(*names, type=_to_type(setting), metavar=metavar, help=help_)


def _to_type(setting: Setting) -> Callable[[str], Any]:
    """Return the parser of a setting, whose message argparse shows."""

    def parse(text: str) -> Any:
        try:
            return setting.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse
