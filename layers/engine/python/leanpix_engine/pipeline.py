"""Take an image through the engine: probe, decode, transform, encode, verify.

Stages that make something new are straight code; `TRANSFORMS` turn one picture into another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from leanpix_engine.encoding import ALREADY_OPTIMIZED, Made, cleaned, make, without_metadata
from leanpix_engine.errors import Kept, LeftAlone, Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.codec import shrink_of
from leanpix_engine.formats.history import mark
from leanpix_engine.formats.history.loss import PRISTINE
from leanpix_engine.formats.job import Job
from leanpix_engine.formats.probe import check
from leanpix_engine.formats.probe import probe as read_headers
from leanpix_engine.formats.registry import codec_of, header_of
from leanpix_engine.limits import Deadline, Limits
from leanpix_engine.model import CropMethod, Metadata, Options, Output, Result
from leanpix_engine.picture import color, metadata
from leanpix_engine.picture.background import laid_on
from leanpix_engine.picture.crop import around_subject, cut
from leanpix_engine.picture.decode import NO_MEMORY
from leanpix_engine.picture.geometry import geometry_of
from leanpix_engine.picture.orient import upright
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.picture.resize import resize as resize_picture
from leanpix_engine.picture.vips import pyvips
from leanpix_engine.search.targets import goal_of

_OF_ONE_FORMAT = (
    Reason.NEEDS_BACKGROUND,
    Reason.UNSUPPORTED_CONVERSION,
    Reason.TOO_LARGE,
)
"""Refusals by one format that another may not share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    output: Output | None = None
    reason: str | None = None
    also: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Main:
    job: Job
    """With the format that was made."""
    picture: Picture
    """What the output shows."""
    made: Made


def run(source: bytes, options: Options, limits: Limits) -> Result:
    """Optimize an image, as `leanpix_engine.optimize` does.

    Raises:
        Refused: the image is damaged, unsupported or beyond `limits`.
    """
    started = time.monotonic()
    deadline = Deadline(limits.max_seconds)
    try:
        facts = read_headers(source, limits)
        job = Job(
            source=source,
            facts=facts,
            options=options,
            limits=limits,
            deadline=deadline,
            shrink=shrink_of(facts, options),
            mark=mark.read(source, header_of(facts.format).MARK),
        )
        outcome = _optimize(job)
    except MemoryError as error:
        raise Refused(Reason.TOO_LARGE, NO_MEMORY) from error
    except (OSError, ValueError, RuntimeError, pyvips.Error) as error:
        raise Refused(Reason.ENGINE_FAILURE) from error
    return Result(
        original_size=len(source),
        original_format=facts.format,
        width=facts.width,
        height=facts.height,
        frames=facts.frames,
        output=outcome.output,
        also=outcome.also,
        reason=outcome.reason,
        seconds=round(time.monotonic() - started, 4),
    )


def _optimize(job: Job) -> _Outcome:
    """Make the output, and the renditions beside it that are asked for.

    Raises:
        LeftAlone: the image can only stay as it is, and that is not what was asked for.
    """
    if job.is_made_already and not job.options.also:
        return _Outcome(reason=ALREADY_OPTIMIZED)
    try:
        stored = decode(job)
    except LeftAlone as left_alone:
        if not job.may_stay:
            raise
        return _left_alone(job, left_alone)
    score = _source_score(job, stored)
    job = replace(job, source_score=score, is_transparent=not stored.opaque())
    main = _smallest(job, stored)
    return _Outcome(
        output=main.made.output, reason=main.made.reason, also=_renditions(job.options.also, main)
    )


def _left_alone(job: Job, why: LeftAlone) -> _Outcome:
    """Return nothing but the reason; or where it has private metadata, the file without that.

    Nothing of it is decoded here, so that what is kept of EXIF and XMP is all or nothing.
    """
    clean = header_of(job.facts.format).without_metadata(job.source)
    if job.options.keeps_all_metadata or clean == job.source:
        return _Outcome(reason=why.kept.value)
    facts = job.facts
    output = Output(
        data=clean,
        format=facts.format,
        width=facts.width,
        height=facts.height,
        quality=None,
        score=None,
    )
    return _Outcome(output=output)


def _smallest(job: Job, stored: Picture) -> _Main:
    """Return the smallest file of the formats asked for, or what would do as well as the source.

    Raises:
        Refused: none of them can hold the image.
    """
    mains: list[_Main] = []
    refusals: list[Refused] = []
    for kind in job.options.smallest_of or (job.kind,):
        try:
            mains.append(_main(job.for_kind(kind), stored, mains[-1] if mains else None))
        except Refused as refusal:
            if refusal.reason not in _OF_ONE_FORMAT or not job.options.smallest_of:
                raise
            refusals.append(refusal)
    if not mains:
        raise refusals[-1]
    keeping = [main for main in mains if main.job.keeps_format]
    made = [main for main in mains if main.made.output is not None]
    return min(made, key=_size_of, default=(keeping or mains)[0])


