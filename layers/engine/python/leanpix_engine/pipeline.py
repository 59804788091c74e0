"""The way of an image through the engine: `STEPS`, each a small function from one `Work` to the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace


from leanpix_engine import color, metadata
from leanpix_engine.deadline import Deadline
from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats import Task, codec_of
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format, Options, Output, Probe, Result
from leanpix_engine.orient import upright
from leanpix_engine.picture import Picture
from leanpix_engine.probe import check
from leanpix_engine.probe import probe as read_headers
from leanpix_engine.resize import fitted
from leanpix_engine.resize import resize as resize_picture
from leanpix_engine.search import Candidate, climb
from leanpix_engine.targets import FLOOR_BELOW_GOAL, goal_of
from leanpix_engine.verify import Judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One image on its way; a step returns a new one with what it found."""

    source: bytes
    options: Options
    limits: Limits
    deadline: Deadline
    facts: Probe | None = None
    picture: Picture | None = None
    untouched: bool = True
    """The picture still has the source's pixels, orientation and profile."""
    candidates: tuple[Candidate, ...] = ()
    target: Format | None = None
    output: Output | None = None
    reason: str | None = None

    @property
    def kind(self) -> Format:
        """The format of the output."""
        assert self.facts is not None
        return self.options.target_format or self.facts.format


def run(source: bytes, options: Options, limits: Limits) -> Result:
    """See `leanpix_engine.optimize`."""
    started = time.monotonic()
    work = Work(source=source, options=options, limits=limits, deadline=Deadline(limits.max_seconds))
    try:
        for step in STEPS:
            work = step(work)
        extra = _extra_webp(work) if options.also_webp else None
    except Refused:
        raise
    except (MemoryError, OSError, ValueError, RuntimeError) as error:
        raise Refused(Reason.ENGINE_FAILURE) from error
    assert work.facts is not None
    return Result(
        original_size=len(source),
        original_format=work.facts.format,
        width=work.facts.width,
        height=work.facts.height,
        frames=work.facts.frames,
        output=work.output,
        also_webp=extra,
        reason=work.reason,
        seconds=round(time.monotonic() - started, 4),
    )


def probe(work: Work) -> Work:
    """Reads the headers and holds them against the limits."""
    return replace(work, facts=read_headers(work.source, work.limits))


def decode(work: Work) -> Work:
    """Decodes all frames, strictly."""
    assert work.facts is not None
    picture = codec_of(work.facts.format).decode(work.source, work.limits)
    check(
        replace(work.facts, width=picture.width, height=picture.height, frames=picture.count), work.limits
    )
    return replace(work, picture=metadata.strip(picture, work.options.keep_exif, work.limits))


def orient(work: Work) -> Work:
    """Turns the pixels as they are to be seen, where the output cannot carry the orientation."""
    assert work.picture is not None and work.facts is not None
    if work.picture.orientation == 1:
        return work
    if goal_of(work.options) is None and work.kind is work.facts.format and not _resizes(work):
        return work  # a lossless JPEG keeps its blocks, and its orientation tag
    return replace(work, picture=upright(work.picture), untouched=False)


def resize(work: Work) -> Work:
    """Fits the picture into the box asked for."""
    assert work.picture is not None
    width, height = fitted(
        work.picture.width, work.picture.height, work.options.max_width, work.options.max_height
    )
    if (width, height) == (work.picture.width, work.picture.height):
        return work
    return replace(work, picture=resize_picture(work.picture, width, height), untouched=False)


def to_srgb(work: Work) -> Work:
    """Brings the colours into what the output can carry."""
    assert work.picture is not None
    convert_cmyk = work.options.cmyk_to_rgb or work.kind is not Format.JPEG
    picture = color.to_srgb(work.picture, work.limits, cmyk_to_rgb=convert_cmyk)
    return replace(work, picture=picture, untouched=work.untouched and picture.frames is work.picture.frames)


def encode(work: Work) -> Work:
    """Makes the candidates: lossless ones, and for each lossy way the smallest that reaches the goal."""
    return replace(work, candidates=tuple(_candidates(work)))


def verify(work: Work) -> Work:
    """Takes the smallest candidate that proves right and saves enough; else there is no output."""
    assert work.facts is not None and work.picture is not None
    keeps_format = work.kind is work.facts.format
    ceiling = len(work.source) * (1 - work.options.min_saving) if keeps_format and not _resizes(work) else None
    output = _best(work, ceiling)
    if output is None and ceiling is None:
        raise Refused(Reason.UNSUPPORTED_CONVERSION if not keeps_format else Reason.ENGINE_FAILURE)
    return replace(work, output=output, reason=None if output else "no_savings")


STEPS: tuple[Callable[[Work], Work], ...] = (probe, decode, orient, resize, to_srgb, encode, verify)


def _resizes(work: Work) -> bool:
    assert work.facts is not None
    size = (work.facts.width, work.facts.height)
    return fitted(*size, work.options.max_width, work.options.max_height) != size


def _judge(work: Work) -> Judge:
    assert work.picture is not None
    return Judge(work.picture, lambda data: codec_of(work.kind).decode(data, work.limits))


def _candidates(work: Work) -> Iterator[Candidate]:
    assert work.picture is not None and work.facts is not None
    codec = codec_of(work.kind)
    task = Task(
        picture=work.picture,
        source=work.source if work.untouched and work.kind is work.facts.format else None,
        facts=work.facts,
        options=work.options,
        limits=work.limits,
        deadline=work.deadline,
    )
    found: list[Candidate] = []
    goal = goal_of(work.options)
    if goal is not None:
        judge = _judge(work)
        for ladder in codec.ladders(task, goal):
            if not ladder.worth(found):
                continue
            candidate = climb(ladder, goal, judge.score, work.deadline)
            if candidate is not None and candidate.quality is not None:
                candidate = replace(candidate, data=ladder.finish(candidate.data, candidate.quality))
                found.append(candidate)
    yield from found
    yield from codec.lossless(task)


def _best(work: Work, ceiling: float | None) -> Output | None:
    goal = goal_of(work.options)
    judge = _judge(work)
    assert work.picture is not None
    for candidate in sorted(work.candidates, key=lambda candidate: len(candidate.data)):
        if ceiling is not None and len(candidate.data) > ceiling:
            break
        work.deadline.check()
        floor = None if candidate.quality is None or goal is None else goal - FLOOR_BELOW_GOAL
        right, score = judge.acceptable(candidate.data, floor)
        if right:
            turned = work.picture.orientation >= 5
            width, height = work.picture.width, work.picture.height
            return Output(
                data=candidate.data,
                format=work.kind,
                width=height if turned else width,
                height=width if turned else height,
                quality=candidate.quality,
                score=None if score is None else round(score, 2),
            )
    return None


def _extra_webp(work: Work) -> Output | None:
    """The same picture as WebP, where it is smaller than the source."""
    options = replace(work.options, target_format=Format.WEBP, also_webp=False)
    other = replace(work, options=options, candidates=(), output=None, reason=None)
    if work.picture is not None and work.picture.orientation > 1:
        other = replace(other, picture=upright(work.picture), untouched=False)
    try:
        return verify(encode(to_srgb(other))).output
    except Refused:
        return None
