"""Take an image through the engine: probe, decode, transform, encode, verify.

Stages that make something new are straight code; `TRANSFORMS` turn one picture into another.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leanpix_engine.errors import LeftAlone, Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.child import ChildNotStarted, CodecFailed
from leanpix_engine.formats.codec import Task, shrink_of
from leanpix_engine.formats.history import mark
from leanpix_engine.formats.history.loss import PRISTINE
from leanpix_engine.formats.history.mark import Mark
from leanpix_engine.formats.job import Job
from leanpix_engine.formats.probe import check
from leanpix_engine.formats.probe import probe as read_headers
from leanpix_engine.formats.registry import codec_of, header_of
from leanpix_engine.judge.judge import Judge, Verdict
from leanpix_engine.limits import Deadline, Limits
from leanpix_engine.model import Options, Output, Result
from leanpix_engine.picture import color, metadata
from leanpix_engine.picture.decode import NO_MEMORY
from leanpix_engine.picture.exif import SWAPS_SIDES
from leanpix_engine.picture.orient import upright
from leanpix_engine.picture.picture import Picture
from leanpix_engine.picture.resize import fitted
from leanpix_engine.picture.resize import resize as resize_picture
from leanpix_engine.picture.vips import pyvips
from leanpix_engine.search.ladder import Candidate, Ladder
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL, goal_of

_NO_SAVINGS, _GAIN_MAP_KEPT = "no_savings", "gain_map_kept"
_NO_LOSSLESS_FORM, _ALREADY_OPTIMIZED = "no_lossless_form", "already_optimized"
_TIME_FOR_LOSSLESS = 0.3
"""Share of the time that no further lossy way may use, once one has been found."""
_AIMS_ABOVE_GOAL = (0.0, 2.0, 5.0)
"""Points of score: what a preview promised a file may miss by a little, and then there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    output: Output | None = None
    reason: str | None = None
    also_webp: Output | None = None


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
        also_webp=outcome.also_webp,
        reason=outcome.reason,
        seconds=round(time.monotonic() - started, 4),
    )


def _optimize(job: Job) -> _Outcome:
    """Make the output, and the extra WebP where one is asked for.

    Raises:
        LeftAlone: the image can only stay as it is, and that is not what was asked for.
    """
    if job.is_made_already and not job.options.also_webp:
        return _Outcome(reason=_ALREADY_OPTIMIZED)
    try:
        stored = decode(job)
        job = replace(
            job,
            source_score=_source_score(job, stored),
            has_private_metadata=_has_private_metadata(job),
        )
        picture = transform(job, stored)
        reusable = _reusable_source(job, stored, picture)
        output, reason = make(job, picture, reusable)
        if output is None and reusable is not None and job.has_private_metadata:
            output, reason = _without_metadata(job, stored), None
        wants_webp = job.options.also_webp and job.kind is not Format.WEBP
        also_webp = _extra_webp(job, picture, output) if wants_webp else None
    except LeftAlone as left_alone:
        if job.resizes or not job.keeps_format:
            raise
        return _Outcome(reason=left_alone.kept.value)
    return _Outcome(output=output, reason=reason, also_webp=also_webp)


def decode(job: Job) -> Picture:
    """Decode all frames, strictly, and hold what came out against the limits too."""
    picture = codec_of(job.facts.format).decode(job.source, job.limits, job.shrink)
    width, height = picture.width * job.shrink, picture.height * job.shrink
    check(replace(job.facts, width=width, height=height, frames=picture.count), job.limits)
    return metadata.strip(picture, job.limits, keep_exif=job.options.keep_exif)


def orient(job: Job, picture: Picture) -> Picture:
    """Turn the pixels as they are seen; some lossless coding keeps their order and the tag."""
    keeps_order = job.kind.traits.keeps_orientation and job.keeps_format and not job.resizes
    if picture.orientation == 1 or (job.goal is None and keeps_order):
        return picture
    return upright(picture)


def resize(job: Job, picture: Picture) -> Picture:
    """Fit the picture into the box asked for."""
    width, height = picture.width * job.shrink, picture.height * job.shrink
    size = fitted(width, height, job.options.max_width, job.options.max_height)
    if size == (picture.width, picture.height):
        return picture
    return resize_picture(picture, *size)