def _main(job: Job, stored: Picture, before: _Main | None) -> _Main:
    """Return what comes out in one format; `before` is what came out in another."""
    job = replace(job, has_private_metadata=_has_private_metadata(job, stored))
    depends_on_format = stored.orientation > 1 or stored.mode is Mode.CMYK
    same = before.picture if before and not depends_on_format else None
    picture = transform(job, stored) if same is None else same
    reusable = _reusable_source(job, stored, picture)
    made = make(job, picture, reusable, before.made.judge if before else None)
    stays = job.keeps_format and not job.must_change
    if made.output is None and stays and job.has_private_metadata:
        made = replace(made, output=without_metadata(job, stored), reason=None)
    return _Main(job=job, picture=picture, made=made)


def _size_of(main: _Main) -> int:
    return len(main.made.output.data) if main.made.output else 0


def decode(job: Job) -> Picture:
    """Decode all frames, strictly, and hold what came out against the limits too.

    Raises:
        LeftAlone: HDR that was to be changed, which nothing here could do rightly.
    """
    if job.facts.hdr and not job.may_stay:
        raise LeftAlone(Kept.HDR)
    picture = codec_of(job.facts.format).decode(job.source, job.limits, job.shrink)
    width, height = picture.width * job.shrink, picture.height * job.shrink
    check(replace(job.facts, width=width, height=height, frames=picture.count), job.limits)
    return metadata.with_kept(picture, job.options.keep, job.limits)


def orient(job: Job, picture: Picture) -> Picture:
    """Turn the pixels as they are seen; some lossless coding keeps their order and the tag."""
    keeps_order = job.kind.traits.keeps_orientation and job.keeps_format and not job.resizes
    if picture.orientation == 1 or (job.goal is None and keeps_order):
        return picture
    return upright(picture)


def resize(job: Job, picture: Picture) -> Picture:
    """Bring the picture to the size asked for: smaller, then cut where it is to be exact."""
    if not job.resizes:
        return picture
    width, height = picture.width * job.shrink, picture.height * job.shrink
    geometry = geometry_of(width, height, job.options)
    if job.options.crop and job.options.crop.method is CropMethod.THUMB:
        alone = around_subject(picture, geometry.size)
        if alone is not None:
            return alone
    if geometry.scaled != (picture.width, picture.height):
        picture = resize_picture(picture, *geometry.scaled)
    return cut(picture, geometry.size)


def to_srgb(job: Job, picture: Picture) -> Picture:
    """Bring the colours into what the output can carry."""
    return color.to_srgb(
        picture,
        job.limits,
        cmyk_to_rgb=job.options.cmyk_to_rgb or not job.kind.traits.has_cmyk,
        lossy=job.goal is not None or not job.keeps_format,
        keep_icc=Metadata.ICC in job.options.keep,
    )


def fill(job: Job, picture: Picture) -> Picture:
    """Lay the picture on the background asked for."""
    colour = job.options.background
    return laid_on(picture, colour) if colour and job.fills else picture


_Step = Callable[[Job, Picture], Picture]
TRANSFORMS: tuple[_Step, ...] = (orient, resize, to_srgb, fill)
_OF_FORMAT: tuple[_Step, ...] = (orient, to_srgb)
"""Those that depend on the output's format."""


def transform(job: Job, picture: Picture) -> Picture:
    """Return the picture that the output is to show."""
    for step in TRANSFORMS:
        picture = step(job, picture)
    return picture


def _has_private_metadata(job: Job, stored: Picture) -> bool:
    """Return whether metadata has to go, however little that saves."""
    if job.options.keeps_all_metadata or not job.keeps_format:
        return False
    return cleaned(job, stored) != job.source


def _source_score(job: Job, stored: Picture) -> float:
    """Return the source's score against its original: by its mark, or else by its coding."""
    if goal_of(job.options) is None or job.shrink > 1 or job.options.assume_pristine:
        return PRISTINE
    if job.mark is not None and job.mark.goal < mark.LOSSLESS:
        return job.mark.goal
    return codec_of(job.facts.format).source_score(job.source, stored)


def _reusable_source(job: Job, stored: Picture, picture: Picture) -> bytes | None:
    """Return the source where it shows the picture as it is to be, in the format asked for."""
    same = picture.frames is stored.frames and picture.orientation == stored.orientation
    return job.source if same and job.keeps_format else None


def _renditions(formats: tuple[Format, ...], main: _Main) -> tuple[Output, ...]:
    """Return the same picture in other formats, each that can be made and is as small as it ought.

    One judge serves them all, as far as their goal is the same.
    """
    made, output = main.made, main.made.output
    if main.job.facts.hdr:
        return ()
    also: list[Output] = []
    for kind in formats:
        if kind is (output.format if output else main.job.kind):
            continue
        beside = replace(main.job.for_kind(kind), shrink=1, has_private_metadata=False)
        picture = main.picture
        for step in _OF_FORMAT:
            picture = step(beside, picture)
        try:
            made = make(beside, picture, None, made.judge)
        except Refused:
            continue
        is_smaller = made.output and (output is None or len(made.output.data) < len(output.data))
        if made.output and (is_smaller or beside.is_given_anyway):
            also.append(made.output)
    return tuple(also)
