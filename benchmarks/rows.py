"""Compute the figures that the engine has to reach, from the records alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Final

from benchmarks import plan
from benchmarks.corpus import Group
from benchmarks.interpolation import Rung, bytes_at
from benchmarks.records import LEANPIX, Record, pairs, select
from leanpix_engine import Format, Level
from leanpix_engine.search.targets import LEVEL_SCORES

LARGE_MEGAPIXELS: Final = 8.0
_FLOOR: Final = 0.5
_MEDIUM: Final = Level.MEDIUM.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure against its bound."""

    key: str
    what: str
    bound: float
    at_least: bool = False
    value: float | None
    """None where the folder has no image to tell."""
    images: int
    detail: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the bound is kept."""
        if self.value is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def rows(records: Sequence[Record]) -> list[Row]:
    """Return all rows in the order of RESULTS.md."""
    parts = (_equal_jpeg, _floor, _png, _jpeg_lossless, _webp, _avif, _gif, _cpu, _memory, _never)
    return [row for part in parts for row in part(records)]


def equal_ratios(records: Sequence[Record], kind: Format, rival: str) -> dict[str, float]:
    """Return our bytes by a rival's at our score, for each photo that it can reach."""
    ratios: dict[str, float] = {}
    for ours in _photos(records, kind):
        ladder = select(records, image=ours.image, codec=rival, is_rung=True)
        rungs = [Rung(rung.quality, rung.bytes, rung.score or 0.0) for rung in ladder]
        if ours.is_lossy and (theirs := bytes_at(rungs, ours.score or 0.0)) is not None:
            ratios[ours.image] = ours.bytes / theirs
    return ratios


def lossy_outputs(records: Sequence[Record]) -> list[Record]:
    """Return all lossy outputs at a level."""
    levels = [level.value for level in LEVEL_SCORES]
    return [record for record in records if record.is_lossy and record.setting in levels]


def above_target(record: Record) -> float:
    """Return the distance of a lossy output's score from its level's."""
    return (record.score or 0.0) - LEVEL_SCORES[Level(record.setting)]


def _photos(records: Sequence[Record], kind: Format, setting: str = _MEDIUM) -> list[Record]:
    photos = (Group.PHOTOS.value, Group.BIG_PHOTOS.value)
    return [
        record
        for record in select(records, codec=LEANPIX, setting=setting, format=kind.value)
        if record.group in photos and record.source_format == "jpg" and record.done
    ]


def _graphics(records: Sequence[Record], codec: str, setting: str, kind: Format) -> list[Record]:
    found = select(records, codec=codec, setting=setting, format=kind.value, source_format="png")
    return [record for record in found if record.group == Group.GRAPHICS.value and record.done]


def _equal_jpeg(records: Sequence[Record]) -> Iterator[Row]:
    for rival, key, bound in (
        (plan.SHARP_JPEG, "jpeg-sharp", 0.84),
        (plan.SHARP_MOZJPEG, "jpeg-mozjpeg", 0.95),
    ):
        yield _equal(records, Format.JPEG, rival, key, bound)


def _equal(records: Sequence[Record], kind: Format, rival: str, key: str, bound: float) -> Row:
    ratios = list(equal_ratios(records, kind, rival).values())
    every = len(_photos(records, kind))
    left_out = f"; {every - len(ratios)} without a comparison" if every > len(ratios) else ""
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}" if ratios else ""
    return Row(
        key=key,
        what=f"{kind.name} photos, medium: bytes against {rival} at each image's own ss2, median",
        bound=bound,
        value=median(ratios) if ratios else None,
        images=len(ratios),
        detail=spread + left_out,
    )


def _floor(records: Sequence[Record]) -> Iterator[Row]:
    outputs = lossy_outputs(records)
    above = [above_target(record) for record in outputs]
    worst = min(outputs, key=above_target, default=None)
    yield Row(
        key="floor-share",
        what="share of lossy outputs with ss2 at least target - 0.5",
        bound=0.95,
        at_least=True,
        value=mean(gap >= -_FLOOR for gap in above) if above else None,
        images=len(above),
        detail=f"median {median(above):+.2f} from the target" if above else "",
    )
    yield Row(
        key="floor-worst",
        what="the worst lossy output's ss2 from its target",
        bound=-2,
        at_least=True,
        value=min(above, default=None),
        images=len(above),
        detail=f"{worst.image} to {worst.format}, {worst.setting}" if worst else "",
    )