def to_srgb(job: Job, picture: Picture) -> Picture:
    """Bring the colours into what the output can carry."""
    return color.to_srgb(
        picture,
        job.limits,
        cmyk_to_rgb=job.options.cmyk_to_rgb or not job.kind.traits.has_cmyk,
        lossy=job.goal is not None or not job.keeps_format,
    )


TRANSFORMS: tuple[Callable[[Job, Picture], Picture], ...] = (orient, resize, to_srgb)


def transform(job: Job, picture: Picture) -> Picture:
    """Return the picture that the output is to show."""
    for step in TRANSFORMS:
        picture = step(job, picture)
    return picture


def make(job: Job, picture: Picture, source: bytes | None) -> tuple[Output | None, str | None]:
    """Encode a picture and verify the result: return the output, or why there is none.

    Args:
        job: what is wanted.
        picture: what the output is to show.
        source: the source, where it has the output's format and exactly this picture.

    Raises:
        Refused: nothing was made that is right, and the source would not do either.
    """
    codec = codec_of(job.kind)
    judge = Judge(
        picture,
        lambda data: codec.shown(data, job.limits),
        job.goal,
        exact=job.kind.traits.keeps_colours,
    )
    task = Task(
        picture=picture,
        source=source,
        facts=job.facts,
        options=job.options,
        limits=job.limits,
        deadline=job.deadline,
    )
    for above in _AIMS_ABOVE_GOAL:
        candidates = encode(job, task, judge, above)
        output = verify(job, judge, picture, candidates)
        if output or not _is_near_miss(job, candidates):
            break
    return output, None if output else _why_none(job, candidates)


def _is_near_miss(job: Job, candidates: Sequence[Candidate]) -> bool:
    """Return whether a file was small enough and right by its preview, but not itself."""
    if job.goal is None or job.must_change:
        return False
    floor, most = job.goal - FLOOR_BELOW_GOAL, len(job.source) * (1 - job.options.min_saving)
    return any(
        candidate.score is not None and candidate.score >= floor and len(candidate.data) <= most
        for candidate in candidates
    )


def encode(job: Job, task: Task, judge: Judge, above: float = 0.0) -> tuple[Candidate, ...]:
    """Make the candidates: the smallest of each lossy way at the goal, and lossless ones.

    The lossy ones are searched for `above` the goal.
    """
    codec, goal = codec_of(job.kind), job.goal
    reached: list[Candidate] = []
    missed: list[Candidate] = []
    if goal is not None:
        for ladder in codec.ladders(task, goal):
            if reached and job.deadline.share_left() < _TIME_FOR_LOSSLESS:
                break
            if not ladder.worth(reached):
                continue
            for candidate, reaches in _climb(job, judge, ladder, goal + above):
                (reached if reaches else missed).append(candidate)
    smallest = min((len(candidate.data) for candidate in reached), default=None)
    return (*reached, *missed, *codec.lossless(replace(task, smallest=smallest)))


def verify(
    job: Job, judge: Judge, picture: Picture, candidates: Sequence[Candidate]
) -> Output | None:
    """Return the smallest candidate that proves right and saves enough; None where none does.

    Raises:
        Refused: none is right, and the source is not what was asked for either.
    """
    turned = picture.orientation in SWAPS_SIDES
    size = (picture.height, picture.width) if turned else (picture.width, picture.height)
    saving = 0.0 if job.has_private_metadata else job.options.min_saving
    ceiling = None if job.must_change else len(job.source) * (1 - saving)
    by_size = sorted(candidates, key=lambda candidate: len(candidate.data))
    output = _first_right(job, judge, size, by_size, ceiling, job.goal)
    if output is None and job.must_change:
        by_score = sorted(by_size, key=lambda candidate: -(candidate.score or 100.0))
        output = _first_right(job, judge, size, by_score, None, -math.inf)
    if output is None and job.must_change:
        raise Refused(Reason.UNSUPPORTED_CONVERSION)
    return output


def _has_private_metadata(job: Job) -> bool:
    """Return whether metadata has to go, however little that saves."""
    if job.options.keep_exif or not job.keeps_format:
        return False
    return header_of(job.kind).without_metadata(job.source) != job.source


