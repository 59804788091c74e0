"""Encode a picture in one format, and prove the file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats.child import ChildNotStarted, CodecFailed
from leanpix_engine.formats.codec import Task
from leanpix_engine.formats.history import mark
from leanpix_engine.formats.history.mark import Mark
from leanpix_engine.formats.job import Job
from leanpix_engine.formats.registry import codec_of, header_of
from leanpix_engine.judge.judge import Judge, Verdict
from leanpix_engine.model import Output
from leanpix_engine.picture.exif import SWAPS_SIDES, Kept
from leanpix_engine.picture.picture import Picture
from leanpix_engine.picture.vips import pyvips
from leanpix_engine.search.fit import fitting
from leanpix_engine.search.ladder import Candidate, Ladder
from leanpix_engine.search.targets import (
    FLOOR_BELOW_GOAL,
    LEAST_LEFT,
    LEAST_SCORE,
    VISUALLY_LOSSLESS,
    goal_of,
)

_NO_SAVINGS, _GAIN_MAP_KEPT = "no_savings", "gain_map_kept"
_NO_LOSSLESS_FORM, ALREADY_OPTIMIZED = "no_lossless_form", "already_optimized"
_TIME_FOR_LOSSLESS = 0.3
"""Share of the time that no further lossy way may use, once one has been found."""
_CLEARLY_ABOVE = 1.0
"""Points above the goal from which it is worth looking for a smaller file that reaches it."""
_AIMS_ABOVE_GOAL = (0.0, 2.0, 5.0)
"""Points of score: what a preview promised a file may miss by a little, and then there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came out for one format."""

    output: Output | None
    reason: str | None
    """Why there is no output; None where there is one."""
    judge: Judge
    """What compared candidates with the picture, for use with another format."""


def judge_of(job: Job, picture: Picture, like: Judge | None = None) -> Judge:
    """Return the judge of a format's candidates; `like` may be another's of the same picture."""
    codec = codec_of(job.kind)

    def shown(data: bytes) -> Picture:
        return codec.shown(data, job.limits)

    exact = job.kind.traits.keeps_colours
    if like is not None and like.is_of(picture, job.goal):
        return like.for_format(shown, exact=exact)
    return Judge(picture, shown, job.goal, exact=exact)


def make(job: Job, picture: Picture, source: bytes | None, like: Judge | None = None) -> Made:
    """Encode a picture and verify the result.

    Args:
        job: what is wanted.
        picture: what the output is to show.
        source: the source, where it has the output's format and exactly this picture.
        like: the judge of another format, which may have been of the same picture.

    Raises:
        Refused: nothing was made that is right, and the source would not do either.
    """
    if not job.kind.traits.has_alpha and not picture.opaque():
        raise Refused(Reason.NEEDS_BACKGROUND)
    judge = judge_of(job, picture, like)
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
    reason = None if output else _why_none(job, candidates)
    return Made(output=output, reason=reason, judge=judge)


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
    if goal is None and job.options.max_bytes is not None and not job.keeps_gain_map:
        exact = tuple(codec.lossless(task))
        if any(len(candidate.data) <= job.most_bytes for candidate in exact):
            return exact
        goal = VISUALLY_LOSSLESS
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
    whatever_it_costs = job.must_change or job.must_convert
    ceiling = None if whatever_it_costs else len(job.source) * (1 - saving)
    if job.options.max_bytes is not None:
        ceiling = min(job.options.max_bytes, ceiling or math.inf)
    by_size = sorted(candidates, key=lambda candidate: len(candidate.data))
    output = _first_right(job, judge, size, by_size, ceiling, job.goal)
    by_score = sorted(by_size, key=lambda candidate: -(candidate.score or 100.0))
    if output is None and job.options.max_bytes is not None:
        least, enough = judge.for_goal(LEAST_SCORE), LEAST_LEFT + FLOOR_BELOW_GOAL
        good = [one for one in by_score if one.score is None or one.score >= LEAST_SCORE]
        output = _first_right(job, least, size, good, ceiling, enough)
        if output is None and (not job.may_stay or len(job.source) > job.options.max_bytes):
            raise Refused(Reason.CANNOT_FIT)
        return output
    if output is None and whatever_it_costs:
        output = _first_right(job, judge, size, by_score, None, -math.inf)
    if output is None and job.must_change:
        raise Refused(Reason.UNSUPPORTED_CONVERSION)
    return output


def cleaned(job: Job, stored: Picture) -> bytes:
    """Return the source with the metadata that it may keep, and no other."""
    kept = Kept(exif=stored.exif, xmp=stored.xmp)
    return header_of(job.kind).without_metadata(job.source, kept)


def without_metadata(job: Job, stored: Picture) -> Output | None:
    """Return the source with its metadata cut out, where it decodes to the same pixels."""
    data = cleaned(job, stored)
    again = codec_of(job.kind).decode(data, job.limits, job.shrink)
    if not np.array_equal(again.frames, stored.frames):
        raise Refused(Reason.ENGINE_FAILURE)
    size = (job.facts.width, job.facts.height)
    return Output(
        data=data, format=job.kind, width=size[0], height=size[1], quality=None, score=None
    )


def _marked(job: Job, candidate: Candidate) -> bytes:
    """Return a file with the mark of the quality it was made for, where it is to have one."""
    data, goal = candidate.finished(), goal_of(job.options)
    if not job.options.mark or job.keeps_gain_map:  # a gain map is found by its offset
        return data
    if job.options.max_bytes is not None and candidate.score is not None:
        goal = min(candidate.score, VISUALLY_LOSSLESS if goal is None else goal)
    made_for = Mark.of(goal, carries_metadata=job.carries_metadata)
    return mark.write(data, made_for, header_of(job.kind).MARK)


def _why_none(job: Job, candidates: Sequence[Candidate]) -> str:
    """Return why the source is left as it is.

    Raises:
        Refused: it cannot be, for it was to be converted and no file of the format could be made.
    """
    if job.keeps_gain_map:
        return _GAIN_MAP_KEPT
    if candidates or job.keeps_format:
        return ALREADY_OPTIMIZED if job.is_lean else _NO_SAVINGS
    if job.goal is None:
        return _NO_LOSSLESS_FORM
    raise Refused(Reason.UNSUPPORTED_CONVERSION)


def _climb(job: Job, judge: Judge, ladder: Ladder, goal: float) -> list[tuple[Candidate, bool]]:
    """Return the file of a lossy way and whether it reaches the goal; nothing where it fails."""
    goal += judge.uncertainty
    try:
        if job.options.max_bytes is not None:
            return _climb_within(job, judge, ladder, goal)
        return [ladder.climb(goal, judge.score, job.deadline)]
    except (CodecFailed, pyvips.Error):
        return []  # a file that a codec cannot make is no candidate
    except ChildNotStarted:
        raise  # by our fault, which is not to look like a file that cannot be made smaller
    except Refused as refusal:
        if refusal.reason is Reason.ENGINE_FAILURE:
            return []
        raise


def _climb_within(
    job: Job, judge: Judge, ladder: Ladder, goal: float
) -> list[tuple[Candidate, bool]]:
    """Return the file that reaches the goal where it fits, or else the best look that fits.

    Where a quick file at the usual quality is too large already, the goal is not searched for.
    """
    ladder = replace(ladder, encode=cache(ladder.encode), finish=cache(ladder.finish))
    too_large: Candidate | None = None
    if len(ladder.encode(ladder.start)) <= job.most_bytes:
        too_large, reaches = ladder.climb(goal, judge.score, job.deadline)
        too_large = replace(too_large, data=too_large.finished(), finish=None)
        if len(too_large.data) <= job.most_bytes:
            return [(too_large, reaches)]
    fits = fitting(ladder, job.most_bytes, job.deadline, too_large)
    if fits is None:
        return []
    score = judge.for_goal(LEAST_SCORE).plain_score(fits.data)
    if score > goal + _CLEARLY_ABOVE and too_large is None:
        return [ladder.climb(goal, judge.score, job.deadline)]
    return [(replace(fits, score=score), True)]


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
        floor = None if candidate.quality is None or goal is None else goal - FLOOR_BELOW_GOAL
        if candidate.finish and floor is not None and (candidate.score or 0.0) < floor:
            continue  # the search saw that it is not good enough
        data = _marked(job, candidate)
        if ceiling is not None and len(data) > ceiling:
            continue
        job.deadline.check()
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
