"""Optimize one file and print one line of JSON: `python -m leanpix_engine IN OUT`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from leanpix_engine import Format, Level, Options, Refused, Result, optimize
from leanpix_engine.format import TARGETS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m leanpix_engine", description="Makes one image smaller."
    )
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path)
    parser.add_argument(
        "--level", choices=[level.value for level in Level], default=Level.MEDIUM.value
    )
    parser.add_argument("--quality", type=int, metavar="N", help="1-100, in place of a level")
    parser.add_argument("--format", choices=[str(target) for target in TARGETS], help="convert")
    parser.add_argument("--webp", action="store_true", help="write OUT.webp as well")
    parser.add_argument("--max-width", type=int, metavar="N")
    parser.add_argument("--max-height", type=int, metavar="N")
    parser.add_argument("--keep-exif", action="store_true")
    parser.add_argument("--cmyk-to-rgb", action="store_true")
    parser.add_argument(
        "--no-mark", action="store_true", help="leave out the mark that says what it was made for"
    )
    parser.add_argument(
        "--assume-pristine",
        action="store_true",
        help="do not ask what the source has lost already",
    )
    return parser


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        level=Level(arguments.level),
        quality=arguments.quality,
        target_format=Format(arguments.format) if arguments.format else None,
        also_webp=arguments.webp,
        keep_exif=arguments.keep_exif,
        cmyk_to_rgb=arguments.cmyk_to_rgb,
        mark=not arguments.no_mark,
        assume_pristine=arguments.assume_pristine,
        max_width=arguments.max_width,
        max_height=arguments.max_height,
    )


def _report(result: Result) -> dict[str, object]:
    output = result.output
    size = len(output.data) if output else result.original_size
    kind = output.format if output else result.original_format
    return {
        "original_size": result.original_size,
        "optimized_size": size,
        "saved_bytes": result.saved_bytes,
        "saved_percent": round(100 * result.saved_share, 2),
        "type": kind.content_type,
        "format": kind.value,
        "width": output.width if output else result.width,
        "height": output.height if output else result.height,
        "frames": result.frames,
        "quality": output.quality if output else None,
        "score": output.score if output else None,
        "decided_by": output.decided_by if output else None,
        "reason": result.reason,
        "webp_size": len(result.also_webp.data) if result.also_webp else None,
        "seconds": result.seconds,
    }


def main(argv: list[str] | None = None) -> int:
    """Run the command: exit with 0, or with 2 and one line on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        source = arguments.source.read_bytes()
        options = _options(arguments)
        result = optimize(source, options)
        if result.output:
            arguments.target.write_bytes(result.output.data)
        elif options.target_format in (None, result.original_format):
            arguments.target.write_bytes(source)  # the best there is; of another format it is not
        if result.also_webp:
            arguments.target.with_name(arguments.target.name + ".webp").write_bytes(
                result.also_webp.data
            )
    except Refused as refusal:
        print(f"{refusal.reason}: {refusal.text}", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(str(error), file=sys.stderr)
        return 2
    print(json.dumps(_report(result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
