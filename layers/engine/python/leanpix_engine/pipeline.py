"""The way of an image through the engine: `STEPS`, each a function from one `Work` to the next."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leanpix_engine.deadline import Deadline
from leanpix_engine.errors import LeftAlone, Reason, Refused
from leanpix_engine.formats.child import CodecFailed
from leanpix_engine.formats.codec import Task
from leanpix_engine.formats.probe import check
from leanpix_engine.formats.probe import probe as read_headers
from leanpix_engine.formats.registry import codec_of, decoder_of_outputs
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format, Level, Options, Output, Probe, Result
from leanpix_engine.picture import color, metadata
from leanpix_engine.picture.decode import NO_MEMORY
from leanpix_engine.picture.decode import decode as decode_by_vips
from leanpix_engine.picture.exif import SWAPS_SIDES
from leanpix_engine.picture.orient import upright
from leanpix_engine.picture.picture import Picture
from leanpix_engine.picture.resize import fitted, shrink_while_decoding
from leanpix_engine.picture.resize import resize as resize_picture
from leanpix_engine.picture.vips import pyvips
from leanpix_engine.search import two_stage
from leanpix_engine.search.judge import Judge
from leanpix_engine.search.ladder import Candidate, Ladder, climb
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL, VISUALLY_LOSSLESS, goal_of
from leanpix_engine.search.two_stage import TwoStageLadder

_OUT_OF_ORDER = "a step ran before the one that it builds on"
_NO_SAVINGS, _GAIN_MAP_KEPT = "no_savings", "gain_map_kept"
_NO_LOSSLESS_FORM = "no_lossless_form"
_TIME_FOR_LOSSLESS = 0.3
"""Share of the time that no further lossy way may use, once one has been found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One image on its way; a step returns a new one with what it found."""

    source: bytes
    options: Options
    limits: Limits
    deadline: Deadline
    facts: Probe | None = None
    picture: Picture | None = None
    shrink: int = 1
    """How many times smaller than stored the decoder made the picture, which is to be resized."""
    untouched: bool = True
    """The picture still has the source's pixels, orientation and colours."""
    judge: Judge | None = None
    candidates: tuple[Candidate, ...] = ()
    output: Output | None = None
    reason: str | None = None

    @property
    def found(self) -> tuple[Probe, Picture]:
        """What the first two steps found."""
        if self.facts is None or self.picture is None:
            raise RuntimeError(_OUT_OF_ORDER)
        return self.facts, self.picture

    @property
    def kind(self) -> Format:
        """The format of the output."""
        return self.options.target_format or self.found[0].format

    @property
    def keeps_format(self) -> bool:
        """True where the output has the source's format."""
        return self.kind is self.found[0].format

    @property
    def resizes(self) -> bool:
        """True where the size asked for is smaller than the source's."""
        size = (self.found[0].width, self.found[0].height)
        return fitted(*size, self.options.max_width, self.options.max_height) != size

    @property
    def must_change(self) -> bool:
        """True where the source itself would not be what was asked for, whatever it costs."""
        return self.resizes or (
            self.options.cmyk_to_rgb and self.found[0].channels == _CMYK_CHANNELS
        )

    @property
    def keeps_gain_map(self) -> bool:
        """True for an HDR photo that stays one: its base image must not change under the map."""
        return self.found[0].gain_map and self.keeps_format and not self.must_change

    @property
    def goal(self) -> float | None:
        """The score to reach; None where every pixel has to stay what it is."""
        if self.keeps_gain_map:
            return None
        goal = goal_of(self.options)
        if goal is None and self.must_change and self.kind in _LOSSY_ALONE:
            return VISUALLY_LOSSLESS
        return goal


_CMYK_CHANNELS = 4
_LOSSY_ALONE = (Format.JPEG, Format.AVIF)
"""Formats that no new pixels can be put into without loss."""