def _png(records: Sequence[Record]) -> Iterator[Row]:
    ours = _graphics(records, LEANPIX, _MEDIUM, Format.PNG)
    palette = _graphics(records, plan.SHARP_PALETTE, plan.DEFAULT, Format.PNG)
    both = pairs(ours, palette, lambda record: record.bytes)
    yield Row(
        key="png-medium",
        what=f"PNG graphics, medium: against {plan.SHARP_PALETTE}, median bytes",
        bound=0.62,
        value=_median_ratio(both),
        images=len(both),
        detail=_total_text(both),
    )
    above = [above_target(record) for record in ours]
    yield Row(
        key="png-floor",
        what="the same: the worst ss2 from the target, on white and on dark",
        bound=-_FLOOR,
        at_least=True,
        value=min(above, default=None),
        images=len(above),
    )
    lossless = _graphics(records, LEANPIX, Level.LOSSLESS.value, Format.PNG)
    plain = _graphics(records, plan.SHARP_PNG, plan.DEFAULT, Format.PNG)
    yield _total(
        pairs(lossless, plain, lambda record: record.bytes),
        key="png-lossless",
        what=f"PNG lossless: against {plan.SHARP_PNG}, total bytes",
        bound=0.76,
    )
    yield _identical(lossless, "png-identical", "PNG lossless: share of pixel-identical outputs")


def _jpeg_lossless(records: Sequence[Record]) -> Iterator[Row]:
    photos = _photos(records, Format.JPEG, Level.LOSSLESS.value)
    shares = [record.bytes / record.source_bytes for record in photos]
    yield Row(
        key="jpeg-lossless",
        what="JPEG lossless: against the original, median bytes",
        bound=0.925,
        value=median(shares) if shares else None,
        images=len(shares),
        detail=f"{min(shares):.3f} to {max(shares):.3f}" if shares else "",
    )
    yield _identical(photos, "jpeg-identical", "JPEG lossless: share of pixel-identical outputs")


def _webp(records: Sequence[Record]) -> Iterator[Row]:
    yield _equal(records, Format.WEBP, plan.SHARP_WEBP, "webp-photos", 0.93)
    ours = _graphics(records, LEANPIX, _MEDIUM, Format.WEBP)
    theirs = _graphics(records, plan.SHARP_WEBP, plan.DEFAULT, Format.WEBP)
    both = pairs(ours, theirs, lambda record: record.bytes)
    above = [above_target(record) for record in ours]
    below = sum((record.score or 0.0) < LEVEL_SCORES[Level.MEDIUM] - _FLOOR for record in theirs)
    floors = f"ours at worst {min(above):+.2f} from the target; " if above else ""
    yield Row(
        key="webp-graphics",
        what="WebP of graphics, medium: against sharp's quality 80, median bytes",
        bound=0.77,
        value=_median_ratio(both),
        images=len(both),
        detail=f"{floors}sharp below our floor on {below}; {_total_text(both)}",
    )
    yield Row(
        key="webp-floor",
        what="the same: our worst ss2 from the target",
        bound=-_FLOOR,
        at_least=True,
        value=min(above, default=None),
        images=len(above),
    )


def _avif(records: Sequence[Record]) -> Iterator[Row]:
    yield _equal(records, Format.AVIF, plan.SHARP_AVIF, "avif-photos", 0.98)
    theirs = select(records, codec=plan.SHARP_AVIF, setting=plan.DEFAULT)
    both = pairs(_photos(records, Format.AVIF), theirs, lambda record: record.cpu_seconds)
    yield Row(
        key="avif-cpu",
        what="AVIF of photos, medium: CPU against sharp's avif at its defaults",
        bound=0.35,
        value=_ratio_of_totals(both),
        images=len(both),
    )


def _gif(records: Sequence[Record]) -> Iterator[Row]:
    ours = [
        record
        for record in select(
            records, codec=LEANPIX, setting=_MEDIUM, format="gif", source_format="gif"
        )
        if record.group == Group.ANIMATIONS.value and record.done
    ]
    sizes = [(float(record.bytes), float(record.source_bytes)) for record in ours]
    yield _total(
        sizes, key="gif-total", what="GIF medium: against the originals, total bytes", bound=0.80
    )
    scores = [record.score or 0.0 for record in ours]
    yield Row(
        key="gif-score",
        what="GIF medium: mean ss2 of sampled frames",
        bound=75,
        at_least=True,
        value=mean(scores) if scores else None,
        images=len(scores),
        detail=f"worst {min(scores):.1f}" if scores else "",
    )


