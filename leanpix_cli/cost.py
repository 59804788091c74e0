"""Compute what 1,000 images cost in AWS: `leanpix cost`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from leanpix_cli.console import AsJson, CommandError
from leanpix_cli.cost_model import (
    OPTIMIZER_MEGABYTES,
    PRICED,
    SECONDS_PER_MEGAPIXEL,
    Use,
    cost_per_image,
)

_IMAGES: Final = 1_000
SIZES_MEGAPIXELS: Final = (0.5, 2.0, 12.0)
APIS: Final = ("megaoptim", "tinyjpg", "tinify")


def cost(  # noqa: PLR0913 - each parameter is an option of the command
    *,
    api: Annotated[str, typer.Option(help="megaoptim, tinyjpg or tinify.")] = "megaoptim",
    image_format: Annotated[str, typer.Option("--format", help="jpg, png or webp.")] = "jpg",
    level: Annotated[str, typer.Option(help="lossless, medium or high.")] = "medium",
    megapixels: Annotated[float, typer.Option(min=0.01, max=268, help="Of an image.")] = 2.0,
    saved: Annotated[float, typer.Option(min=0, max=99, help="Percent of the bytes.")] = 50.0,
    polls: Annotated[
        float | None, typer.Option(min=0, help="Status calls for each image.")
    ] = None,
    downloads: Annotated[float, typer.Option(min=0, help="Of each result.")] = 1.0,
    memory: Annotated[int, typer.Option(min=512, max=10_240, help="Optimizer's MB.")] = (
        OPTIMIZER_MEGABYTES
    ),
    retention_days: Annotated[int, typer.Option(min=1, max=365, help="Of files.")] = 7,
    front_door: Annotated[bool, typer.Option(help="Downloads by CloudFront.")] = True,
    free_part: Annotated[
        bool, typer.Option(help="Within what CloudFront gives away each month.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Compute what 1,000 images cost, by what is paid for; docs/cost.md has the formula."""
    _check(api, image_format, level)
    use = Use(
        api=api,
        format=image_format,
        level=level,
        megapixels=megapixels,
        saved_share=saved / 100,
        polls=polls,
        downloads=downloads,
        optimizer_megabytes=memory,
        retention_days=retention_days,
        has_front_door=front_door,
        is_within_free=free_part,
    )
    parts = {name: _IMAGES * dollars for name, dollars in cost_per_image(use).items()}
    _print_json(parts) if as_json else _print_table(use, parts)


def _print_json(parts: dict[str, float]) -> None:
    answer = {"images": _IMAGES, "dollars": round(sum(parts.values()), 4), "priced": PRICED}
    rounded = {name: round(dollars, 5) for name, dollars in parts.items()}
    typer.echo(json.dumps({**answer, "parts": rounded}))


def _check(api: str, image_format: str, level: str) -> None:
    if api not in APIS:
        message = f"--api {api}: one of {', '.join(APIS)}"
        raise CommandError(message)
    if (image_format, level) not in SECONDS_PER_MEGAPIXEL:
        known = ", ".join(" ".join(each) for each in SECONDS_PER_MEGAPIXEL)
        message = f"--format {image_format} --level {level}: measured are {known}"
        raise CommandError(message)


def _print_table(use: Use, parts: dict[str, float]) -> None:
    total = sum(parts.values())
    title = f"1,000 images: {use.megapixels:g} MP {use.format} {use.level}, by {use.api}'s API"
    table = Table(title=title, caption=f"List prices {PRICED}, without free tiers", box=None)
    table.add_column("for")
    table.add_column("dollars", justify="right")
    table.add_column("share", justify="right")
    for name, dollars in sorted(parts.items(), key=lambda each: -each[1]):
        table.add_row(name, f"{dollars:.4f}", f"{dollars / total:.0%}")
    table.add_row("all", f"{total:.4f}", "", style="bold")
    Console(soft_wrap=True).print(table)


def render_table() -> str:
    """Return the table of docs/cost.md: dollars per 1,000 images."""
    lines = [
        "| Image | API | "
        + " | ".join(f"{size:g} MP" for size in SIZES_MEGAPIXELS)
        + " | 2 MP beyond the free part | of 2 MP: optimizing | polls |",
        "|---|---|" + "---:|" * (len(SIZES_MEGAPIXELS) + 3),
    ]
    for image_format, level in SECONDS_PER_MEGAPIXEL:
        for api in APIS:
            uses = [
                Use(api=api, format=image_format, level=level, megapixels=size)
                for size in SIZES_MEGAPIXELS
            ]
            totals = [f"${_dollars(use):.3f}" for use in uses]
            totals.append(f"${_dollars(replace(uses[1], is_within_free=False)):.3f}")
            middle = cost_per_image(uses[1])
            shares = [
                f"{middle[name] / sum(middle.values()):.0%}" for name in ("optimizing", "polls")
            ]
            cells = [f"{image_format} {level}", api, *totals, *shares]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def render_levers() -> str:
    """Return the table of what each lever saves on 1,000 JPEGs of 2 MP at medium."""
    before = Use(has_front_door=False, keeps_uploads=True, result_megabytes=512)
    levers: tuple[tuple[str, dict[str, Any]], ...] = (
        ("downloads by CloudFront, within its free part", {"has_front_door": True}),
        ("uploads deleted when their image has ended", {"keeps_uploads": False}),
        ("polls held by 256 MB in place of 512", {"result_megabytes": 256}),
    )
    lines = ["| lever | 1,000 images | saves | of the first |", "|---|---:|---:|---:|"]
    first = _dollars(before)
    lines.append(f"| none of these | ${first:.4f} | | |")
    use = before
    for name, change in levers:
        changed = replace(use, **change)
        saved = _dollars(use) - _dollars(changed)
        use = changed
        lines.append(f"| {name} | ${_dollars(use):.4f} | ${saved:.4f} | {saved / first:.1%} |")
    for name, change in (
        ("all, beyond CloudFront's free part", {"is_within_free": False}),
        ("all, and `-c optimizer_memory_megabytes=1769`", {"optimizer_megabytes": 1_769}),
        (
            "the same, beyond CloudFront's free part",
            {"optimizer_megabytes": 1_769, "is_within_free": False},
        ),
    ):
        dollars = _dollars(replace(use, **change))
        lines.append(f"| {name} | ${dollars:.4f} | | |")
    return "\n".join(lines) + "\n"


def _dollars(use: Use) -> float:
    return _IMAGES * sum(cost_per_image(use).values())