def run(source: bytes, options: Options, limits: Limits) -> Result:
    """See `leanpix_engine.optimize`."""
    started = time.monotonic()
    work = Work(
        source=source, options=options, limits=limits, deadline=Deadline(limits.max_seconds)
    )
    extra = None
    try:
        for step in STEPS:
            work = step(work)
        extra = _extra_webp(work) if options.also_webp else None
    except LeftAlone as left_alone:
        if work.facts is None or not _suffices(work.facts, options):
            raise
        work = replace(work, reason=left_alone.kept.value)
    except MemoryError as error:
        raise Refused(Reason.TOO_LARGE, NO_MEMORY) from error
    except (OSError, ValueError, RuntimeError, pyvips.Error) as error:
        raise Refused(Reason.ENGINE_FAILURE) from error
    facts = work.facts
    if facts is None:
        raise RuntimeError(_OUT_OF_ORDER)
    return Result(
        original_size=len(source),
        original_format=facts.format,
        width=facts.width,
        height=facts.height,
        frames=facts.frames,
        output=work.output,
        also_webp=extra,
        reason=work.reason,
        seconds=round(time.monotonic() - started, 4),
    )


def probe(work: Work) -> Work:
    """Reads the headers and holds them against the limits."""
    return replace(work, facts=read_headers(work.source, work.limits))


def decode(work: Work) -> Work:
    """Decodes all frames, strictly, and holds what came out against the limits too."""
    if work.facts is None:
        raise RuntimeError(_OUT_OF_ORDER)
    shrink = _shrink(work.facts, work.options)
    if shrink > 1:
        picture = decode_by_vips(work.source, work.facts.format, shrink)
    else:
        picture = codec_of(work.facts.format).decode(work.source, work.limits)
    width, height, frames = picture.width * shrink, picture.height * shrink, picture.count
    check(replace(work.facts, width=width, height=height, frames=frames), work.limits)
    picture = metadata.strip(picture, work.limits, keep_exif=work.options.keep_exif)
    return replace(work, picture=picture, shrink=shrink)


def orient(work: Work) -> Work:
    """Turns the pixels as they are seen; a lossless JPEG keeps its blocks and its tag."""
    _, picture = work.found
    keeps_blocks = work.kind is Format.JPEG and work.keeps_format and not work.resizes
    if picture.orientation == 1 or (work.goal is None and keeps_blocks):
        return work
    return replace(work, picture=upright(picture), untouched=False)


def resize(work: Work) -> Work:
    """Fits the picture into the box asked for."""
    _, picture = work.found
    width, height = picture.width * work.shrink, picture.height * work.shrink
    size = fitted(width, height, work.options.max_width, work.options.max_height)
    if size == (picture.width, picture.height):
        return work
    return replace(work, picture=resize_picture(picture, *size), untouched=False)


def to_srgb(work: Work) -> Work:
    """Brings the colours into what the output can carry."""
    _, picture = work.found
    done = color.to_srgb(
        picture,
        work.limits,
        cmyk_to_rgb=work.options.cmyk_to_rgb or work.kind is not Format.JPEG,
        lossy=work.goal is not None or not work.keeps_format,
    )
    return replace(work, picture=done, untouched=work.untouched and done.frames is picture.frames)


def encode(work: Work) -> Work:
    """Makes the candidates: the smallest of each lossy way at the goal, and lossless ones."""
    _, picture = work.found
    if work.kind is Format.AVIF and picture.megapixels * 1e6 > work.limits.max_avif_pixels:
        raise Refused(Reason.TOO_LARGE, "This image is too large to be encoded as AVIF in time.")
    decode_output = decoder_of_outputs(work.kind)
    judge = Judge(picture, lambda data: decode_output(data, work.limits))
    return replace(work, judge=judge, candidates=_candidates(work, judge))


def verify(work: Work) -> Work:
    """Takes the smallest candidate that proves right and saves enough; else there is no output."""
    ceiling = None if work.must_change else len(work.source) * (1 - work.options.min_saving)
    by_size = sorted(work.candidates, key=lambda candidate: len(candidate.data))
    output = _first_right(work, by_size, ceiling, work.goal)
    if output is None and work.must_change:
        by_score = sorted(by_size, key=lambda candidate: -(candidate.score or 100.0))
        output = _first_right(work, by_score, None, -math.inf)
    if output is None and work.must_change:
        raise Refused(Reason.UNSUPPORTED_CONVERSION)
    return replace(work, output=output, reason=None if output else _why_none(work))


STEPS: tuple[Callable[[Work], Work], ...] = (
    probe,
    decode,
    orient,
    resize,
    to_srgb,
    encode,
    verify,
)