def _cpu(records: Sequence[Record]) -> Iterator[Row]:
    jpegs = _photos(records, Format.JPEG)
    small = [record for record in jpegs if record.megapixels < LARGE_MEGAPIXELS]
    large = [record for record in jpegs if record.megapixels >= LARGE_MEGAPIXELS]
    pngs = _graphics(records, LEANPIX, _MEDIUM, Format.PNG)
    pngs = [record for record in pngs if record.megapixels >= 1]
    webps = _photos(records, Format.WEBP) + _graphics(records, LEANPIX, _MEDIUM, Format.WEBP)
    for key, what, ours, rival, bound in (
        ("cpu-jpeg", "JPEG medium, below 8 MP", small, plan.SHARP_JPEG, 0.25),
        ("cpu-jpeg-large", "JPEG medium, 8 MP and more", large, plan.SHARP_JPEG, 0.12),
        ("cpu-png", "PNG medium, 1 MP and more", pngs, plan.SHARP_PALETTE, 0.6),
        ("cpu-webp", "WebP medium", webps, plan.SHARP_WEBP, 0.8),
        ("cpu-avif", "AVIF medium", _photos(records, Format.AVIF), plan.SHARP_AVIF, 0.9),
    ):
        theirs = select(records, codec=rival, setting=plan.DEFAULT)
        both = pairs(ours, theirs, lambda record: record.cpu_seconds)
        ratio = _ratio_of_totals(both)
        megapixels = sum(record.megapixels for record in ours)
        seconds = sum(record.cpu_seconds for record in ours)
        yield Row(
            key=key,
            what=f"CPU seconds per MP: {what}",
            bound=bound,
            value=seconds / megapixels if megapixels else None,
            images=len(ours),
            detail=f"{ratio:.1f} times {rival}'s" if ratio is not None else "",
        )


def _memory(records: Sequence[Record]) -> Iterator[Row]:
    for megapixels, bound in ((18, 400), (24, 550)):
        found = select(
            records, group=Group.MEMORY.value, megapixels=float(megapixels), codec=LEANPIX
        )
        sharp = select(
            records, group=Group.MEMORY.value, megapixels=float(megapixels), codec=plan.SHARP_JPEG
        )
        yield Row(
            key=f"memory-{megapixels}",
            what=f"peak RSS in MB for a JPEG of {megapixels} MP, medium",
            bound=bound,
            value=found[0].peak_megabytes if found else None,
            images=len(found),
            detail=f"sharp's: {sharp[0].peak_megabytes:.0f} MB" if sharp else "",
        )


def _never(records: Sequence[Record]) -> Iterator[Row]:
    ours = select(records, codec=LEANPIX)
    broken = [record for record in ours if record.problem]
    files = {record.image for record in ours}
    refused = {record.image for record in ours if record.refused}
    named = "; ".join(f"{one.image} ({one.setting}): {one.problem}" for one in broken[:5])
    yield Row(
        key="never",
        what="outputs larger than the input, undecodable, of another size, duration or pixels",
        bound=0,
        value=float(len(broken)) if ours else None,
        images=len(files),
        detail=named or f"{len(ours)} requests; {len(refused)} files refused with a reason",
    )


def _identical(records: Sequence[Record], key: str, what: str) -> Row:
    return Row(
        key=key,
        what=what,
        bound=1,
        at_least=True,
        value=mean(record.identical is True for record in records) if records else None,
        images=len(records),
    )


def _total(both: Sequence[tuple[float, float]], *, key: str, what: str, bound: float) -> Row:
    return Row(key=key, what=what, bound=bound, value=_ratio_of_totals(both), images=len(both))


def _ratio_of_totals(both: Sequence[tuple[float, float]]) -> float | None:
    theirs = sum(second for _, second in both)
    return sum(first for first, _ in both) / theirs if theirs else None


def _median_ratio(both: Sequence[tuple[float, float]]) -> float | None:
    return median(first / second for first, second in both) if both else None


def _total_text(both: Sequence[tuple[float, float]]) -> str:
    ratio = _ratio_of_totals(both)
    return f"total {ratio:.3f}" if ratio is not None else ""
