"""Prove that a candidate decodes, has its shape, and looks as it has to."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from zlib import crc32

import numpy as np

from leanpix_engine.errors import Refused
from leanpix_engine.judge.opinions import Opinion, opinions_on
from leanpix_engine.judge.rules import Rule, rules_for
from leanpix_engine.judge.views import BACKGROUNDS, Views
from leanpix_engine.metric.sampling import SAMPLED_ABOVE_PIXELS, Rgb
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.picture.color import in_srgb
from leanpix_engine.picture.picture import Mode, Picture, Pixels
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL

_SAMPLED_FRAMES = 6
"""Frames of an animation that are scored, spread evenly; every frame is decoded and counted."""
_WORST_FRAME_BELOW = 3.0
_SAMPLING_ERROR = 0.2
"""Usual error of a sampled score, in points; the largest seen was 0.45."""
_MIN_SIDE = 8
_BROKEN_BELOW_GOAL = 1.0
"""A broken rule takes at least this off the goal, which no tolerance makes good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The judge's view of a candidate."""

    score: float
    """SSIMULACRA2: the lowest over sampled frames and backgrounds."""
    weakest: float
    """The least of the score, the other opinions, and what the rules leave."""
    decided_by: str | None
    """The rule or the opinion that the weakest is from; None where it is the score."""


_UNLIKE = Verdict(score=-math.inf, weakest=-math.inf, decided_by=None)


class Judge:
    """Compares candidates with one picture."""

    def __init__(
        self,
        picture: Picture,
        decode: Callable[[bytes], Picture],
        goal: float | None,
        *,
        exact: bool,
    ) -> None:
        """Remember what to compare with; `decode` reads a candidate.

        `goal` is the score to reach, None where every pixel has to stay; `exact` says that the
        format can keep a colour as it is.
        """
        self._picture = picture
        self._decode = decode
        self._goal = goal
        self._exact = exact
        self._verdicts: dict[int, Verdict] = {}
        self._frames: list[_Frame] = []
        self._vetoes: list[str] = []
        self._by_goal: dict[float, Judge] = {}

    def is_of(self, picture: Picture, goal: float | None) -> bool:
        """Return whether this is the judge of a picture and a goal."""
        return self._picture is picture and self._goal == goal

    def for_format(self, decode: Callable[[bytes], Picture], *, exact: bool) -> Judge:
        """Return the judge of another format's candidates, with the same references."""
        other = Judge(self._picture, decode, self._goal, exact=exact)
        other._frames = [frame.for_format(exact=exact) for frame in self._frames]
        return other

    def for_goal(self, goal: float) -> Judge:
        """Return the judge of the same candidates by another goal, with the same references."""
        if goal not in self._by_goal:
            other = Judge(self._picture, self._decode, goal, exact=self._exact)
            other._frames = self._sampled()
            self._by_goal[goal] = other
        return self._by_goal[goal]

    def plain_score(self, data: bytes) -> float:
        """Return a candidate's score, whatever the rules and the other opinions say."""
        return self.verdict(self._decode(data)).score

    @property
    def uncertainty(self) -> float:
        """The points by which a score may exceed the truth: none, or the error of a sample."""
        pixels = self._picture.width * self._picture.height
        return _SAMPLING_ERROR if pixels > SAMPLED_ABOVE_PIXELS else 0.0

    @property
    def last_veto(self) -> str | None:
        """The rule or the opinion that last turned down what the score alone would have taken."""
        return self._vetoes[-1] if self._vetoes else None

    def score(self, made: bytes | Picture) -> float:
        """Return the weakest opinion of a candidate, or of what it will decode to."""
        return self.verdict(made if isinstance(made, Picture) else self._decode(made)).weakest

    def verdict(self, picture: Picture) -> Verdict:
        """Return the view of a decoded candidate; -inf where frames or size differ.

        Equal pixels are looked at once: what only repacks a file costs no second look.
        """
        if not self._same_shape(picture):
            return _UNLIKE
        digest = crc32(np.ascontiguousarray(picture.frames).data)
        if digest not in self._verdicts:
            self._verdicts[digest] = self._measure(picture)
        return self._verdicts[digest]

    def _measure(self, picture: Picture) -> Verdict:
        frames = self._sampled()
        seen = [self._seen(picture, frame.index) for frame in frames]
        scores = [frame.score(views) for frame, views in zip(frames, seen, strict=True)]
        worst = min(scores)
        # A long animation is judged as a whole, but no frame may fall far behind.
        score = (
            min(float(np.mean(scores)), worst + _WORST_FRAME_BELOW) if picture.count > 1 else worst
        )
        goal = score if self._goal is None else self._goal
        if score < goal - FLOOR_BELOW_GOAL:  # turned down whatever the others say
            return Verdict(score=score, weakest=score, decided_by=None)
        others = [frame.weakest(views, goal) for frame, views in zip(frames, seen, strict=True)]
        weakest, by = min(others)
        if weakest >= score:
            return Verdict(score=score, weakest=score, decided_by=None)
        if weakest < goal - FLOOR_BELOW_GOAL:
            self._vetoes.append(by)
        return Verdict(score=score, weakest=weakest, decided_by=by)

    def _seen(self, picture: Picture, index: int) -> Views:
        """Return one frame as a viewer with colour management shows it.

        A candidate of the search carries no profile yet: it is seen by the one of the original.
        """
        ours = self._picture
        frame = replace(picture, frames=picture.frames[index : index + 1])
        if ours.mode is Mode.CMYK or (ours.icc and picture.mode is ours.mode):
            frame = in_srgb(replace(frame, icc=ours.icc))
        alpha = frame.alpha and not (picture is ours and ours.opaque())
        return Views(_large_enough(frame.rgb8()[0]), alpha=alpha)

    def identical(self, picture: Picture) -> bool:
        """Return True for equal pixels; colours under full transparency do not count."""
        ours = self._picture
        if not self._same_shape(picture) or (ours.delays_ms, ours.loop) != (
            picture.delays_ms,
            picture.loop,
        ):
            return False
        if (
            ours.deep != picture.deep
            or ours.mode is not picture.mode
            or ours.alpha != picture.alpha
        ):
            return self._same_colours(picture)
        if np.array_equal(ours.frames, picture.frames):
            return True
        return ours.alpha and _same_seen(ours.frames, picture.frames)

    def acceptable(self, data: bytes, floor: float | None) -> tuple[bool, Verdict | None]:
        """Return whether a candidate may leave, and the view of it.

        `floor` None asks for identical pixels.
        """
        try:
            picture = self._decode(data)
        except Refused:
            return False, None
        if floor is None:
            return self.identical(picture), None
        if not self._same_shape(picture) or (picture.delays_ms != self._picture.delays_ms):
            return False, None
        if picture.count > 1 and picture.loop != self._picture.loop:
            return False, None
        verdict = self.verdict(picture)
        return verdict.weakest >= floor, verdict

    def _same_shape(self, picture: Picture) -> bool:
        ours = self._picture
        return (picture.count, picture.height, picture.width) == (
            ours.count,
            ours.height,
            ours.width,
        )

    def _same_colours(self, picture: Picture) -> bool:
        """Return True where two layouts show the same: gray as gray RGB, RGB as opaque RGBA."""
        ours = self._picture
        if Mode.CMYK in (ours.mode, picture.mode) or ours.deep != picture.deep:
            return False
        first, second = _rgba(ours), _rgba(picture)
        return bool(np.array_equal(first, second)) or _same_seen(first, second)

    def _sampled(self) -> list[_Frame]:
        if not self._frames:
            picture = self._picture
            chosen = sorted({round(i) for i in np.linspace(0, picture.count - 1, _SAMPLED_FRAMES)})
            self._frames = [
                _Frame(index, self._seen(picture, index), exact=self._exact) for index in chosen
            ]
        return self._frames