def _without_metadata(job: Job, stored: Picture) -> Output | None:
    """Return the source with its metadata cut out, where it decodes to the same pixels."""
    data = header_of(job.kind).without_metadata(job.source)
    again = codec_of(job.kind).decode(data, job.limits, job.shrink)
    if not np.array_equal(again.frames, stored.frames):
        raise Refused(Reason.ENGINE_FAILURE)
    size = (job.facts.width, job.facts.height)
    return Output(
        data=data, format=job.kind, width=size[0], height=size[1], quality=None, score=None
    )


def _source_score(job: Job, stored: Picture) -> float:
    """Return the source's score against its original: by its mark, or else by its coding."""
    if goal_of(job.options) is None or job.shrink > 1 or job.options.assume_pristine:
        return PRISTINE
    if job.mark is not None and job.mark.goal < mark.LOSSLESS:
        return job.mark.goal
    return codec_of(job.facts.format).source_score(job.source, stored)


def _marked(job: Job, data: bytes) -> bytes:
    """Return a file with the mark of the quality it was made for, where it is to have one."""
    if not job.options.mark or job.keeps_gain_map:  # a gain map is found by its offset
        return data
    made_for = Mark.of(goal_of(job.options), carries_metadata=job.options.keep_exif)
    return mark.write(data, made_for, header_of(job.kind).MARK)


def _reusable_source(job: Job, stored: Picture, picture: Picture) -> bytes | None:
    """Return the source where it shows the picture as it is to be, in the format asked for."""
    same = picture.frames is stored.frames and picture.orientation == stored.orientation
    return job.source if same and job.keeps_format else None


def _why_none(job: Job, candidates: Sequence[Candidate]) -> str:
    """Return why the source is left as it is.

    Raises:
        Refused: it cannot be, for it was to be converted and no file of the format could be made.
    """
    if job.keeps_gain_map:
        return _GAIN_MAP_KEPT
    if candidates or job.keeps_format:
        return _ALREADY_OPTIMIZED if job.is_lean else _NO_SAVINGS
    if job.goal is None:
        return _NO_LOSSLESS_FORM
    raise Refused(Reason.UNSUPPORTED_CONVERSION)


def _climb(job: Job, judge: Judge, ladder: Ladder, goal: float) -> list[tuple[Candidate, bool]]:
    """Return the file of a lossy way and whether it reaches the goal; nothing where it fails."""
    try:
        return [ladder.climb(goal + judge.uncertainty, judge.score, job.deadline)]
    except (CodecFailed, pyvips.Error):
        return []  # a file that a codec cannot make is no candidate
    except ChildNotStarted:
        raise  # by our fault, which is not to look like a file that cannot be made smaller
    except Refused as refusal:
        if refusal.reason is Reason.ENGINE_FAILURE:
            return []
        raise


def _first_right(
    job: Job,
    judge: Judge,
    size: tuple[int, int],
    candidates: Sequence[Candidate],
    ceiling: float | None,
    goal: float | None,
) -> Output | None:
    """Return the first candidate that is below the ceiling in bytes and passes the judge."""
    for candidate in candidates:
        data = _marked(job, candidate.data)
        if ceiling is not None and len(data) > ceiling:
            continue
        job.deadline.check()
        floor = None if candidate.quality is None or goal is None else goal - FLOOR_BELOW_GOAL
        right, verdict = judge.acceptable(data, floor)
        if right:
            return Output(
                data=data,
                format=job.kind,
                width=size[0],
                height=size[1],
                quality=candidate.quality,
                score=None if verdict is None else round(verdict.score, 2),
                decided_by=_decided_by(judge, verdict),
            )
    return None


def _decided_by(judge: Judge, verdict: Verdict | None) -> str | None:
    """Return the rule or the opinion without which there would be another file."""
    return None if verdict is None else verdict.decided_by or judge.last_veto


def _extra_webp(job: Job, picture: Picture, main: Output | None) -> Output | None:
    """Return the same picture as WebP; None unless it is smaller than output and source."""
    options = replace(job.options, target_format=Format.WEBP, also_webp=False)
    webp = replace(job, options=options, shrink=1, has_private_metadata=False)
    try:
        output, _ = make(webp, transform(webp, picture), None)
    except Refused:
        return None
    if output and main and len(output.data) >= len(main.data):
        return None
    return output
