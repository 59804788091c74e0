"""Optimize one file and print one line of JSON: `python -m leanpix_engine IN OUT`."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from leanpix_engine import (
    Crop,
    CropMethod,
    Format,
    Level,
    Metadata,
    Options,
    Refused,
    Result,
    optimize,
)
from leanpix_engine.format import TARGETS
from leanpix_engine.model import ALL_METADATA

_NAMED_COLOURS = {"white": (255, 255, 255), "black": (0, 0, 0)}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m leanpix_engine", description="Makes one image smaller."
    )
    parser.add_argument("source", metavar="IN", type=Path)
    parser.add_argument("target", metavar="OUT", type=Path)
    quality = parser.add_argument_group("quality")
    quality.add_argument(
        "--level", choices=[level.value for level in Level], default=Level.MEDIUM.value
    )
    quality.add_argument("--quality", type=int, metavar="N", help="1-100, in place of a level")
    quality.add_argument("--max-bytes", type=int, metavar="N", help="the best look that fits")
    quality.add_argument(
        "--no-mark", action="store_true", help="leave out the mark that says what it was made for"
    )
    quality.add_argument(
        "--assume-pristine",
        action="store_true",
        help="do not ask what the source has lost already",
    )
    quality.add_argument(
        "--min-saving", type=float, default=0.01, metavar="SHARE", help="or else keep the source"
    )
    _add_formats(parser.add_argument_group("format"))
    _add_sizes(parser.add_argument_group("size"))
    metadata = parser.add_argument_group("metadata")
    kinds = ",".join(Metadata)
    metadata.add_argument("--keep", type=_kinds, default=frozenset(), metavar=kinds)
    metadata.add_argument("--keep-exif", action="store_true", help="the same as --keep exif,xmp")
    return parser


def _add_formats(group: argparse._ArgumentGroup) -> None:
    formats = ",".join(TARGETS)
    group.add_argument("--format", choices=[str(target) for target in TARGETS], help="convert")
    group.add_argument("--smallest-of", type=_formats, default=(), metavar=formats)
    group.add_argument(
        "--also", type=_formats, default=(), metavar=formats, help="write OUT.FORMAT as well"
    )
    group.add_argument("--webp", action="store_true", help="the same as --also webp")
    group.add_argument("--always-convert", action="store_true", help="even to a larger file")
    group.add_argument(
        "--background", type=_colour, metavar="white|black|#RRGGBB", help="under transparency"
    )
    group.add_argument("--cmyk-to-rgb", action="store_true")


def _add_sizes(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--max-width", type=int, metavar="N")
    group.add_argument("--max-height", type=int, metavar="N")
    group.add_argument("--long-edge", type=int, metavar="N")
    for method in CropMethod:
        group.add_argument(
            f"--{method}", type=_size, metavar="WIDTHxHEIGHT", help=_CROP_HELP[method]
        )


_CROP_HELP = {
    CropMethod.COVER: "fill this size, cut off what matters least",
    CropMethod.THUMB: "the same, but keep a subject alone before a plain background whole",
}


def _formats(text: str) -> tuple[Format, ...]:
    return tuple(Format(name) for name in text.split(","))


def _kinds(text: str) -> frozenset[Metadata]:
    return frozenset(Metadata(name) for name in text.split(","))


def _size(text: str) -> tuple[int, int]:
    width, height = (int(side) for side in text.split("x"))
    return width, height


def _colour(text: str) -> tuple[int, int, int]:
    if text in _NAMED_COLOURS:
        return _NAMED_COLOURS[text]
    if re.fullmatch(r"#[0-9A-Fa-f]{6}", text) is None:
        raise ValueError(text)
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def _target_format(arguments: argparse.Namespace) -> Format | None:
    """Return the format asked for: by its name, or by the name of OUT, which is not to lie."""
    if arguments.format:
        return Format(arguments.format)
    ending = arguments.target.suffix.lower().removeprefix(".").replace("jpeg", "jpg")
    return Format(ending) if ending in TARGETS and not arguments.smallest_of else None


def _options(arguments: argparse.Namespace) -> Options:
    crops = [
        Crop(method=method, width=size[0], height=size[1])
        for method in CropMethod
        if (size := getattr(arguments, method)) is not None
    ]
    if len(crops) > 1:
        message = "--cover and --thumb exclude each other"
        raise ValueError(message)
    return Options(
        level=Level(arguments.level),
        quality=arguments.quality,
        max_bytes=arguments.max_bytes,
        target_format=_target_format(arguments),
        smallest_of=arguments.smallest_of,
        also=(*arguments.also, *([Format.WEBP] if arguments.webp else [])),
        always_convert=arguments.always_convert,
        background=arguments.background,
        keep=arguments.keep | (ALL_METADATA if arguments.keep_exif else frozenset()),
        cmyk_to_rgb=arguments.cmyk_to_rgb,
        mark=not arguments.no_mark,
        assume_pristine=arguments.assume_pristine,
        min_saving=arguments.min_saving,
        max_width=arguments.max_width,
        max_height=arguments.max_height,
        long_edge=arguments.long_edge,
        crop=crops[0] if crops else None,
    )


def _formats_wanted(options: Options, result: Result) -> tuple[Format, ...]:
    return options.smallest_of or (options.target_format or result.original_format,)


def _report(result: Result) -> dict[str, object]:
    output = result.output
    size = len(output.data) if output else result.original_size
    kind = output.format if output else result.original_format
    also = {rendition.format: len(rendition.data) for rendition in result.also}
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
        "webp_size": also.get(Format.WEBP),
        "also": also,
        "seconds": result.seconds,
    }


def main(argv: list[str] | None = None) -> int:
    """Run the command: exit with 0, or with 2 and one line on standard error."""
    arguments = build_parser().parse_args(argv)
    try:
        source = arguments.source.read_bytes()
        options = _options(arguments)
        result = optimize(source, options)
        if result.output:
            arguments.target.write_bytes(result.output.data)
        elif result.original_format in _formats_wanted(options, result):
            arguments.target.write_bytes(source)  # the best there is; of another format it is not
        for rendition in result.also:
            name = f"{arguments.target.name}.{rendition.format}"
            arguments.target.with_name(name).write_bytes(rendition.data)
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