class _Frame:
    """One frame of the original, and all that candidates are held against."""

    def __init__(self, index: int, views: Views, *, exact: bool) -> None:
        self.index = index
        self._references = [
            (background, Reference(views.on(background)))
            for background in BACKGROUNDS[: 1 if views.alpha is None else None]
        ]
        self._original = views
        self.exact = exact

    def for_format(self, *, exact: bool) -> _Frame:
        """Return the frame for another format, with the same references."""
        if exact is self.exact:
            return self
        other = copy(self)
        other.exact = exact
        other.__dict__.pop("_rules", None)
        return other

    @cached_property
    def _rules(self) -> list[Rule]:
        return rules_for(self._original, exact=self.exact)

    @cached_property
    def _opinions(self) -> list[Opinion]:
        return opinions_on(self._original)

    def score(self, made: Views) -> float:
        """Return SSIMULACRA2 on the background where it is lower."""
        return min(reference.score(made.on(at)) for at, reference in self._references)

    def weakest(self, made: Views, goal: float) -> tuple[float, str]:
        """Return the lowest other opinion, or what a rule leaves as a score, and whose it is."""
        found = [(opinion.score(made), opinion.name) for opinion in self._opinions]
        for rule in self._rules:
            left = rule.points_left(made, goal)
            found.append((goal + left - (_BROKEN_BELOW_GOAL if left < 0 else 0.0), rule.name))
        return min(found)


def _large_enough(frame: Rgb) -> Rgb:
    """Return a frame at least as large as the metric's window."""
    short = [max(0, _MIN_SIDE - side) for side in frame.shape[:2]]
    if any(short):
        frame = np.pad(frame, ((0, short[0]), (0, short[1]), (0, 0)), mode="edge")
    return frame


def _rgba(picture: Picture) -> Pixels:
    frames = picture.frames
    full = np.iinfo(frames.dtype).max
    colour = frames[..., :-1] if picture.alpha else frames
    if colour.shape[-1] == 1:
        colour = np.repeat(colour, 3, axis=-1)
    alpha = (
        frames[..., -1:] if picture.alpha else np.full((*frames.shape[:-1], 1), full, frames.dtype)
    )
    return np.concatenate([colour, alpha], axis=-1)


def _same_seen(first: Pixels, second: Pixels) -> bool:
    """Return True for equal frames; colours of fully transparent pixels do not count."""
    if not np.array_equal(first[..., -1], second[..., -1]):
        return False
    differs = (first[..., :-1] != second[..., :-1]).any(axis=-1)
    return not bool((differs & (first[..., -1] != 0)).any())
