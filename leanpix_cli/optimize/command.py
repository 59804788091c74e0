"""Run `leanpix optimize`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from leanpix_cli.optimize import output
from leanpix_cli.optimize.arguments import (
    EXIT_FAILED,
    EXIT_FINE,
    EXIT_FOUND,
    given_settings,
    make_parser,
)
from leanpix_cli.optimize.cache import Cache
from leanpix_cli.optimize.config import Config, read_config
from leanpix_cli.optimize.files import Item, PathError, Selection, ask_git, find
from leanpix_cli.optimize.outcome import Outcome, Status, Summary, summarize
from leanpix_cli.optimize.patterns import GitIgnore, Patterns, absolute
from leanpix_cli.optimize.run import Destination, Run
from leanpix_cli.optimize.settings import SettingsError
from leanpix_cli.optimize.workers import (
    LocalWorker,
    Worker,
    WorkFailed,
    default_jobs,
)
from leanpix_cli.optimize.writing import write

_STREAM: Final = "-"
_REPORT: Final = "leanpix-report.html"
_INTERRUPTED: Final = 130
_PAIR: Final = 2
PICTURE_BYTES: Final = 60_000_000
"""Bytes of pictures that a page carries; later files are rows without pictures."""


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        refuse_contradictions(arguments)
        pair = _as_pair(arguments)
        if pair is not None:
            return _optimize_pair(pair, arguments, argv)
        config = read_config(Path.cwd(), given_settings(arguments))
        if arguments.paths == [_STREAM]:
            return _optimize_stream(config, arguments)
        return _optimize_files(config, arguments)
    except (SettingsError, PathError, WorkFailed) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or ''}: {error.strerror}".removeprefix(": "))
    except KeyboardInterrupt:
        print("leanpix: interrupted; what was written is whole", file=sys.stderr)
        return _INTERRUPTED


def refuse_contradictions(arguments: argparse.Namespace) -> None:
    """Refuse options that contradict one another.

    Raises:
        SettingsError: they do.
    """
    names = ("in_place", "out", "suffix", "output", "check", "dry_run")
    chosen = [f"--{name.replace('_', '-')}" for name in names if getattr(arguments, name)]
    if "--in-place" in chosen and "--dry-run" in chosen:  # what would be, of what is asked for
        chosen.remove("--dry-run")
    if len(chosen) > 1:
        message = f"{' and '.join(chosen)} exclude one another"
        raise SettingsError(message)
    if arguments.backup and not arguments.in_place:
        message = "--backup needs --in-place"
        raise SettingsError(message)
    is_git = arguments.staged or arguments.changed_since
    if not arguments.paths and not is_git:
        message = (
            "name files or folders, or - for stdin; `leanpix optimize --help` has all options"
        )
        raise SettingsError(message)
    if _STREAM in arguments.paths and len(arguments.paths) > 1:
        message = "- stands alone"
        raise SettingsError(message)


def _as_pair(arguments: argparse.Namespace) -> tuple[str, str] | None:
    """Return IN and OUT where the command line is those two: OUT is new, or --output names it."""
    paths = arguments.paths
    if arguments.output is not None and paths != [_STREAM]:
        if len(paths) != 1 or not Path(paths[0]).is_file():
            message = "--output takes one file; --out takes a folder"
            raise SettingsError(message)
        return None if arguments.output == _STREAM else (paths[0], arguments.output)
    others = ("in_place", "out", "suffix", "check", "dry_run", "staged", "changed_since", "report")
    if len(paths) != _PAIR or any(getattr(arguments, name) for name in others):
        return None
    source, target = Path(paths[0]), Path(paths[1])
    is_new = not target.exists() and target.parent.is_dir()
    return (paths[0], paths[1]) if source.is_file() and is_new else None


def _optimize_pair(
    pair: tuple[str, str], arguments: argparse.Namespace, argv: Sequence[str]
) -> int:
    """Optimize one file into another as `python -m leanpix_engine` does, which prints JSON."""
    from leanpix_engine.__main__ import main as run  # noqa: PLC0415 - the rest does without it

    words = list(argv)
    if arguments.output is not None:
        words = _without_output(words, arguments.output)
        words.append(pair[1])
    return run(words)


def _without_output(words: list[str], target: str) -> list[str]:
    kept: list[str] = []
    names = ("--output", "-o")
    for word in words:
        is_value = bool(kept) and kept[-1] in names and word == target
        if is_value:
            kept.pop()
        elif word not in (f"--output={target}", f"-o{target}"):
            kept.append(word)
    return kept


def _optimize_stream(config: Config, arguments: argparse.Namespace) -> int:
    """Optimize stdin to stdout, or to a file."""
    data = sys.stdin.buffer.read()
    if not data:
        return _fail("stdin is empty")
    worker = _worker_maker(arguments, apart=False)()
    made = worker.make(data, config.for_file(Path(_STREAM)))
    wanted = config["format"]
    if made.data is None and wanted not in (None, "auto", made.format):
        return _fail(f"stdin: {made.reason}")
    result = data if made.data is None else made.data
    if arguments.output not in (None, _STREAM):
        write(Path(arguments.output), result)
    else:
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()
    return EXIT_FINE


def _optimize_files(config: Config, arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    writes = not (arguments.check or arguments.dry_run)
    destination = _destination(config, arguments) if writes else Destination()
    items = list(find(_paths(arguments), _selection(config, arguments, destination)))
    jobs = min(config["jobs"] or default_jobs(), max(1, len(items)))
    new_worker = _worker_maker(arguments, apart=len(items) > 1)
    cache = Cache(reads=config["cache"])
    run = Run(
        config,
        destination,
        cache,
        new_worker,
        keeps_pictures=PICTURE_BYTES if arguments.report == "html" else 0,
    )
    shown = not (arguments.quiet or arguments.json)
    progress = output.Progress(len(items), shown=shown)
    outcomes: list[Outcome] = []
    try:
        for outcome in run.work(items, jobs):
            outcomes.append(outcome)
            progress.add(outcome)
    finally:
        progress.clear()
        cache.close()
    outcomes.sort(key=_order_of(items))
    summary = summarize(outcomes, time.monotonic() - started)
    _show(arguments, outcomes, summary, written=destination.writes)
    return _exit_code(arguments, summary)


def _order_of(items: Sequence[Item]) -> Callable[[Outcome], int]:
    places = {item.name: place for place, item in enumerate(items)}
    return lambda outcome: places[outcome.name]


def _paths(arguments: argparse.Namespace) -> list[str]:
    if arguments.paths:
        return list(arguments.paths)
    return [os.path.relpath(path) for path in sorted(_asked_of_git(arguments) or ())]


def _asked_of_git(arguments: argparse.Namespace) -> frozenset[Path] | None:
    if arguments.staged:
        return ask_git("--cached")
    if arguments.changed_since:
        return ask_git("--merge-base", arguments.changed_since)
    return None


def _selection(
    config: Config, arguments: argparse.Namespace, destination: Destination
) -> Selection:
    git_files = _asked_of_git(arguments)
    if git_files is not None and not arguments.paths:
        suffixed = Selection(exclude=_patterns(config, "exclude"))
        git_files = frozenset(path for path in git_files if suffixed.takes(path))
    include = _patterns(config, "include")
    folders = (destination.out, destination.backup)
    return Selection(
        recursive=config["recursive"] or git_files is not None,
        include=include[0] if include else None,
        exclude=_patterns(config, "exclude"),
        gitignore=GitIgnore() if config["gitignore"] else None,
        left_out=tuple(absolute(folder) for folder in folders if folder is not None),
        only=git_files,
    )


def _patterns(config: Config, name: str) -> tuple[Patterns, ...]:
    """Return the patterns of a setting, which start where it was written."""
    value, _ = config.explain()[name]
    folder = Path.cwd() if name in config.given else config.folder
    return (Patterns(folder, value),) if value else ()


def _destination(config: Config, arguments: argparse.Namespace) -> Destination:
    return Destination(
        in_place=arguments.in_place,
        out=Path(arguments.out) if arguments.out else None,
        suffix=arguments.suffix,
        backup=Path(arguments.backup) if arguments.backup else None,
        keep_mtime=config["keep-mtime"],
    )


def _worker_maker(arguments: argparse.Namespace, *, apart: bool) -> Callable[[], Worker]:
    if not arguments.remote:
        return lambda: LocalWorker(apart=apart)
    from leanpix_cli.optimize.remote import KEY_VARIABLE, RemoteWorker  # noqa: PLC0415 - loads TLS

    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        message = f"--remote needs a key in {KEY_VARIABLE}"
        raise SettingsError(message)
    return lambda: RemoteWorker(arguments.remote, key)


def _show(
    arguments: argparse.Namespace,
    outcomes: Sequence[Outcome],
    summary: Summary,
    *,
    written: bool,
) -> None:
    lines: list[str] = []
    if arguments.json:
        lines = output.to_json_lines(outcomes, summary)
    elif arguments.report == "markdown" and not arguments.report_file:
        pass  # the report is what is printed
    elif not arguments.quiet:
        colour = output.has_colour(sys.stdout)
        lines = output.to_table(outcomes, verbose=arguments.verbose, colour=colour)
        lines.append(output.to_line(summary, written=written))
        if summary.smaller and not written and not arguments.check:
            lines.append(
                "Nothing was written; --in-place replaces, --out DIR and --suffix do not."
            )
    if arguments.quiet:
        for each in outcomes:
            if each.status is Status.FAILED:
                print(f"leanpix: {each.name}: {each.reason}", file=sys.stderr)
    with suppress(BrokenPipeError):
        for line in lines:
            print(line)
    _write_report(arguments, outcomes, summary, written=written)


def _write_report(
    arguments: argparse.Namespace,
    outcomes: Sequence[Outcome],
    summary: Summary,
    *,
    written: bool,
) -> None:
    if not arguments.report:
        return
    from leanpix_cli.optimize import report  # noqa: PLC0415 - the rest does without it

    if arguments.report == "html":
        page = report.to_page(outcomes, summary, written=written)
        write(Path(arguments.report_file or _REPORT), page.encode("utf-8", "replace"))
        return
    text = report.to_markdown(outcomes, summary, written=written)
    if not arguments.report_file:
        print(text, end="")
    else:
        write(Path(arguments.report_file), text.encode("utf-8", "replace"))


def _exit_code(arguments: argparse.Namespace, summary: Summary) -> int:
    if summary.failed:
        return EXIT_FAILED
    return EXIT_FOUND if arguments.check and summary.smaller else EXIT_FINE


def _fail(text: str) -> int:
    print(f"leanpix: {text}", file=sys.stderr)
    return EXIT_FAILED


def show_config(argv: Sequence[str]) -> int:
    """Print the settings that hold, for a file or for all, and where each comes from."""
    parser = argparse.ArgumentParser(
        prog="leanpix config",
        description="Show the settings of `leanpix optimize` that hold here, and where from.",
    )
    parser.add_argument("path", nargs="?", metavar="PATH", help="A file, with its overrides.")
    path = parser.parse_args(argv).path
    try:
        config = read_config(Path.cwd(), {})
    except SettingsError as error:
        return _fail(str(error))
    found = config.explain(Path(path) if path else None)
    rows = [(name, _to_text(value), origin) for name, (value, origin) in found.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, value, origin in rows:
        print(f"{name.ljust(widths[0])}  {value.ljust(widths[1])}  {origin}")
    return EXIT_FINE


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value) or "-"
    return "-" if value is None else str(value)