def _shrink(facts: Probe, options: Options) -> int:
    """How many times smaller the decoder may make a photo that is resized to much less.

    Decoding and resizing 12 megapixels to 0.2 takes 0.04 s instead of 0.10; a thumbnail of 24 has
    a peak of 65 MB instead of 142.
    """
    can = facts.format in (Format.JPEG, Format.WEBP) and facts.frames == 1 and not facts.alpha
    if not can or options.level is Level.LOSSLESS:
        return 1
    return shrink_while_decoding(facts.width, facts.height, options.max_width, options.max_height)


def _suffices(facts: Probe, options: Options) -> bool:
    """True where the source itself is of the format and the size asked for."""
    size = (facts.width, facts.height)
    return (
        options.target_format in (None, facts.format)
        and fitted(*size, options.max_width, options.max_height) == size
    )


def _why_none(work: Work) -> str:
    """Why the source is left as it is.

    Raises:
        Refused: it cannot be, for it was to be converted and no file of the format could be made.
    """
    if work.keeps_gain_map:
        return _GAIN_MAP_KEPT
    if work.candidates or work.keeps_format:
        return _NO_SAVINGS
    if work.goal is None:
        return _NO_LOSSLESS_FORM
    raise Refused(Reason.UNSUPPORTED_CONVERSION)


def _candidates(work: Work, judge: Judge) -> tuple[Candidate, ...]:
    """What reaches the goal, and the closest of what does not."""
    facts, picture = work.found
    codec = codec_of(work.kind)
    task = Task(
        picture=picture,
        source=work.source if work.untouched and work.keeps_format else None,
        facts=facts,
        options=work.options,
        limits=work.limits,
        deadline=work.deadline,
    )
    reached: list[Candidate] = []
    missed: list[Candidate] = []
    goal = work.goal
    if goal is not None:
        for ladder in codec.ladders(task, goal):
            if reached and work.deadline.share_left() < _TIME_FOR_LOSSLESS:
                break
            if not ladder.worth(reached):
                continue
            try:
                found, reaches = _search(ladder, goal, judge, work.deadline)
            except (CodecFailed, pyvips.Error):
                continue  # what a codec cannot make is no candidate
            except Refused as refusal:
                if refusal.reason is Reason.ENGINE_FAILURE:
                    continue
                raise
            (reached if reaches else missed).append(found)
    smallest = min((len(candidate.data) for candidate in reached), default=None)
    return (*reached, *missed, *codec.lossless(replace(task, smallest=smallest)))


def _search(
    ladder: Ladder, goal: float, judge: Judge, deadline: Deadline
) -> tuple[Candidate, bool]:
    """The file of a ladder for the goal, and whether it reaches it."""
    if isinstance(ladder, TwoStageLadder):
        return two_stage.climb(ladder, goal + judge.uncertainty, judge.score, deadline)
    return climb(ladder, goal + judge.uncertainty, judge.score, deadline)


def _first_right(
    work: Work, candidates: Sequence[Candidate], ceiling: float | None, goal: float | None
) -> Output | None:
    """The first candidate that is below the ceiling in bytes and passes the judge."""
    judge, (_, picture) = work.judge, work.found
    if judge is None:
        raise RuntimeError(_OUT_OF_ORDER)
    turned = picture.orientation in SWAPS_SIDES
    for candidate in candidates:
        if ceiling is not None and len(candidate.data) > ceiling:
            continue
        work.deadline.check()
        floor = None if candidate.quality is None or goal is None else goal - FLOOR_BELOW_GOAL
        right, score = judge.acceptable(candidate.data, floor)
        if right:
            return Output(
                data=candidate.data,
                format=work.kind,
                width=picture.height if turned else picture.width,
                height=picture.width if turned else picture.height,
                quality=candidate.quality,
                score=None if score is None else round(score, 2),
            )
    return None


def _extra_webp(work: Work) -> Output | None:
    """The same picture as WebP; None where it would not be smaller than the source."""
    _, picture = work.found
    options = replace(work.options, target_format=Format.WEBP, also_webp=False)
    other = replace(
        work,
        options=options,
        picture=upright(picture) if picture.orientation > 1 else picture,
        untouched=False,
        judge=None,
        candidates=(),
        output=None,
        reason=None,
    )
    try:
        return verify(encode(to_srgb(other))).output
    except Refused:
        return None
